internal import ContentModel
internal import GRDB

/// Staged rows of items that changed at the source while the plan was made, and the earlier rows they stand for.
enum SupersedingRows {
    /// The value of `stage.op` for a row that does nothing, and keeps an earlier one that is still on its way from doing
    /// anything.
    static let withdrawn: Int64 = 4

    /// A row that is staged already.
    struct Staged {
        /// What arrived, and what was made of it while its conflict was decided.
        var bodies: [Int64?]
        var supersedes: Bool
        var batch: Int64
        /// The number of its batch.
        var number: Int
    }

    static func staged(_ db: Database, transfer: String, at place: Place) throws -> Staged? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT s.rid, s.arrived, s.supersedes, s.batch, b.number
                FROM stage s JOIN staged_batch b ON b.transfer = s.transfer AND b.bid = s.batch
                WHERE s.transfer = ? AND s.kid = ? AND s.bucket = ? AND s.id = ?
                """)
        return try Row.fetchOne(statement, arguments: [transfer] + StatementArguments(place.arguments)).map {
            Staged(bodies: [$0[0], $0[1]], supersedes: $0[2], batch: $0[3], number: $0[4])
        }
    }

    /// Makes room for a row, unless a later batch that came before this one has said something of its item.
    ///
    /// Throws `malformed_message` where nobody says that one row stands for the other.
    static func makeRoom(
        _ db: Database, transfer: String, at place: Place, for entry: (supersedes: Bool, batch: Int64, number: Int)
    ) throws -> Bool {
        guard let other = try staged(db, transfer: transfer, at: place) else { return true }
        guard other.number != entry.number, entry.supersedes || other.supersedes else {
            throw TidelockError(.malformedMessage, "The transfer names item \(place.id.printable) of one kind twice.")
        }
        let isLater = entry.number > other.number
        try markPartial(db, isLater ? other.batch : entry.batch)
        if isLater { try remove(db, other.bodies, transfer: transfer, at: place) }
        return isLater
    }

    private static func markPartial(_ db: Database, _ batch: Int64) throws {
        try db.cachedStatement(sql: "UPDATE staged_batch SET partial = 1 WHERE bid = ?").execute(arguments: [batch])
    }

    private static func remove(_ db: Database, _ bodies: [Int64?], transfer: String, at place: Place) throws {
        try db.cachedStatement(sql: "DELETE FROM stage WHERE transfer = ? AND kid = ? AND bucket = ? AND id = ?")
            .execute(arguments: [transfer] + StatementArguments(place.arguments))
        for rid in bodies { try Bodies.drop(db, rid) }
    }

    /// Drops rows of batches that are taken over from another transfer where this one has said something later; answers
    /// how many. `bids` is a JSON array.
    static func dropOlder(_ db: Database, _ bids: String, from: String, than transfer: String) throws -> Int {
        let older = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT old.kid, old.bucket, old.id, old.rid, old.arrived, old.batch
                    FROM stage own INDEXED BY stage_supersedes
                    JOIN stage old ON old.transfer = :from AND old.kid = own.kid AND old.bucket = own.bucket
                        AND old.id = own.id
                    WHERE own.transfer = :transfer AND own.supersedes = 1
                        AND old.batch IN (SELECT value FROM json_each(:bids))
                    """),
            arguments: ["from": from, "transfer": transfer, "bids": bids])
        for row in older {
            let place = Place(kid: row[0], bucket: Bucket(number: row[1]), id: row[2])
            try remove(db, [row[3], row[4]], transfer: from, at: place)
            try markPartial(db, row[5])
        }
        return older.count
    }

    /// Once everything is here: rows that were only there to say that others do not count are forgotten.
    static func settle(_ db: Database, transfer: String) throws {
        try db.cachedStatement(
            sql:
                "DELETE FROM stage INDEXED BY stage_supersedes WHERE transfer = ? AND supersedes = 1 AND op = \(withdrawn)"
        ).execute(arguments: [transfer])
    }
}
