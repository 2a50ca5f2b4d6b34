internal import ContentModel
public import SyncProtocol
internal import Synchronization

/// What handlers left out while a plan was made, and why they said so; the first of them, up to a limit.
///
/// A class, because it gathers during planning. Rows that handlers left out in an earlier run, and that have not changed
/// since, are not looked at again and so are not named.
public final class Exclusions: Sendable {
    private let limit: Int
    private let noted = Mutex<[ExcludedItem]>([])

    public init(limit: Int) {
        self.limit = limit
    }

    public var items: [ExcludedItem] { noted.withLock { $0 } }

    func note(_ outcome: FilterOutcome, of kind: Kind, _ id: String) {
        let row: ExcludedItem
        switch outcome {
        case .dropped(let reason): row = ExcludedItem(kind: kind.name, id: id, isDropped: true, reason: reason)
        case .skipped(let reason): row = ExcludedItem(kind: kind.name, id: id, isDropped: false, reason: reason)
        case .unchanged, .changed: return
        }
        noted.withLock { if $0.count < limit { $0.append(row) } }
    }
}
