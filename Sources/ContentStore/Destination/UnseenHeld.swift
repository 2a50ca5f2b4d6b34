internal import ContentModel
internal import GRDB
internal import SyncEngine

/// Rows of this destination of which no list tells their state to one source: how many there are is counted for those
/// who only look at a plan, because that looks at every row.
enum UnseenHeld {
    /// All live rows in scope that the source did not leave here: what it sends may meet one that mirrors leave alone.
    static func others(_ db: Database, in part: KindScope, kid: Int64, pid: Int64) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) \(HeldRows.othersSQL(part))"),
            arguments: HeldRows.arguments(part, kid: kid, pid: pid)) ?? 0
    }

    /// Of the rows that a mirror deletes although the source did not leave them here, those that were edited since.
    static func edited(
        _ db: Database, in part: KindScope, _ policy: ConflictPolicy, kid: Int64, pid: Int64
    ) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(
                sql: "SELECT count(*) \(HeldRows.foreignSQL(part, policy)) AND \(Edit.isOne("h.edited"))"),
            arguments: HeldRows.arguments(part, kid: kid, pid: pid)) ?? 0
    }

    /// Items in scope that are deleted here, where the source is not told of it: one that it sends meets the delete.
    static func deletesOfOthers(_ db: Database, in part: KindScope, kid: Int64, pid: Int64) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) FROM \(HeldRows.rows(of: part))
                    LEFT JOIN shadow sh ON sh.pid = :pid AND sh.kid = h.kid AND sh.bucket = h.bucket AND sh.id = h.id
                    WHERE h.kid = :kid AND h.deleted = 1 AND h.origin <> :pid AND NOT \(Collision.isReverted)
                        AND \(DeletedRows.isEditInAnyCase)
                    """),
            arguments: HeldRows.arguments(part, kid: kid, pid: pid)) ?? 0
    }

    /// Of the rows that differ from what the source sent and that are not `edited`, those that are deleted here.
    static func keptDeletes(beside edited: EditedRows, _ db: Database, kid: Int64, pid: Int64) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) FROM head INDEXED BY head_drift
                    WHERE kid = ? AND origin = ? AND edited <> 0 AND deleted = 1 AND NOT (\(edited.condition))
                    """),
            arguments: [kid, pid])
            ?? 0
    }
}
