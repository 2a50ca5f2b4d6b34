internal import ContentModel
internal import GRDB
internal import SyncProtocol

extension HeldRows {
    /// See ``DecidedRows``; nil when there are none. Reads indexes, and of the list of conflicts what is of the kind.
    ///
    /// A conflict about a version counts while the row is its source's; after that the row counts as taken over. One
    /// about a delete that was not carried out counts as long as the item is there, whoever left it last: mirrors of
    /// its source that keep edits leave the item alone because of it.
    static func decided(
        _ db: Database, in part: KindScope, _ edited: EditedRows, kid: Int64, pid: Int64
    ) throws -> DecidedRows? {
        var arguments: StatementArguments = ["kid": kid, "pid": pid]
        if let ids = part.ids { arguments += ["places": try NamedPlaces.text(of: ids, kind: part.kind)] }
        let sums = try Row.fetchOne(
            db.cachedStatement(sql: decidedConflictSQL(edited, isNamed: part.ids != nil)), arguments: arguments)
        guard let sums else { return nil }
        let (waiting, settledDeletes, counted): (Int, Int, Int) = (sums[0], sums[1], sums[2])
        let standing =
            part.ids == nil
            ? try kept(beside: edited, db, kid: kid, pid: pid)
            : try Int.fetchOne(db.cachedStatement(sql: namedDriftSQL(edited)), arguments: arguments) ?? 0
        let found = DecidedRows(parked: waiting, kept: max(0, standing - counted) + settledDeletes)
        return found.parked + found.kept > 0 ? found : nil
    }

    /// Conflicts that wait, deletes that were decided against, and of the rows of the former those that count as kept.
    static func decidedConflictSQL(_ edited: EditedRows, isNamed: Bool) -> String {
        let conflicts = isNamed ? "\(NamedPlaces.sql) CROSS JOIN conflict c ON \(NamedPlaces.isAt("c"))" : "conflict c"
        return """
            SELECT coalesce(sum(c.decided = 0), 0), coalesce(sum(c.decided = 1), 0),
                coalesce(sum(h.origin = :pid AND \(isKept(edited))), 0)
            FROM \(conflicts)
            CROSS JOIN head h ON h.kid = c.kid AND h.bucket = c.bucket AND h.id = c.id
            WHERE c.kid = :kid AND c.pid = :pid AND CASE
                WHEN h.origin = :pid THEN c.decided = 0
                ELSE h.deleted = 0 AND c.rid IS NULL END
            """
    }

    private static func namedDriftSQL(_ edited: EditedRows) -> String {
        """
        SELECT count(*) FROM \(NamedPlaces.sql) CROSS JOIN head h ON \(NamedPlaces.isAt("h"))
        WHERE h.kid = :kid AND h.origin = :pid AND \(isKept(edited))
        """
    }

    /// The condition names its column alone, which no other table of the statements has.
    private static func isKept(_ edited: EditedRows) -> String {
        "h.edited <> 0 AND NOT (\(edited.condition))"
    }
}
