internal import ContentModel
internal import GRDB
internal import HookCatalog
internal import SyncEngine

/// Applies local changes inside one transaction.
struct LocalWriter {
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
