internal import ContentModel
internal import Foundation
internal import GRDB
public import SyncEngine

extension Store {
    public func conflictTerms(transfer: String) async throws -> ConflictTerms {
        try await read { db in
            let record = try TransferTable.requireOpen(db, transfer)
            return ConflictTerms(
                policy: record.scope.policy, mode: record.scope.mode, targets: try Collision.names(db, record.pid),
                hasOriginals: try Collision.hasOriginals(db, record), translations: record.scope.translationRule)
        }
    }

    public func openConflicts(
        transfer: String, after: StagedPosition?, rows: Int, bytes: Int
    ) async throws -> StagedConflictPage {
        try await read { db in
            let record = try TransferTable.requireOpen(db, transfer)
            let cursor = try Row.fetchCursor(
                db, sql: Collision.openSQL(record.scope),
                arguments: [
                    "pid": record.pid, "transfer": transfer, "limit": rows, "spares": record.scope.hasFilter,
                    "kid": after?.kid ?? -1, "bucket": after?.bucket ?? -1, "id": after?.id ?? "",
                ])
            var page = StagedConflictPage(rows: [], next: nil)
            var size = 0
            while let row = try cursor.next() {
                let staged = try StagedConflict(row)
                page.rows.append(staged)
                size += staged.bytes
                page.next = StagedPosition(kid: row[0], bucket: row[1], id: row[2])
                if size >= bytes { return page }
            }
            if page.rows.count < rows { page.next = nil }
            return page
        }
    }

    public func decide(transfer: String, fence: Int64, _ decisions: [ConflictDecision]) async throws {
        try await write { db in
            _ = try TransferTable.requireOpen(db, transfer)
            try Leases.require(db, transfer: transfer, fence: fence)
            for decision in decisions { try Collision.settle(db, transfer: transfer, decision) }
        }
    }

    public func reopenMovedConflicts(transfer: String) async throws {
        try await write { db in try Collision.reopen(db, transfer: transfer, where: Collision.hasMoved) }
    }
}

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
    fileprivate var decision: Decision {
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

    fileprivate var merge: JSONDocument? {
        switch self {
        case .chosen(let document), .merged(let document), .mergedParked(let document, _), .patched(let document),
            .filled(let document):
            document
        case .applied, .arriving, .kept, .keptTarget, .parked, .spared: nil
        }
    }

    /// Empty for a merge that the policy made; what a handler chose settles also what an earlier run left open.
    fileprivate var fields: [String]? {
        switch self {
        case .mergedParked(_, let fields): fields
        case .merged: []
        case .applied, .arriving, .kept, .keptTarget, .parked, .chosen, .patched, .spared, .filled: nil
        }
    }
}

/// Staged rows that meet rows edited here.
enum Collision {
    /// Whether a decided row is another one here than the decision was about.
    static let hasMoved = """
        seen IS NOT NULL AND seen IS NOT (
            SELECT coalesce(h.hash, x'') FROM head h
            WHERE h.kid = stage.kid AND h.bucket = stage.bucket AND h.id = stage.id)
        """

    /// Beside a staged row `s`: the row here `h` and what this instance knows of the source's `sh`.
    static let joins = """
        JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
        \(joinedShadow)
        """

    static let joinedShadow =
        "LEFT JOIN shadow sh ON sh.pid = :pid AND sh.kid = s.kid AND sh.bucket = s.bucket AND sh.id = s.id"

    /// The row here is what was sent to the source last, and what arrives may have been made of it.
    static let isOwnOutput =
        "coalesce(sh.state IN (\(ShadowState.held)) AND sh.out_hash = h.hash AND NOT \(StagedMark.isUnmerged), 0)"

    /// A rollback took back what this very source had sent.
    static let isReverted = "coalesce(h.reverted IN (SELECT id FROM transfer WHERE pid = :pid), 0)"

    /// Whether an item that is put here meets another one than the source left or knows of.
    private static let isEditedBeforePut = """
        NOT \(isReverted)
            AND h.hash IS NOT coalesce(s.stored, s.hash)
            AND CASE h.deleted WHEN 1 THEN \(DeletedRows.isEdit)
                ELSE NOT (h.origin = :pid AND h.edited = 0 AND NOT \(StagedMark.isContested)) END
            AND NOT \(isOwnOutput)
        """

