public import ContentModel
internal import GRDB
public import SyncEngine

extension Store: KeyValueStore {
    public func value(_ key: String, of owner: String) async throws -> JSONDocument? { throw unavailable }

    public func set(_ value: JSONDocument?, _ key: String, of owner: String, seconds: Int64?) async throws {
        throw unavailable
    }

    public func increment(_ key: String, of owner: String, by amount: Int64) async throws -> Int64 { throw unavailable }
}

extension Store: ScheduleClaims {
    public func claim(schedule: String, due: Int64) async throws -> Bool { throw unavailable }
}

extension Store: CacheStore {
    public func cached(_ key: String) async throws -> JSONDocument? { throw unavailable }
    public func cache(_ value: JSONDocument, under key: String, seconds: Int64?) async throws { throw unavailable }
    public func uncache(_ key: String) async throws { throw unavailable }
    public func flush() async throws { throw unavailable }
}

extension Store: SearchIndex {
    public func rebuildIndex(model: String?) async throws -> Int { throw unavailable }
    public func search(_ query: SearchQuery) async throws -> SearchResult { throw unavailable }
}

private let unavailable = TidelockError(.internalFailure, "not available")
