internal import GRDB

/// One collection of `app.storage`, as `tidelock documents` lists it.
public struct CollectionSummary: Sendable, Codable, Equatable {
    public var collection: String
    public var documents: Int
}

extension Store {
    /// The collections that hold something, by name.
    public func collectionSummaries() async throws -> [CollectionSummary] {
        try await read { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT collection, count(*)
                        FROM document
                        GROUP BY collection
                        ORDER BY collection
                        """)
            ).map { CollectionSummary(collection: $0[0], documents: $0[1]) }
        }
    }
}