    /// Whether a row is somebody else's that this source does not delete, whatever it lacks.
    static let isSpared = "h.origin <> :pid AND (:spares OR \(SparedRows.isHeldBack("sh")))"

    /// Whether a delete takes away more than the source left here or had from here.
    static let isEditedBeforeDelete = """
        (h.edited <> 0 OR \(StagedMark.isContested) OR \(SparedRows.outlivesDelete("s")) OR \(UnseenEdits.isOne))
        """

    /// Whether an edit made here would be lost: the rows of which a commit says `replace`, `keepOriginal` or
    /// `deleteEdited`, and those that were kept although this very source deleted them. That one source's delete waits
    /// decides nothing about another's.
    static let isEdited = """
        CASE s.op
        WHEN 1 THEN \(isEditedBeforePut)
        WHEN 2 THEN h.deleted = 0 AND NOT (\(isSpared)) AND \(isEditedBeforeDelete)
        ELSE 0 END
        """

    /// Whether a row is looked at before anything is applied: it meets an edit, or a rule keeps what is here.
    static func isMet(_ scope: Scope) -> String {
        scope.translationRule == .override ? isEdited : "(\(isEdited) OR \(isRuled))"
    }

    /// Whether a run which only adds what is missing finds the project or the key here already, whoever made it.
    private static let isRuled = """
        s.op = 1 AND h.deleted = 0 AND h.hash IS NOT coalesce(s.stored, s.hash)
            AND s.kid IN (
                SELECT kid FROM kind
                WHERE name = '\(Kind.translationProjects)' OR name GLOB '\(Kind.translationPrefix)*')
        """

    /// Whether the row here, where there is one, gives way to the staged one, once conflicts are decided. An unfiltered
    /// original that nobody decided about stays, as a commit says `keepOriginal` of it.
    static let givesWay = """
        CASE s.op
        WHEN 1 THEN s.keep NOT IN (\(Decision.list(Decision.keeping)))
            AND NOT coalesce(s.keep = \(Decision.none.rawValue) AND h.deleted = 0 AND \(isOriginal) AND \(isEditedBeforePut), 0)
        WHEN 2 THEN s.keep NOT IN (\(Decision.list(Decision.keeping))) AND NOT (\(isSpared))
        ELSE 0 END
        """

    /// The row here holds more than what was sent to the source of the transfer, as far as that is known.
    static let isOriginal = "\(wasSentOtherwise) AND \(isWhatWasSent) AND h.hash IS NOT sh.out_hash"

    private static let wasSentOtherwise = ShadowRow.isOfMore("sh")

    /// The item here is the one of which something was sent, edited since or not, and no other that was made anew when
    /// that was gone. The same content counts as the same item.
    private static let isWhatWasSent = "(h.life IS sh.life OR h.hash IS sh.src_hash)"

    /// What the source has may have been made of what was sent to it last.
    private static let mayStem = """
        sh.out_hash IS NOT NULL AND sh.state IN (\(ShadowState.lookedAt)) AND \(isWhatWasSent) AND NOT \(StagedMark.isUnmerged)
        """

    /// What the source sent before waits as a whole. It is in nothing that is here, so the next version of it was not made
    /// of what both sides have.
    private static let waits = "EXISTS (SELECT 1 \(waiting))"

    private static let waiting = """
        FROM conflict c
        WHERE c.kid = s.kid AND c.bucket = s.bucket AND c.id = s.id AND c.pid = :pid AND c.rid IS NOT NULL
            AND c.fields IS NULL
        """

    /// The output of the source that both versions were made of: the last that became part of what is here.
    private static let commonOutput = "CASE WHEN \(waits) THEN (SELECT c.base \(waiting)) ELSE h.base END"

