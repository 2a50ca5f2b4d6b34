internal import ContentModel
internal import Foundation
internal import GRDB
internal import SyncEngine

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
    private static let isOwnOutput =
        "coalesce(sh.state IN (\(ShadowState.held)) AND sh.out_hash = h.hash AND NOT \(StagedMark.isUnmerged), 0)"

    /// A rollback took back what this very source had sent, and brought back what the source had left here before, or
    /// that there was nothing. What was edited here, and what was somebody else's, meets the source as it did then.
    static let isReverted = """
        coalesce(h.origin = 0 AND h.edited = 0 AND h.reverted IN (SELECT id FROM transfer WHERE pid = :pid), 0)
        """

    /// Whether a live row is another one than the source left or knows of.
    static let isEditedLive =
        "NOT (h.origin = :pid AND h.edited = 0 AND NOT \(StagedMark.isContested)) AND NOT \(isOwnOutput)"

    /// Whether an item that is put here meets another one than the source left or knows of.
    private static let isEditedBeforePut = """
        NOT \(isReverted)
            AND h.hash IS NOT coalesce(s.stored, s.hash)
            AND CASE h.deleted WHEN 1 THEN \(DeletedRows.isEdit) ELSE \(isEditedLive) END
        """

    /// Whether a row is somebody else's that this source does not delete, whatever it lacks.
    static let isSpared = "h.origin <> :pid AND (:spares OR \(SparedRows.isHeldBack("sh")))"

    /// Whether a delete takes away more than the source left here or had from here.
    static let isEditedBeforeDelete = """
        (\(Edit.isOne("h.edited")) OR \(StagedMark.isContested) OR \(SparedRows.outlivesDelete("s"))
            OR \(UnseenEdits.isOne) OR \(KnownVersion.isAnother))
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
    static let waits = "EXISTS (SELECT 1 \(waiting))"

    private static let waiting = """
        FROM conflict c
        WHERE c.kid = s.kid AND c.bucket = s.bucket AND c.id = s.id AND c.pid = :pid AND c.rid IS NOT NULL
            AND c.fields IS NULL
        """

    /// The output of the source that both versions were made of: the last that became part of what is here.
    private static let commonOutput = "CASE WHEN \(waits) THEN (SELECT c.base \(waiting)) ELSE h.base END"

    /// Columns 0 to 2 say where the row is, 3 to 8 what meets, 9 to 15 what both may have been made of, 16 whether the
    /// last version of the source was kept away.
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
                    AND original.hash = sh.src_hash)) END,
            coalesce(h.edited = \(Edit.keptWhole) AND h.hash IS NOT sh.src_hash, 0)
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
            sql: """
                UPDATE stage SET seen = NULL, keep = 0, fields = NULL, \(UnmergedMerges.forgotten)
                WHERE transfer = :transfer AND \(condition)
                """
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
