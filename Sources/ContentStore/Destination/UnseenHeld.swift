internal import ContentModel
internal import GRDB
internal import SyncEngine
internal import SyncProtocol

/// Rows of this destination of which no list tells their state to one source: how many there are is counted for those
/// who only look at a plan, because that looks at every row.
enum UnseenHeld {
    /// `edited`: the rows of the source that count as edits of it.
    static func rows(
        _ db: Database, in part: KindScope, _ policy: ConflictPolicy, _ edited: EditedRows, kid: Int64, pid: Int64
    ) throws -> UnseenRows {
        var rows = UnseenRows()
        rows.others = try others(db, in: part, kid: kid, pid: pid)
        rows.othersEdited = try editsOfOthers(db, in: part, policy, kid: kid, pid: pid)
        rows.othersDeleted = try deletesOfOthers(db, in: part, kid: kid, pid: pid)
        rows.kept = try HeldRows.kept(beside: edited, db, kid: kid, pid: pid)
        rows.keptDeleted = try keptDeletes(beside: edited, db, kid: kid, pid: pid)
        return rows
    }

    /// All live rows in scope that the source did not leave here: what it sends may meet one that mirrors leave alone.
    private static func others(_ db: Database, in part: KindScope, kid: Int64, pid: Int64) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) \(HeldRows.othersSQL(part))"),
            arguments: HeldRows.arguments(part, kid: kid, pid: pid)) ?? 0
    }

    /// Of the rows that a mirror deletes although the source did not leave them here, those that were edited since.
    private static func editsOfOthers(
        _ db: Database, in part: KindScope, _ policy: ConflictPolicy, kid: Int64, pid: Int64
    ) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(
                sql: "SELECT count(*) \(HeldRows.foreignSQL(part, policy)) AND \(Edit.isOne("h.edited"))"),
            arguments: HeldRows.arguments(part, kid: kid, pid: pid)) ?? 0
    }

    /// Items in scope that are deleted here, where the source is not told of it: one that it sends meets the delete.
    private static func deletesOfOthers(_ db: Database, in part: KindScope, kid: Int64, pid: Int64) throws -> Int {
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
    private static func keptDeletes(beside edited: EditedRows, _ db: Database, kid: Int64, pid: Int64) throws -> Int {
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
