import ContentModel
import SyncEngine
import Synchronization

/// A log that tests can read.
final class MemoryLog: LogSink {
    private let kept = Mutex<[LogRecord]>([])

    func record(_ record: LogRecord) {
        kept.withLock { $0.append(record) }
    }

    var records: [LogRecord] { kept.withLock { $0 } }

    /// What handlers wrote, without what the host says about loading.
    var messages: [String] { records.map(\.message).filter { !$0.hasPrefix("Loaded ") } }
}

/// Collections in memory; sorts by text or whole number.
final class MemoryCollections: DocumentCollections {
    private let stored = Mutex<[String: [JSONDocument]]>([:])

    func save(_ document: JSONDocument, in collection: String) async throws -> JSONDocument {
        stored.withLock { stored in
            var documents = stored[collection] ?? []
            let id = document.string("_id") ?? "id-\(documents.count + 1)"
            let complete = document.setting("_id", to: JSONDocument(string: id))
            documents.removeAll { $0.string("_id") == id }
            stored[collection] = documents + [complete]
            return complete
        }
    }

    func find(in collection: String, _ query: DocumentQuery) async throws -> [JSONDocument] {
        var found = documents(of: collection).filter { query.filter?.matches($0) ?? true }
        for order in query.sort.reversed() {
            found.sort { left, right in
                let (first, second) = order.isDescending ? (right, left) : (left, right)
                return (first.integer(order.member) ?? 0) < (second.integer(order.member) ?? 0)
            }
        }
        return Array(found.dropFirst(query.skip).prefix(query.limit ?? .max))
    }

    func remove(from collection: String, matching filter: ContentFilter) async throws -> Int {
        stored.withLock { stored in
            let before = stored[collection]?.count ?? 0
            stored[collection]?.removeAll { filter.matches($0) }
            return before - (stored[collection]?.count ?? 0)
        }
    }

    func count(in collection: String, matching filter: ContentFilter?) async throws -> Int {
        documents(of: collection).count { filter?.matches($0) ?? true }
    }

    func documents(of collection: String) -> [JSONDocument] {
        stored.withLock { $0[collection] ?? [] }
    }
}

/// A cache whose values never grow old.
final class CountingCache: CacheStore {
    private let count = Mutex(0)
    private let values = Mutex<[String: JSONDocument]>([:])

    func cached(_ key: String) async throws -> JSONDocument? { values.withLock { $0[key] } }

    func cache(_ value: JSONDocument, under key: String, seconds: Int64?) async throws {
        values.withLock { $0[key] = value }
    }

    func uncache(_ key: String) async throws {
        values.withLock { _ = $0.removeValue(forKey: key) }
    }

    func flush() async throws {
        count.withLock { $0 += 1 }
        values.withLock { $0 = [:] }
    }

    var flushes: Int { count.withLock { $0 } }
}

/// Values by owner and key that never grow old.
final class MemoryKeys: KeyValueStore {
    private let values = Mutex<[String: JSONDocument]>([:])

    func value(_ key: String, of owner: String) async throws -> JSONDocument? {
        values.withLock { $0["\(owner) \(key)"] }
    }

    func set(_ value: JSONDocument?, _ key: String, of owner: String, seconds: Int64?) async throws {
        values.withLock { $0["\(owner) \(key)"] = value }
    }

    func increment(_ key: String, of owner: String, by amount: Int64) async throws -> Int64 {
        try values.withLock { values in
            let known = values["\(owner) \(key)"].map { JSONValue($0) }
            guard case .integer(let number) = known ?? .integer(0) else {
                throw TidelockError(.usage, "The value of '\(key)' is not a whole number.")
            }
            let (sum, isTooLarge) = number.addingReportingOverflow(amount)
            guard !isTooLarge else { throw TidelockError(.usage, "The sum of '\(key)' is too large.") }
            values["\(owner) \(key)"] = JSONDocument(integer: sum)
            return sum
        }
    }
}

/// Finds what it was told to, and remembers what it was asked.
final class RecordingIndex: SearchIndex {
    private struct Known {
        var rebuilt: [String?] = []
        var queries: [SearchQuery] = []
        var hits: [SearchResult.Hit] = []
    }

    private let known = Mutex(Known())

    var models: [String?] { known.withLock(\.rebuilt) }
    var queries: [SearchQuery] { known.withLock(\.queries) }

    /// What every search finds from now on.
    func find(_ hits: [SearchResult.Hit]) {
        known.withLock { $0.hits = hits }
    }

    func rebuildIndex(model: String?) async throws -> Int {
        known.withLock { known in
            known.rebuilt.append(model)
            return known.hits.count
        }
    }

    func search(_ query: SearchQuery) async throws -> SearchResult {
        known.withLock { known in
            known.queries.append(query)
            return SearchResult(total: known.hits.count, hits: known.hits)
        }
    }
}

struct FixedClock: WallClock {
    var milliseconds: Int64

    func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}
