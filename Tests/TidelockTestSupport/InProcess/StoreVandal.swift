public import ContentStore
internal import Foundation
internal import GRDB

/// Changes a store's tables behind its back, as a restored backup or a defect would.
public final class StoreVandal: Sendable {
    private let database: DatabaseQueue

    public init(_ store: Store) throws {
        database = try DatabaseQueue(path: store.folder.appending(path: "tidelock.sqlite").path)
    }

    public func execute(_ sql: String) throws {
        try database.write { try $0.execute(sql: sql) }
    }
}
