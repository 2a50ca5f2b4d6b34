public import ContentModel
internal import Synchronization

/// What handlers left out while a plan was made, and why they said so; the first of them, up to a limit.
///
/// A class, because it gathers during planning. Rows that handlers left out in an earlier run, and that have not changed
/// since, are not looked at again and so are not named.
public final class Exclusions: Sendable {
    public struct Row: Sendable, Hashable {
        public var kind: Kind
        public var id: String
        public var isDropped: Bool
        public var reason: String
    }

    private let limit: Int
    private let noted = Mutex<[Row]>([])

    public init(limit: Int) {
        self.limit = limit
    }

    public var rows: [Row] { noted.withLock { $0 } }

    func note(_ outcome: FilterOutcome, of kind: Kind, _ id: String) {
        let row: Row
        switch outcome {
        case .dropped(let reason): row = Row(kind: kind, id: id, isDropped: true, reason: reason)
        case .skipped(let reason): row = Row(kind: kind, id: id, isDropped: false, reason: reason)
        case .unchanged, .changed: return
        }
        noted.withLock { if $0.count < limit { $0.append(row) } }
    }
}