    /// Columns 0 to 2 say where the row is, 3 to 8 what meets, 9 to 14 what both may have been made of.
    static func openSQL(_ scope: Scope) -> String {
        """
        SELECT s.kid, s.bucket, s.id, kind.name, arriving.bytes, present.bytes, h.hash, peer.instance, peer.name,
            common.bytes, coalesce(\(mayStem), 0), sh.out_hash, sh.src_hash, coalesce(\(isOriginal), 0),
            coalesce(h.hash = sh.src_hash, 0) OR (h.edited IN (\(Edit.kept), \(Edit.keptWhole)) AND NOT \(waits)),
            CASE WHEN h.hash = sh.src_hash THEN present.bytes WHEN sh.src_hash IS NOT NULL THEN coalesce((
                SELECT earlier.bytes FROM undo AS u INDEXED BY undo_by_item
                CROSS JOIN run ON run.id = u.run AND run.undoable = 1
                CROSS JOIN body AS earlier ON earlier.rid = u.old_rid
                WHERE u.existed = 1 AND u.kid = s.kid AND u.bucket = s.bucket AND u.id = s.id
                    AND u.old_hash = sh.src_hash AND u.verdict IN (\(Verdict.list(Verdict.owning)))
                LIMIT 1), (
                SELECT kept.bytes FROM base_body AS original CROSS JOIN body AS kept ON kept.rid = original.rid
                WHERE original.kid = s.kid AND original.bucket = s.bucket AND original.id = s.id
                    AND original.hash = sh.src_hash)) END
        FROM stage s
        JOIN kind USING (kid)
        JOIN peer ON peer.pid = :pid
        \(joins)
        LEFT JOIN base_body b ON h.origin = :pid AND b.kid = s.kid AND b.bucket = s.bucket AND b.id = s.id
            AND b.hash = \(commonOutput) AND b.beside IS sh.out_hash
            AND NOT \(StagedMark.isContested)
            AND (NOT coalesce(\(isOriginal), 0) OR (h.edited NOT IN (\(EditedRows.ruled)) AND NOT \(waits)))
        LEFT JOIN body common ON common.rid = b.rid
        LEFT JOIN body arriving ON arriving.rid = s.rid
        LEFT JOIN body present ON present.rid = h.rid
        WHERE s.transfer = :transfer AND (s.kid, s.bucket, s.id) > (:kid, :bucket, :id) AND s.seen IS NULL
            AND \(isMet(scope))
        ORDER BY s.kid, s.bucket, s.id
        LIMIT :limit
        """
    }

    /// Whether something staged meets an unfiltered original. Most instances have none, which is seen at once.
    static func hasOriginals(_ db: Database, _ record: TransferTable.Record) throws -> Bool {
        let isPossible = try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM shadow sh WHERE sh.pid = ? AND \(wasSentOtherwise))"),
            arguments: [record.pid])
        guard isPossible == true else { return false }
        return try Bool.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT EXISTS (
                        SELECT 1 FROM stage s \(joins)
                        WHERE s.transfer = :transfer AND \(isOriginal) AND s.op = 1 AND h.deleted = 0 AND \(isEdited))
                    """),
            arguments: ["pid": record.pid, "transfer": record.id, "spares": record.scope.hasFilter]) == true
    }

    /// Names under which filter handlers may know an instance: those of targets that lead to it, and its own.
    static func names(_ db: Database, _ pid: Int64) throws -> [TargetFacts] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT target, uri FROM answered
                    WHERE instance = (SELECT instance FROM peer WHERE pid = ?1)
                    UNION ALL
                    SELECT name, '' FROM peer WHERE pid = ?1
                    """),
            arguments: [pid]
        ).map { TargetFacts(name: $0[0], uri: $0[1]) }
    }

    /// Forgets what was decided about staged rows for which `condition` holds.
    static func reopen(_ db: Database, transfer: String, where condition: String) throws {
        try Arrival.takeBack(db, transfer: transfer, where: condition)
        try db.cachedStatement(
            sql: "UPDATE stage SET seen = NULL, keep = 0, fields = NULL WHERE transfer = :transfer AND \(condition)"
        ).execute(arguments: ["transfer": transfer])
    }

    static func settle(_ db: Database, transfer: String, _ decision: ConflictDecision) throws {
        let place = try Place(
            kid: Numbers.kind(db, decision.item.kind),
            bucket: Bucket(kind: decision.item.kind, id: decision.item.id), id: decision.item.id)
        let values: [(any DatabaseValueConvertible)?] = [
            decision.seen?.data ?? Data(), decision.settlement.decision.rawValue,
            try decision.settlement.fields.map { try JSONColumns.encode($0) }, transfer,
        ]
        try db.cachedStatement(
            sql:
                "UPDATE stage SET seen = ?, keep = ?, fields = ? WHERE transfer = ? AND kid = ? AND bucket = ? AND id = ?"
        ).execute(arguments: StatementArguments(values + place.arguments))
        guard let document = decision.settlement.merge else { return }
        try Arrival.replace(db, transfer: transfer, place, by: document)
    }
}

