public import ContentModel
internal import Foundation
internal import GRDB
public import SyncEngine

/// A change made at this instance itself.
public enum LocalChange: Sendable {
    case put(kind: Kind, body: JSONDocument, hash: ContentHash)
    case remove(kind: Kind, id: String)
}

extension LocalChange {
    /// The asset that it changes; nil for changes of other items.
    fileprivate var asset: ItemID? {
        switch self {
        case .put(.assets, let body, _): body.string(Kind.assets.keyMember).map { ItemID($0) }
        case .remove(.assets, let id): ItemID(id)
        default: nil
        }
    }
}

extension LocalChange {
    private var place: (kind: Kind, id: String) {
        switch self {
        case .put(let kind, let body, _): (kind, body.string(kind.keyMember) ?? "")
        case .remove(let kind, let id): (kind, id)
        }
    }

    /// Changes by the places of their items, those of one item as they came: runs read items in this order, and find
    /// those that were written together side by side.
    fileprivate static func inOrder(_ changes: [LocalChange]) -> [LocalChange] {
        let keyed = changes.enumerated().map { position, change in
            let (kind, id) = change.place
            return (bucket: Bucket(kind: kind, id: id).number, id: id, position: position, change: change)
        }
        return keyed.sorted { ($0.bucket, $0.id, $0.position) < ($1.bucket, $1.id, $1.position) }.map(\.change)
    }
}

/// Who makes local changes that observers are told about.
public struct Editor: Sendable {
    /// Nil when nobody knows.
    public var user: String?
    /// How many runs started one another, by handlers, before this edit.
    public var depth: Int

    public init(user: String?, depth: Int = 0) {
        self.user = user
        self.depth = depth
    }
}

/// What a series of local changes did.
public struct LocalWriteReport: Sendable, Equatable {
    public var created = 0
    public var updated = 0
    public var removed = 0
    public var unchanged = 0
    /// Items whose copies of assets followed a change of these; they count as nothing else.
    public var copies = 0

    public init() {}

    public static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.created += right.created
        sum.updated += right.updated
        sum.removed += right.removed
        sum.unchanged += right.unchanged
        sum.copies += right.copies
        return sum
    }
}

extension Store {
    /// Applies local changes in one transaction, with undo under `run`.
    ///
    /// Writing an item that is canonically the same changes nothing and takes no sequence number. With an editor, the
    /// `content.item` events of what changed are queued in the same transaction, and copies of assets that changed are
    /// brought up to date in the items that carry them. With a conflict, the changes decide it: it is off the list, and
    /// its item counts as made from the version that waited. Throws `unknown_conflict` when it is gone by then; nothing
    /// is changed then. Blocks the thread.
    public func writeBlocking(
        _ changes: [LocalChange], run: String, editor: Editor? = nil, deciding conflict: Int64? = nil
    ) throws -> LocalWriteReport {
        let copies = try editor == nil ? AssetCopies() : copies(of: changes.compactMap(\.asset))
        return try write(reading: [], run: run, editor: editor, copies, deciding: conflict) { _ in changes }
    }

    /// The same with changes that depend on what is here: `decide` gets those of the items that are, and nobody writes
    /// between this look at them and the changes. Called once, inside the transaction.
    public func writeBlocking(
        reading items: [ItemKey], run: String, editor: Editor? = nil,
        _ decide: ([ItemKey: JSONDocument]) throws -> [LocalChange]
    ) throws -> LocalWriteReport {
        try write(reading: items, run: run, editor: editor, AssetCopies(), decide)
    }

    /// Who carries copies of assets that are about to change: looked for while others may write, as it takes its time.
    private func copies(of assets: [ItemID]) throws -> AssetCopies {
        guard !assets.isEmpty else { return AssetCopies() }
        return try translatingErrors(on: folder.path) {
            try pool.read { db in
                // Nothing carries copies of an asset that is not here yet.
                let present = try assets.filter { try Self.liveItem(db, .assets, $0.text) != nil }
                return try present.isEmpty ? AssetCopies() : AssetCopies(db, of: present)
            }
        }
    }

    private func write(
        reading items: [ItemKey], run: String, editor: Editor?, _ copies: AssetCopies, deciding conflict: Int64? = nil,
        _ decide: ([ItemKey: JSONDocument]) throws -> [LocalChange]
    ) throws -> LocalWriteReport {
        let auditor = auditor
        var changes: [LocalChange] = []
        let report = try translatingErrors(on: folder.path) {
            try pool.write { db in
                changes = try decide(Bodies.fetch(db, items))
                guard !changes.isEmpty else { return LocalWriteReport() }
                var writer = LocalWriter(db: db, run: run, now: auditor.now, blobs: blobs)
                for change in editor == nil ? LocalChange.inOrder(changes) : changes {
                    try writer.apply(change, by: editor)
                }
                try writer.updateCopies(copies, by: editor)
                if let conflict { try ConflictTable.close(db, conflict, decidedBy: run, auditor) }
                try auditor.note(db, changes, run: run, writer.report, isEdit: editor != nil)
                return writer.report
            }
        }
        if changes.contains(where: { $0.asset != nil }) { linkUploadsBlocking() }
        return report
    }
}

extension Auditor {
    /// What a person changes is named item by item. Without an editor, a change of one item names it; several are an
    /// import, which is named as its run is.
    fileprivate func note(
        _ db: Database, _ changes: [LocalChange], run: String, _ report: LocalWriteReport, isEdit: Bool
    ) throws {
        let description = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT direction, target FROM run WHERE id = ?"), arguments: [run])
        let counts = [
            "created": report.created, "updated": report.updated, "removed": report.removed,
            "unchanged": report.unchanged, "copies": report.copies,
        ]
        guard changes.count == 1 || isEdit, description?[0] as String? != "import" else {
            return try note(db, .import, target: description?[1], run: run, counts: counts)
        }
        for change in changes { try note(db, change, run: run, counts: changes.count == 1 ? counts : [:]) }
    }

    private func note(_ db: Database, _ change: LocalChange, run: String, counts: [String: Int]) throws {
        switch change {
        case .put(let kind, let body, _):
            let id = body.string(kind.keyMember) ?? ""
            try note(db, .put, target: "\(kind)/\(id)", run: run, counts: counts)
        case .remove(let kind, let id): try note(db, .remove, target: "\(kind)/\(id)", run: run, counts: counts)
        }
    }
}
