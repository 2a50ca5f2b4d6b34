internal import GRDB

/// Whose undo makes room for whose; the numbers are stored.
///
/// Who saves ten items must not lose the way back behind the run before.
enum UndoClass: Int64 {
    /// A change made at this instance itself, a rollback, and a run that changed no item.
    case local = 0
    /// A run between instances that changed items.
    case exchanged = 1
}

/// The order in which undo makes room within its class.
enum UndoOrder {
    /// As a bound on how many: none.
    static let all = -1

    /// Puts a run that can be undone behind all others of its class. Called twice, it moves the run to the end.
    static func append(_ db: Database, run: String, as undoClass: UndoClass, rows: Int) throws {
        try db.cachedStatement(
            sql: """
                UPDATE run SET undo_class = ?2, undo_rows = ?3, undo_before = coalesce((
                    SELECT last.undo_before + last.undo_rows FROM run AS last INDEXED BY run_undo_order
                    WHERE last.undoable = 1 AND last.undo_class = ?2 AND last.id <> ?1
                    ORDER BY last.undo_before DESC LIMIT 1), 0)
                WHERE id = ?1 AND undoable = 1
                """
        ).execute(arguments: [run, undoClass.rawValue, max(1, rows)])
    }

    /// Rows of the undo of a run, as far as they matter here: one that has more than all may have is not read to its end.
    static func rows(_ db: Database, of run: String) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) FROM (SELECT 1 FROM undo WHERE run = ? LIMIT ?)"),
            arguments: [run, Retention.localUndoRows + 1]) ?? 0
    }

    /// Runs whose undo is older than promised and that observers need no more; `most` of each reason, the oldest first.
    static func expired(_ db: Database, now: Int64, most: Int = all) throws -> Set<String> {
        let late = try runs(
            db, by: "run_undo_age", where: "started < ?", [now - Retention.undoSeconds], most: most)
        let displaced = try [UndoClass.local, .exchanged].flatMap { undoClass -> [String] in
            guard let first = try firstKept(db, undoClass) else { return [] }
            return try runs(
                db, by: "run_undo_order", where: "undo_class = ? AND undo_before < ?", [undoClass.rawValue, first],
                most: most)
        }
        return Set(late + displaced)
    }

    private static func runs(
        _ db: Database, by index: String, where condition: String, _ arguments: [Int64], most: Int
    ) throws -> [String] {
        try String.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT id FROM run INDEXED BY \(index)
                    WHERE undoable = 1 AND \(condition) AND NOT EXISTS (
                        SELECT 1 FROM outbox WHERE outbox.run = run.id AND outbox.event IN (\(Outbox.eventsAboutItems)))
                    LIMIT ?
                    """),
            arguments: StatementArguments(arguments + [Int64(most)]))
    }

    /// Where the oldest run stands that its class has room for; nil while there are too few for any to go.
    private static func firstKept(_ db: Database, _ undoClass: UndoClass) throws -> Int64? {
        let newest = try Int64.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT undo_before FROM run INDEXED BY run_undo_order
                    WHERE undoable = 1 AND undo_class = ?
                    ORDER BY undo_before DESC LIMIT 1 OFFSET ?
                    """),
            arguments: [undoClass.rawValue, Retention.undoRuns - 1])
        guard let newest, undoClass == .local else { return newest }
        return try min(newest, end(db, undoClass) - Int64(Retention.localUndoRows))
    }

    /// How many rows the undo of a class has had up to its newest run.
    private static func end(_ db: Database, _ undoClass: UndoClass) throws -> Int64 {
        try Int64.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT undo_before + undo_rows FROM run INDEXED BY run_undo_order
                    WHERE undoable = 1 AND undo_class = ?
                    ORDER BY undo_before DESC LIMIT 1
                    """),
            arguments: [undoClass.rawValue]) ?? 0
    }

    /// How many newer changes of its class the undo of a run outlasts at least, and how many rows of theirs beyond
    /// that; nil where rows do not count.
    static func room(_ db: Database, behind run: String) throws -> (changes: Int, rows: Int?) {
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT undo_class, undo_before FROM run WHERE id = ?"), arguments: [run]),
            let undoClass = UndoClass(rawValue: row[0])
        else { return (0, nil) }
        let before: Int64 = row[1]
        let newer = try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) FROM (
                        SELECT 1 FROM run INDEXED BY run_undo_order
                        WHERE undoable = 1 AND undo_class = ? AND undo_before > ?
                        LIMIT ?)
                    """),
            arguments: [undoClass.rawValue, before, Retention.undoRuns])
        let changes = Retention.undoRuns - (newer ?? 0)
        guard undoClass == .local else { return (changes, nil) }
        return (changes, max(0, Retention.localUndoRows - Int(try end(db, undoClass) - before)))
    }
}
