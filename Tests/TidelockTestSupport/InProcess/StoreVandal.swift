public import ContentStore
public import Foundation
internal import GRDB

/// Changes a store's tables behind its back, as a restored backup or a defect would.
public final class StoreVandal: Sendable {
    private let database: DatabaseQueue

    public convenience init(_ store: Store) throws {
        try self.init(storage: store.folder)
    }

    /// The store of another process.
    public init(storage: URL) throws {
        database = try DatabaseQueue(path: storage.appending(path: "tidelock.sqlite").path)
    }

    /// Marks every leaf that has rows or may be stored: who changes rows behind a store's back marks none.
    public static let markAll = """
        WITH RECURSIVE low (byte) AS (SELECT 0 UNION ALL SELECT byte + 1 FROM low WHERE byte < 255)
        INSERT OR IGNORE INTO dirty_leaf (role, pid, kid, bucket)
        SELECT 0, origin, kid, bucket FROM head WHERE origin <> 0
        UNION SELECT 1, pid, kid, bucket FROM shadow
        UNION SELECT role, pid, kid, number * 256 + byte FROM node CROSS JOIN low
        """

    public func execute(_ sql: String) throws {
        try database.write { try $0.execute(sql: sql) }
    }
}
