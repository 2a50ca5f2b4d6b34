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

    public func execute(_ sql: String) throws {
        try database.write { try $0.execute(sql: sql) }
    }
}