/// Staged bodies that differ from what the source sent.
enum Arrival {
    /// Stores `document` in the place of the staged body, which is kept beside it.
    static func replace(_ db: Database, transfer: String, _ place: Place, by document: JSONDocument) throws {
        let key = [transfer] as [any DatabaseValueConvertible] + place.arguments
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(
                    sql: "SELECT op, rid, arrived FROM stage WHERE transfer = ? AND kid = ? AND bucket = ? AND id = ?"),
                arguments: StatementArguments(key)), row[0] == 1
        else { throw TidelockError(.internalFailure, "A merge was decided for a row that brings no item.") }
        // An earlier merge of the same row gives way; what arrived stays.
        let arrived = row[2] as Int64?
        if arrived != nil { try Bodies.drop(db, row[1]) }
        try put(
            db, key, kid: place.kid, rid: Bodies.insert(db, document), document, stored: document.hash,
            arrived: arrived ?? row[1] as Int64?)
    }

    /// What the source sent comes back where a merge was decided that does not hold any more.
    fileprivate static func takeBack(_ db: Database, transfer: String, where condition: String) throws {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT kid, bucket, id, rid, arrived, hash FROM stage
                    WHERE transfer = :transfer AND arrived IS NOT NULL AND \(condition)
                    """),
            arguments: ["transfer": transfer])
        for row in rows {
            let key: [any DatabaseValueConvertible] = [transfer, row[0] as Int64, row[1] as Int64, row[2] as String]
            let document = try Bodies.fetch(db, row[4])
            let hash = document.hash
            try Bodies.drop(db, row[3])
            try put(
                db, key, kid: row[0], rid: row[4], document, stored: hash == row.hash(5) ? nil : hash, arrived: nil)
        }
    }

    private static func put(
        _ db: Database, _ key: [any DatabaseValueConvertible], kid: Int64, rid: Int64, _ document: JSONDocument,
        stored: ContentHash?, arrived: Int64?
    ) throws {
        let facts = ItemFacts(document, of: try Numbers.kind(db, numbered: kid))
        let values: [(any DatabaseValueConvertible)?] = [
            rid, stored?.data, arrived, facts.modified, facts.state, facts.parent,
        ]
        try db.cachedStatement(
            sql: """
                UPDATE stage SET rid = ?, stored = ?, arrived = ?, modified = ?, state = ?, parent = ?
                WHERE transfer = ? AND kid = ? AND bucket = ? AND id = ?
                """
        ).execute(arguments: StatementArguments(values + key))
    }
}

extension StagedConflict {
    fileprivate init(_ row: Row) throws {
        let origin = InstanceIdentity(id: row[7], name: row[8])
        let conflict = ItemConflict(
            kind: try Kind(row[3] as String), id: row[2], origin: origin,
            source: row.bytes(4).map { JSONDocument(trusted: $0) },
            target: row.bytes(5).map { JSONDocument(trusted: $0) })
        self.init(
            conflict: conflict, seen: row.hash(6), base: row.bytes(9).map { JSONDocument(trusted: $0) },
            isOriginal: row[13], isUntouched: row[14])
        guard row[10], base == nil, let output = row.hash(11), let source = row.hash(12) else { return }
        // What was kept for the same hash may be less than the whole of it.
        let original = row.bytes(15).map { JSONDocument(trusted: $0) }.flatMap { $0.hash == source ? $0 : nil }
        sent = Sent(original: original, originalHash: source, output: output)
    }

    fileprivate var bytes: Int {
        let documents = [conflict.source, conflict.target, base, sent?.original]
        return documents.reduce(0) { $0 + ($1?.bytes.count ?? 0) }
    }
}
