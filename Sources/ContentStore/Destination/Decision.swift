internal import ContentModel
internal import SyncEngine

/// What was decided about a staged row; the numbers are stored in `stage.keep`. See `Settlement`.
enum Decision: Int64 {
    /// Nothing: what arrives is applied, unless the row here is the unfiltered original of it; then it waits in the list of
    /// conflicts.
    case none = 0
    /// The row here stays.
    case kept = 1
    /// The staged body is a merge of both.
    case merged = 2
    /// What arrives counts.
    case arriving = 3
    /// As `kept`, because the policy says so.
    case keptTarget = 4
    /// As `kept`; what arrived waits in the list of conflicts.
    case parked = 5
    /// As `merged`; what arrived waits in the list of conflicts, for some fields.
    case mergedParked = 6
    /// As `merged`, and nothing that was changed here met it.
    case patched = 7
    /// As `kept`, because the run only adds what is missing.
    case spared = 8
    /// As `patched`: the row here with what it lacked.
    case filled = 9

    static let keeping: [Decision] = [.kept, .keptTarget, .parked, .spared]
    static let merging: [Decision] = [.merged, .mergedParked, .patched, .filled]
    /// Made by a rule about translations: no conflicts, and for a run without the rule edits that it has to meet.
    static let ruled: [Decision] = [.spared, .filled]
    /// Merges in which nothing was lost.
    static let undisputed: [Decision] = [.patched, .filled]

    static func list(_ decisions: [Decision]) -> String {
        decisions.map { String($0.rawValue) }.joined(separator: ", ")
    }
}

extension Settlement {
    var decision: Decision {
        switch self {
        case .applied: .none
        case .arriving: .arriving
        case .kept: .kept
        case .keptTarget: .keptTarget
        case .parked: .parked
        case .chosen, .merged: .merged
        case .mergedParked: .mergedParked
        case .patched: .patched
        case .spared: .spared
        case .filled: .filled
        }
    }

    var merge: JSONDocument? {
        switch self {
        case .chosen(let document), .merged(let document), .mergedParked(let document, _), .patched(let document),
            .filled(let document):
            document
        case .applied, .arriving, .kept, .keptTarget, .parked, .spared: nil
        }
    }

    /// Empty for a merge that the policy made; what a handler chose settles also what an earlier run left open.
    var fields: [String]? {
        switch self {
        case .mergedParked(_, let fields): fields
        case .merged: []
        case .applied, .arriving, .kept, .keptTarget, .parked, .chosen, .patched, .spared, .filled: nil
        }
    }
}
