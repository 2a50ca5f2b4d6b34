internal import GRDB
internal import SyncEngine

/// Deletes of a peer that were not carried out here: once the peer holds the item again, nobody has to decide about them,
/// nor do they say that the item is to stay when the peer deletes it another time.
enum SettledDeletes {
    /// Most instances have none, which is seen at once.
    static func areThere(_ db: Database, of pid: Int64) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM conflict WHERE rid IS NULL AND pid = ?)"),
            arguments: [pid]) ?? false
    }

    /// Of the items that an acknowledged transfer has brought to the peer.
    static func drop(_ db: Database, sentBy transfer: String, to pid: Int64) throws {
        try db.cachedStatement(
            sql: """
                DELETE FROM conflict
                WHERE rid IS NULL AND pid = ? AND EXISTS (
                    SELECT 1 FROM plan_op p
                    WHERE p.transfer = ? AND p.kid = conflict.kid AND p.bucket = conflict.bucket AND p.id = conflict.id
                        AND p.action = \(PlannedOperation.Action.put.rawValue))
                """
        ).execute(arguments: [pid, transfer])
    }

    /// Of an item of which the peer was found to hold just what would be sent: the answer to the run that brought it may
    /// have been lost.
    static func drop(_ db: Database, at place: Place, heldBy pid: Int64) throws {
        try db.cachedStatement(
            sql: "DELETE FROM conflict WHERE rid IS NULL AND kid = ? AND bucket = ? AND id = ? AND pid = ?"
        ).execute(arguments: StatementArguments(place.arguments + [pid]))
    }
}
