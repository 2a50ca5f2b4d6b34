public import ContentModel
internal import Foundation
internal import GRDB
internal import HookCatalog
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

/// Applies local changes inside one transaction.
private struct LocalWriter {
    let db: Database
    let run: String
    let now: Int64
    let blobs: BlobFolder
    var report = LocalWriteReport()
    private var sequence: Int64?
    private var events = 0
    private var kids: KindNumbers
    /// Assets that an editor changed, by their ids.
    private var assets: [ItemID: AssetChange] = [:]

    init(db: Database, run: String, now: Int64, blobs: BlobFolder) {
        self.blobs = blobs
        self.db = db
        self.run = run
        self.now = now
        kids = KindNumbers(db)
    }

    mutating func apply(_ change: LocalChange, by editor: Editor?) throws {
        switch change {
        case .put(let kind, let body, let hash): try put(kind, body, hash, editor)
        case .remove(let kind, let id): try remove(kind, id, editor)
        }
    }

    private mutating func put(_ kind: Kind, _ body: JSONDocument, _ hash: ContentHash, _ editor: Editor?) throws {
        let id = try itemID(of: body, kind: kind)
        let place = try Place(kid: kids.number(of: kind), bucket: Bucket(kind: kind, id: id), id: id)
        let head = try Head.fetch(db, place)
        if let head, !head.isDeleted, head.hash == hash {
            report.unchanged += 1
            return
        }
        try AssetFiles.require(body, of: kind, in: blobs)
        if kind == .assets { try UploadLinks.note(db, place, run: run) }
        try BaseBodies.keep(db, place, before: head)
        let facts = ItemFacts(body, of: kind)
        if editor != nil { try noteAsset(kind, id, head, becomes: body) }
        let rid = try Bodies.insert(db, body)
        try Undo.dropIntermediate(db, run: run, place: place, current: head?.rid)
        try Undo.note(
            db, run: run, place: place, verdict: head?.isLive == true ? .update : .create, rid: rid, hash: hash)
        try Head.put(
            db, place, over: head, rid: rid, hash: hash, facts: facts,
            isEdited: head.map { $0.origin != 0 && $0.base != hash } ?? false, sequence: nextSequence(), now: now)
        if head?.isLive == true { report.updated += 1 } else { report.created += 1 }
        let wasPublished = head?.isLive == true && head?.state == 1
        let isPublished = facts.state == 1
        try queue(.itemSaved, of: kind, body, editor)
        if isPublished != wasPublished {
            try queue(isPublished ? .itemPublished : .itemUnpublished, of: kind, body, editor)
        }
    }

    private mutating func remove(_ kind: Kind, _ id: String, _ editor: Editor?) throws {
        let place = try Place(kid: kids.number(of: kind), bucket: Bucket(kind: kind, id: id), id: id)
        guard let head = try Head.fetch(db, place), head.isLive else {
            throw TidelockError(
                .unknownItem, "There is no item \(kind)/\(id.printable).",
                hint: "'tidelock ls \(kind)' lists the items.")
        }
        if kind == .assets { try UploadLinks.note(db, place, run: run) }
        if editor != nil, let rid = head.rid {
            try queue(.itemRemoved, of: kind, try Bodies.fetch(db, rid), editor)
        }
        if editor != nil { try noteAsset(kind, id, head, becomes: nil) }
        try BaseBodies.keep(db, place, before: head)
        try Undo.dropIntermediate(db, run: run, place: place, current: head.rid)
        try Undo.note(db, run: run, place: place, verdict: .delete, rid: nil, hash: nil)
        try Head.bury(db, place, head, sequence: nextSequence(), now: now)
        try ConflictTable.settleDelete(db, of: place, by: run)
        report.removed += 1
    }

    /// Nothing carries copies of an asset that was not there. Of several changes in one transaction the first says what
    /// it was.
    private mutating func noteAsset(_ kind: Kind, _ id: String, _ head: Head?, becomes new: JSONDocument?) throws {
        guard kind == .assets, let head, head.isLive, let rid = head.rid else { return }
        let old = try assets[ItemID(id)]?.old ?? Bodies.fetch(db, rid)
        assets[ItemID(id)] = AssetChange(from: old, to: new)
    }

    /// Brings the copies of changed assets up to date, wherever items carry them.
    mutating func updateCopies(_ copies: AssetCopies, by editor: Editor?) throws {
        guard !assets.isEmpty else { return }
        let counted = report
        for holder in try copies.holders(db, of: Array(assets.keys)) {
            guard let head = try Head.fetch(db, holder.place), head.isLive, let rid = head.rid,
                let changed = try Bodies.fetch(db, rid).updatingCopies(of: assets)
            else { continue }
            try put(holder.kind, changed, changed.hash, editor)
        }
        let updated = report.updated - counted.updated
        report = counted
        report.copies += updated
    }

    /// Observers see content only, as with everything that is called an item in their events.
    private mutating func queue(
        _ name: EventName, of kind: Kind, _ body: JSONDocument, _ editor: Editor?
    ) throws {
        guard let editor, kind.isContent else { return }
        events += 1
        let item = QueuedEvent.EditedItem(
            kind: kind.name, body: body.text, sequence: try nextSequence(), position: events)
        let event = QueuedEvent(
            event: name, run: run, direction: nil, item: item, user: editor.user, depth: editor.depth)
        try Outbox.add(db, [event], due: now)
    }

    private mutating func nextSequence() throws -> Int64 {
        if let sequence { return sequence }
        let next = try Settings.nextSequence(db)
        sequence = next
        return next
    }
}

/// The id an item carries, checked.
public func itemID(of body: JSONDocument, kind: Kind) throws -> String {
    guard body.isObject else {
        throw TidelockError(.invalidJSON, "An item of \(kind) is a JSON object.")
    }
    guard let id = body.string(kind.keyMember), !id.isEmpty else {
        throw TidelockError(
            .invalidJSON, "The item has no '\(kind.keyMember)', which identifies items of \(kind).",
            hint: "Give it a text there.")
    }
    try requireValidID(id)
    return id
}

func requireValidID(_ id: String) throws {
    guard !id.isEmpty, id.utf8.count <= Kind.longestName, !id.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
        throw TidelockError(
            .invalidJSON,
            "'\(id.printable)' cannot be an id: ids have at most \(Kind.longestName) bytes and no control characters.")
    }
}
