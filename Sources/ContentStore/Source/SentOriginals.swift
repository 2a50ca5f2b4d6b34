internal import Foundation
internal import GRDB
internal import SyncEngine

/// Items that a peer has in another form, as a filter made it, and that another version has replaced here since.
///
/// What comes back from there was made of that form, and the filter makes it only of the item that it was given. So this
/// is kept, beside what other rows were made of, until the peer has been sent something newer.
enum SentOriginals {
    /// Whether some peer was sent another form of the item of a row `basis`.
    static let isNeeded = """
        EXISTS (
            SELECT 1 FROM peer CROSS JOIN shadow AS sent
                ON sent.pid = peer.pid AND sent.kid = basis.kid AND sent.bucket = basis.bucket AND sent.id = basis.id
            WHERE sent.src_hash = basis.hash AND \(ShadowRow.isOfMore("sent")))
        """

    /// Instances are few, so that this is a look at few rows.
    private static let isSentSQL = """
        SELECT EXISTS (
            SELECT 1 FROM peer CROSS JOIN shadow AS sent
                ON sent.pid = peer.pid AND sent.kid = ? AND sent.bucket = ? AND sent.id = ?
            WHERE sent.src_hash = ? AND \(ShadowRow.isOfMore("sent")) AND sent.state IN (\(ShadowState.lookedAt)))
        """

    /// Whether some peer has another form of the item of that hash, as far as is known here.
    static func isSent(_ db: Database, _ place: Place, _ hash: Data) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(sql: isSentSQL), arguments: StatementArguments(place.arguments + [hash])) ?? false
    }
}
