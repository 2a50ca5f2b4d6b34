internal import ContentModel
internal import SyncProtocol

/// What a plan says of one kind, for people.
struct KindWords {
    let kind: KindPlan
    let policy: ConflictPolicy

    /// What a run would do.
    var planned: String {
        let possible = kind.possibleOverwrites ?? 0
        return line([
            (kind.creates - (kind.openCreates ?? 0), "to create"),
            (kind.undecided, "to send, to be created, updated or left as they are: decided there"),
            (kind.updates - (kind.openUpdates ?? 0), "to update"),
            (kind.deletes - (kind.openDeletes ?? 0), "to delete"),
            (kind.openDeletes ?? 0, "to delete unless changed since: decided there"),
            (kind.releases - (kind.openReleases ?? 0), "to release"),
            (kind.openReleases ?? 0, "to release unless deleted there: decided there"),
            (kind.drops, "dropped by handlers"), (kind.skips, "skipped by handlers"),
            (kind.overwrites, policy.promise("there", kind.overwrites)),
            (possible, "at most of the " + policy.promise("made there before", 2)),
        ])
    }

    /// What a run that is over has sent: what became of that was decided at the destination, and stands in the result.
    var sent: String {
        line([
            (kind.puts, "sent"), (kind.deletes, "sent as deleted"), (kind.releases, "let go"),
            (kind.drops, "dropped by handlers"), (kind.skips, "skipped by handlers"),
        ])
    }

    private func line(_ parts: [(count: Int, words: String)]) -> String {
        let words = parts.filter { $0.count > 0 }.map { "\($0.count) \($0.words)" }.joined(separator: ", ")
        return "\(kind.kind): \(words)"
    }
}

extension ConflictPolicy {
    /// What would become of so many edits at the destination, unless handlers there decide otherwise.
    fileprivate func promise(_ which: String, _ count: Int) -> String {
        let edits = "\(count == 1 ? "edit" : "edits") \(which)"
        return switch self {
        case .source: "\(edits) would be replaced"
        case .target: "\(edits) would stay"
        case .mergeFields: "\(edits) would be merged, or wait as \(count == 1 ? "a conflict" : "conflicts")"
        case .fail: "\(edits) would stop the run"
        case .park: "\(edits) would stay and wait as \(count == 1 ? "a conflict" : "conflicts")"
        }
    }
}
