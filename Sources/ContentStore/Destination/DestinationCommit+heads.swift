internal import ContentModel
internal import GRDB
internal import SyncProtocol

// MARK: What becomes of each row, and the heads that move

extension Commit {
    /// Writes the verdict of every staged row beside what it found, which is also the undo of the run.
    func decide() throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO undo \(Undo.columns)
                SELECT s.transfer, s.kid, s.bucket, s.id,
                    CASE s.op
                    WHEN 1 THEN CASE
                        WHEN s.keep IN (\(Decision.list(Decision.keeping))) THEN \(Verdict.keepOriginal.rawValue)
                        WHEN s.keep IN (\(Decision.list(Decision.merging))) AND h.deleted = 0 AND h.hash = s.stored THEN \(Verdict.keepOriginal.rawValue)
                        WHEN h.id IS NULL THEN \(Verdict.create.rawValue)
                        WHEN \(Collision.isReverted) THEN CASE h.deleted WHEN 1 THEN \(Verdict.create.rawValue) ELSE \(Verdict.update.rawValue) END
                        WHEN h.deleted = 1 THEN CASE WHEN \(Edit.isOne("h.edited")) THEN \(Verdict.replace.rawValue) ELSE \(Verdict.create.rawValue) END
                        WHEN h.hash = coalesce(s.stored, s.hash) THEN \(Verdict.adopt.rawValue)
                        WHEN s.keep IN (\(Decision.list(Decision.undisputed))) THEN \(Verdict.update.rawValue)
                        WHEN NOT (\(Collision.isEditedLive)) THEN \(Verdict.update.rawValue)
                        WHEN s.keep = 0 AND \(Collision.isOriginal) THEN \(Verdict.keepOriginal.rawValue)
                        ELSE \(Verdict.replace.rawValue) END
                    WHEN 2 THEN CASE
                        WHEN h.id IS NULL OR h.deleted = 1 THEN \(Verdict.nothing.rawValue)
                        WHEN \(Collision.isSpared) THEN \(Verdict.nothing.rawValue)
                        WHEN s.keep IN (\(Decision.list(Decision.keeping))) THEN \(Verdict.release.rawValue)
                        WHEN \(Collision.isEditedBeforeDelete) THEN \(Verdict.deleteEdited.rawValue)
                        ELSE \(Verdict.delete.rawValue) END
                    ELSE CASE WHEN h.origin = :pid THEN \(Verdict.release.rawValue) ELSE \(Verdict.nothing.rawValue) END END,
                    h.id IS NOT NULL, h.rid, h.hash, h.base, coalesce(h.origin, 0), coalesce(h.edited, 0),
                    h.modified, h.state, h.parent, coalesce(h.deleted, 1), h.reverted, s.rid,
                    coalesce(s.stored, s.hash), s.hash, CASE s.op WHEN 1 THEN :pid ELSE 0 END, h.life
                FROM stage s
                LEFT JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
                LEFT JOIN shadow sh ON sh.pid = :pid AND sh.kid = s.kid AND sh.bucket = s.bucket AND sh.id = s.id
                WHERE s.transfer = :transfer
                ORDER BY s.kid, s.bucket, s.id
                """
        ).execute(arguments: ["pid": pid, "transfer": transfer, "spares": sparesForeign])
    }

    /// Answers whether a verdict is another one: an item that was deleted here on purpose is not just made again.
    ///
    /// Apart from `decide`, which would have to hold all of its rows in memory if it looked into undo.
    func noteDeletesMadeHere() throws -> Bool {
        try db.cachedStatement(
            sql: """
                UPDATE undo SET verdict = \(Verdict.replace.rawValue)
                WHERE run = :transfer AND existed = 1 AND verdict = \(Verdict.create.rawValue) AND EXISTS (
                    SELECT 1 FROM stage s
                    \(Collision.joins)
                    WHERE s.transfer = undo.run AND s.kid = undo.kid AND s.bucket = undo.bucket AND s.id = undo.id
                        AND h.deleted = 1 AND NOT \(Collision.isReverted) AND \(DeletedRows.isEdit))
                """
        ).execute(arguments: ["pid": pid, "transfer": transfer])
        return db.changesCount > 0
    }

    func moveHeads(sequence: Int64, _ tally: VerdictTally) throws {
        if tally.has(.create) || tally.has(.update) || tally.has(.replace) {
            try put(sequence: sequence, all: tally.isAllApplied)
        }
        if tally.has(.adopt) { try settle(.adopt, edited: 0, sequence: sequence) }
        if tally.has(.keepOriginal) { try settle(.keepOriginal, edited: Edit.kept, sequence: sequence) }
        try markRuled()
        if tally.has(.keepOriginal) { try markUnmerged() }
        if tally.has(.delete) || tally.has(.deleteEdited) { try bury(sequence: sequence) }
        if tally.has(.nothing) { try disownTombstones() }
        if tally.has(.release) { try releaseRows(sequence: sequence) }
        if tally.hasForeign { try UnmergedVersions.noteTakenOver(db, transfer: transfer, by: pid) }
        try UnmergedVersions.forget(db, of: pid, broughtBy: transfer)
        try BaseBodies.keepArrived(
            db, transfer: transfer, pid: pid, withKept: tally.has(.keepOriginal), withMerges: isDecided,
            withRule: record.scope.translationRule != .override)
        if tally.has(.adopt) { try freeAdopted() }
    }

    /// Without `all`, only rows whose verdict says so: asking each costs as much as moving it. Over a tombstone a new
    /// life begins.
    private func put(sequence: Int64, all: Bool) throws {
        let verdicts =
            all
            ? ""
            : """
            JOIN undo u ON u.run = s.transfer AND u.kid = s.kid AND u.bucket = s.bucket AND u.id = s.id
                AND u.verdict IN (\(Verdict.list(Verdict.applied)))
            """
        try db.cachedStatement(
            sql: """
                INSERT INTO head
                    (kid, bucket, id, rid, hash, base, origin, edited, seq, arrived, modified, state, parent, deleted, reverted)
                SELECT s.kid, s.bucket, s.id, s.rid, coalesce(s.stored, s.hash), s.hash, :pid,
                    CASE
                    WHEN s.keep NOT IN (\(Decision.list(Decision.merging))) OR s.stored IS s.hash THEN 0
                    WHEN \(StagedMark.isLeavingOut) THEN \(Edit.keptWhole)
                    ELSE \(Edit.kept) END, :sequence, :now,
                    s.modified, s.state, s.parent, 0, NULL
                FROM stage s
                \(verdicts)
                WHERE s.transfer = :transfer
                ORDER BY s.kid, s.bucket, s.id
                ON CONFLICT (kid, bucket, id) DO UPDATE SET
                    rid = excluded.rid, hash = excluded.hash, base = excluded.base, origin = excluded.origin,
                    edited = excluded.edited, seq = excluded.seq, arrived = excluded.arrived, modified = excluded.modified,
                    state = excluded.state, parent = excluded.parent, deleted = 0, reverted = NULL,
                    life = CASE head.deleted WHEN 1 THEN excluded.seq ELSE head.life END
                """
        ).execute(arguments: ["pid": pid, "sequence": sequence, "now": now, "transfer": transfer])
    }

    /// Rows that keep their body and only learn what the source believes to be here.
    ///
    /// They need no new sequence number, unless they came from a third instance: it did not get back what was its own,
    /// and may have to see the row from now on. So may the source of a row that counted as edited and is just what it
    /// sent, and of one that was its own and is kept otherwise than it has it now.
    private func settle(_ verdict: Verdict, edited: Int64, sequence: Int64) throws {
        try db.cachedStatement(
            sql: """
                UPDATE head SET base = u.new_base, origin = ?1, edited = ?2, reverted = NULL,
                    seq = CASE
                        WHEN NOT \(Edit.isOne("u.old_edited"))
                            AND (u.old_origin = 0 OR (u.old_origin = ?1 AND ?2 = 0)) THEN seq
                        ELSE ?5 END
                FROM undo u
                WHERE u.run = ?3 AND u.verdict = ?4
                    AND head.kid = u.kid AND head.bucket = u.bucket AND head.id = u.id
                """
        ).execute(arguments: [pid, edited, transfer, verdict.rawValue, sequence])
    }

    /// What a rule about translations left otherwise than the source has it is an edit for runs without the rule.
    private func markRuled() throws {
        let rule = record.scope.translationRule
        guard rule != .override else { return }
        try db.cachedStatement(
            sql: """
                UPDATE head SET edited = \(rule.edited)
                FROM stage s
                WHERE s.transfer = ? AND s.keep IN (\(Decision.list(Decision.ruled))) AND head.edited = \(Edit.kept)
                    AND head.kid = s.kid AND head.bucket = s.bucket AND head.id = s.id
                """
        ).execute(arguments: [transfer])
    }

    /// What was kept as it is was not made of what arrived, and a merge that is what was here already may leave it out.
    private func markUnmerged() throws {
        try db.cachedStatement(
            sql: """
                UPDATE head SET edited = \(Edit.keptWhole)
                FROM undo u JOIN stage s ON s.transfer = u.run AND s.kid = u.kid AND s.bucket = u.bucket AND s.id = u.id
                WHERE u.run = ? AND u.verdict = \(Verdict.keepOriginal.rawValue)
                    AND (s.keep IN (\(Decision.list(UnmergedRows.decisions))) OR \(StagedMark.isLeavingOut))
                    AND head.edited = \(Edit.kept)
                    AND head.kid = u.kid AND head.bucket = u.bucket AND head.id = u.id
                """
        ).execute(arguments: [transfer])
    }

    private func bury(sequence: Int64) throws {
        try db.cachedStatement(
            sql: """
                UPDATE head SET rid = NULL, hash = NULL, base = NULL, origin = 0, edited = 0, deleted = 1,
                    seq = ?, arrived = ?, reverted = NULL
                FROM undo u
                WHERE u.run = ? AND u.verdict IN (\(Verdict.list([.delete, .deleteEdited])))
                    AND head.kid = u.kid AND head.bucket = u.bucket AND head.id = u.id
                """
        ).execute(arguments: [sequence, now, transfer])
    }

    /// What becomes of `edited` where a row is nobody's from now on. One that a rollback brought back does not become
    /// one that the source of the run may replace.
    private static let disowned = """
        CASE
        WHEN head.reverted IS NULL THEN 0
        WHEN head.origin = 0 AND head.edited <> 0 THEN head.edited
        ELSE \(Edit.own) END
        """

    /// A tombstone that the source also lets go of is nobody's any more.
    private func disownTombstones() throws {
        try db.cachedStatement(
            sql: """
                UPDATE head SET base = NULL, origin = 0, edited = \(Self.disowned)
                FROM undo u
                WHERE u.run = ? AND u.verdict = \(Verdict.nothing.rawValue) AND head.origin = ?
                    AND head.kid = u.kid AND head.bucket = u.bucket AND head.id = u.id
                """
        ).execute(arguments: [transfer, pid])
    }

    /// Bodies that arrived although they were here.
    private func freeAdopted() throws {
        try db.cachedStatement(
            sql: """
                DELETE FROM body WHERE rid IN (
                    SELECT new_rid FROM undo WHERE run = ? AND verdict = \(Verdict.adopt.rawValue))
                """
        ).execute(arguments: [transfer])
    }

    /// Rows that are this instance's own from now on, so that whoever pulls from here gets to see them.
    private func releaseRows(sequence: Int64) throws {
        try db.cachedStatement(
            sql: """
                UPDATE head SET base = NULL, origin = 0, edited = \(Self.disowned), seq = ?
                FROM undo u
                WHERE u.run = ? AND u.verdict = \(Verdict.release.rawValue)
                    AND head.kid = u.kid AND head.bucket = u.bucket AND head.id = u.id
                """
        ).execute(arguments: [sequence, transfer])
    }

    /// Leaves of whoever else held a row before.
    func markForeignLeaves() throws {
        try db.execute(
            sql: """
                \(DigestTree.markSQL)
                SELECT DISTINCT \(DigestTree.Role.held.rawValue), old_origin, kid, bucket
                FROM undo WHERE run = ? AND old_origin NOT IN (0, ?)
                \(DigestTree.markConflictSQL)
                """,
            arguments: [transfer, pid])
    }
}
