internal import ContentModel
internal import GRDB

/// Items that a peer has in another form, as a filter made it, and that another version has replaced here since.
///
/// What comes back from there was made of that form, and the filter makes it only of the item that it was given. So this
/// is kept, beside what other rows were made of, until the peer has been sent something newer.
enum SentOriginals {
    /// Whether a row of the shadow tells of an item that is more than what was sent.
    private static let isMore = "sent.out_hash IS NOT NULL AND sent.out_hash IS NOT sent.src_hash"

    /// Whether some peer was sent another form of the item of a row `basis`.
    static let isNeeded = """
        EXISTS (
            SELECT 1 FROM peer CROSS JOIN shadow AS sent
                ON sent.pid = peer.pid AND sent.kid = basis.kid AND sent.bucket = basis.bucket AND sent.id = basis.id
            WHERE sent.src_hash = basis.hash AND \(isMore))
        """

    /// Instances are few, so that this is a look at few rows. States: acked, dropped, skipped, resend.
    private static let isKeptSQL = """
        SELECT EXISTS (
            SELECT 1 FROM peer CROSS JOIN shadow AS sent
                ON sent.pid = peer.pid AND sent.kid = ? AND sent.bucket = ? AND sent.id = ?
            WHERE sent.src_hash = ? AND \(isMore) AND sent.state IN (1, 2, 3, 4))
        """

    /// Copies an item that is about to be replaced or removed here.
    static func keep(_ db: Database, _ place: Place, _ head: Head) throws {
        guard let rid = head.rid, let hash = head.hash else { return }
        let key: [any DatabaseValueConvertible] = place.arguments + [hash.data]
        guard try Bool.fetchOne(db.cachedStatement(sql: isKeptSQL), arguments: StatementArguments(key)) == true,
            try !isThere(db, key)
        else { return }
        try db.cachedStatement(sql: "INSERT INTO base_body (kid, bucket, id, hash, rid) VALUES (?, ?, ?, ?, ?)")
            .execute(arguments: StatementArguments(key + [try Bodies.copy(db, rid)]))
    }

    private static func isThere(_ db: Database, _ key: [any DatabaseValueConvertible]) throws -> Bool {
        let sql = "SELECT EXISTS (SELECT 1 FROM base_body WHERE kid = ? AND bucket = ? AND id = ? AND hash = ?)"
        return try Bool.fetchOne(db.cachedStatement(sql: sql), arguments: StatementArguments(key)) ?? false
    }
}
