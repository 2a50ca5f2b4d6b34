public import ContentModel
internal import Foundation
internal import GRDB
internal import SyncEngine

/// A conflict that waits for somebody to decide.
public struct ConflictRecord: Sendable, Codable, Equatable {
    public var id: Int64
    public var kind: String
    /// The item's id.
    public var item: String
    /// Name of the instance whose version waits.
    public var source: String
    /// The transfer that brought it.
    public var transfer: String
    /// The source has deleted the item.
    public var isDelete: Bool
    /// Fields changed on both sides; nil where the whole item waits.
    public var fields: [String]?
    /// Unix seconds.
    public var created: Int64
    /// The item here has changed since.
    public var hasMoved: Bool

    package init(
        id: Int64, kind: String, item: String, source: String, transfer: String, isDelete: Bool, fields: [String]?,
        created: Int64, hasMoved: Bool
    ) {
        self.id = id
        self.kind = kind
        self.item = item
        self.source = source
        self.transfer = transfer
        self.isDelete = isDelete
        self.fields = fields
        self.created = created
        self.hasMoved = hasMoved
    }
}

extension Store {
    /// Open conflicts behind the one of number `after`, the oldest first.
    public func conflicts(after: Int64 = 0, limit: Int = 10_000) async throws -> [ConflictRecord] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "\(ConflictTable.recordSQL) AND c.cid > ? ORDER BY c.cid LIMIT ?", arguments: [after, limit]
            ).map(ConflictRecord.init)
        }
    }

    /// Throws `unknown_conflict`.
    public func conflict(_ id: Int64) async throws -> (record: ConflictRecord, versions: ConflictVersions) {
        try await read { db in
            guard let row = try Row.fetchOne(db, sql: "\(ConflictTable.recordSQL) AND c.cid = ?", arguments: [id])
            else { throw ConflictTable.unknown(id) }
            let bodies = try Row.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT arrived.bytes, present.bytes, common.bytes
                        FROM conflict c
                        LEFT JOIN head h ON h.kid = c.kid AND h.bucket = c.bucket AND h.id = c.id
                        LEFT JOIN base_body b ON b.kid = c.kid AND b.bucket = c.bucket AND b.id = c.id AND b.hash = c.base
                        LEFT JOIN body arrived ON arrived.rid = c.rid
                        LEFT JOIN body present ON present.rid = h.rid
                        LEFT JOIN body common ON common.rid = b.rid
                        WHERE c.cid = ?
                        """),
                arguments: [id])
            let document = { (column: Int) in bodies?.bytes(column).map { JSONDocument(trusted: $0) } }
            return (
                try ConflictRecord(row),
                ConflictVersions(source: document(0), target: document(1), base: document(2))
            )
        }
    }

    /// Applies what the source sent as its run would have: the row counts as the source's, not as edited. Where some
    /// fields wait, the source's values of those are applied, and the item keeps everything else that it has by now.
    /// Undo is noted under `run`; its rollback lists the conflicts again.
    ///
    /// Throws `unknown_conflict`, `conflicts` where a field that waits is not found in both versions any more, and
    /// `path_taken` where an asset would lie where another does; nothing is changed then.
    public func applyParked(_ ids: [Int64], run: String) async throws {
        let auditor = auditor
        try await write { [blobs] db in
            guard !ids.isEmpty else { return }
            try auditor.note(db, resolved: ids, run: run, note: "source's version")
            let sequence = try Settings.nextSequence(db)
            for id in ids {
                try ParkedVersion(db, id).apply(run: run, sequence: sequence, now: auditor.now, in: blobs)
            }
            try PathCheck(db: db, changes: run).run()
            try UploadLinks.note(db, run: run)
        }
        await linkUploads()
    }

    /// Forgets what the source sent; the item here stays as it is, and counts as made from that. One that the source has
    /// deleted counts as an edit that was kept. Throws `unknown_conflict`; nothing is changed then.
    public func dropConflicts(_ ids: [Int64]) async throws {
        let auditor = auditor
        try await write { db in
            guard !ids.isEmpty else { return }
            try auditor.note(db, resolved: ids, run: nil, note: "target's version")
            for id in ids { try ParkedVersion(db, id).drop() }
        }
    }
}

extension Auditor {
    /// Before the conflicts are gone: one of them is named by its item.
    fileprivate func note(_ db: Database, resolved ids: [Int64], run: String?, note: String) throws {
        let item = try String.fetchOne(
            db.cachedStatement(
                sql: "SELECT kind.name || '/' || c.id FROM conflict c JOIN kind USING (kid) WHERE c.cid = ?"),
            arguments: [ids[0]])
        try self.note(
            db, .resolve, target: ids.count == 1 ? item : nil, run: run, note: note,
            counts: ["conflicts": ids.count])
    }
}

extension ConflictTable {
    static let recordSQL = """
        SELECT c.cid, kind.name, c.id, peer.name, c.transfer, c.rid IS NULL, c.fields, c.created,
            coalesce(h.hash, x'') IS NOT c.seen
        FROM conflict c
        JOIN kind USING (kid)
        JOIN peer USING (pid)
        LEFT JOIN head h ON h.kid = c.kid AND h.bucket = c.bucket AND h.id = c.id
        WHERE c.decided = 0
        """

    /// Somebody made an item of the versions, which is stored already. Throws `unknown_conflict`.
    static func close(_ db: Database, _ id: Int64, decidedBy run: String, _ auditor: Auditor) throws {
        try auditor.note(db, resolved: [id], run: run, note: "an item of its own")
        try ParkedVersion(db, id).drop(decidedBy: run)
    }

    static func unknown(_ id: Int64) -> TidelockError {
        TidelockError(
            .unknownConflict, "There is no open conflict \(id).", hint: "'tidelock conflicts list' lists them.")
    }
}

extension ConflictRecord {
    fileprivate init(_ row: Row) throws {
        self.init(
            id: row[0], kind: row[1], item: row[2], source: row[3], transfer: row[4], isDelete: row[5],
            fields: try (row[6] as String?).map { try JSONColumns.decode([String].self, $0) }, created: row[7],
            hasMoved: row[8])
    }
}

/// One conflict on its way out of the list, inside a transaction.
private struct ParkedVersion {
    let db: Database
    let cid: Int64
    let place: Place
    let pid: Int64
    let rid: Int64?
    let output: ContentHash?
    let base: Data?
    /// Nil where the whole item waits.
    let fields: [String]?

    init(_ db: Database, _ id: Int64) throws {
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT kid, bucket, id, pid, rid, output, base, fields FROM conflict
                        WHERE cid = ? AND decided = 0
                        """),
                arguments: [id])
        else { throw ConflictTable.unknown(id) }
        self.db = db
        cid = id
        place = row.place()
        pid = row[3]
        rid = row[4]
        output = row.hash(5)
        base = row[6]
        fields = try (row[7] as String?).map { try JSONColumns.decode([String].self, $0) }
    }

    /// What is here was decided about, whatever became of it since: only another version of the source meets it again.
    /// A source that deleted the item has no other: what was kept meets each of its mirrors, as an edit.
    /// `run`: the one that made an item of the versions.
    func drop(decidedBy run: String? = nil) throws {
        if rid != nil { try keepPresent(isOfBoth: run != nil) }
        if run != nil { try UnmergedVersions.forget(db, of: pid, at: place) }
        if let run { try DecidedConflicts.keep(db, cid, at: place, decidedBy: run, body: rid) }
        try ConflictTable.settle(db, cid: cid, isDelete: rid == nil)
        if run == nil { try Bodies.drop(db, rid) }
        try BaseBodies.prune(db, place)
    }

    /// `isOfBoth`: what is here was made of the versions, which makes up for what was not taken in before.
    private func keepPresent(isOfBoth: Bool) throws {
        let unmerged = isOfBoth ? Edit.kept : Edit.keptWhole
        try db.cachedStatement(
            sql: """
                UPDATE head SET edited = CASE edited WHEN \(Edit.made) THEN \(Edit.kept) ELSE \(unmerged) END
                WHERE kid = ? AND bucket = ? AND id = ? AND edited IN (\(Edit.list(Edit.changes))) AND origin = ?
                    AND base IS ?
                """
        ).execute(
            arguments: StatementArguments(
                place.arguments + [pid, output?.data] as [(any DatabaseValueConvertible)?]))
    }

    func apply(run: String, sequence: Int64, now: Int64, in blobs: BlobFolder) throws {
        let head = try Head.fetch(db, place)
        try BaseBodies.keep(db, place, before: head)
        // What arrived becomes current, or part of what does, and may be edited then.
        let kept = try rid.map { try Bodies.copy(db, $0) }
        if let rid {
            let chosen = try chosen(rid, over: head)
            let kind = try Numbers.kind(db, numbered: place.kid)
            // An asset becomes visible only with its file.
            try AssetFiles.require(chosen.body, of: kind, in: blobs)
            try put(chosen, of: kind, over: head, run, sequence, now)
            if fields == nil { try UnmergedVersions.forget(db, of: pid, at: place) }
        } else {
            try remove(head, run, sequence, now)
        }
        try DecidedConflicts.keep(db, cid, at: place, decidedBy: run, body: kept)
        try ConflictTable.drop(db, cid: cid, rid: nil)
    }

    /// What becomes current, in a body that belongs to nobody yet.
    private struct Chosen {
        var rid: Int64
        var body: JSONDocument
        var hash: ContentHash
        /// It is just what arrived.
        var isArrived: Bool
    }

    /// Where fields wait, the row holds a merge, and may have been edited since.
    private func chosen(_ rid: Int64, over head: Head?) throws -> Chosen {
        let arrived = try Bodies.fetch(db, rid)
        let hash = arrived.hash
        guard let fields, let head, head.isLive, let present = head.rid else {
            return Chosen(rid: rid, body: arrived, hash: hash, isArrived: true)
        }
        let choice = FieldChoice(
            of: fields, from: arrived, over: try Bodies.fetch(db, present), base: try BaseBodies.fetch(db, place, base))
        guard choice.missing.isEmpty else { throw unreachable(choice.missing) }
        let chosen = choice.item.hash
        guard chosen != hash else { return Chosen(rid: rid, body: arrived, hash: hash, isArrived: true) }
        try Bodies.drop(db, rid)
        return Chosen(rid: try Bodies.insert(db, choice.item), body: choice.item, hash: chosen, isArrived: false)
    }

    /// The item has changed so that what the decision is about cannot be told any more.
    private func unreachable(_ fields: [String]) -> TidelockError {
        let named = fields.prefix(3).map { "'\($0.printable)'" }.joined(separator: ", ")
        let more = fields.count > 3 ? " and \(fields.count - 3) more" : ""
        return TidelockError(
            .conflicts,
            "The source's version cannot count in conflict \(cid) about \(place.id.printable): \(named)\(more) is not found in both versions.",
            hint:
                "'tidelock conflicts show \(cid)' prints both. Decide with --target, or with --item and an item made of both."
        )
    }

    /// Whatever became of the row since, it counts as the source's output only where the source believes that. What was
    /// merged into that counts as kept, as the run left it, unless it was edited since.
    private func put(
        _ chosen: Chosen, of kind: Kind, over head: Head?, _ run: String, _ sequence: Int64, _ now: Int64
    ) throws {
        let facts = ItemFacts(chosen.body, of: kind)
        let isSources = head?.origin == pid && head?.base == output
        let isEdited =
            isSources ? !chosen.isArrived : head.map { $0.origin != 0 && $0.base != chosen.hash } ?? false
        try Undo.dropIntermediate(db, run: run, place: place, current: head?.rid)
        try Undo.note(
            db, run: run, place: place, verdict: head?.isLive == true ? .update : .create, rid: chosen.rid,
            hash: chosen.hash)
        try Head.put(
            db, place, over: head, rid: chosen.rid, hash: chosen.hash, facts: facts, isEdited: isEdited,
            isKept: isSources && head?.isEditedSince == false, sequence: sequence, now: now)
    }

    private func remove(_ head: Head?, _ run: String, _ sequence: Int64, _ now: Int64) throws {
        guard let head, head.isLive else { return }
        try Undo.dropIntermediate(db, run: run, place: place, current: head.rid)
        try Undo.note(db, run: run, place: place, verdict: .delete, rid: nil, hash: nil)
        try Head.bury(db, place, head, sequence: sequence, now: now)
    }
}
