import ContentModel
import HookCatalog
import SyncEngine
import SyncProtocol
import Synchronization

/// A clock that stands still unless it is told otherwise.
final class TestClock: WallClock {
    enum Sleep: Sendable {
        /// Sleeping takes no time but moves the clock, then does this.
        case jump(@Sendable () async -> Void)
        /// Sleeping lasts until it is cancelled.
        case endless
    }

    private let now: Mutex<Int64>
    private let sleep: Sleep

    init(seconds: Int64 = 1_800_000_000, sleep: Sleep = .jump({})) {
        now = Mutex(seconds * 1_000)
        self.sleep = sleep
    }

    var milliseconds: Int64 { now.withLock { $0 } }

    func advance(seconds: Int64) { now.withLock { $0 += seconds * 1_000 } }

    func sleep(for duration: Duration) async throws {
        switch sleep {
        case .jump(let then):
            let (seconds, attoseconds) = duration.components
            now.withLock { $0 += seconds * 1_000 + attoseconds / 1_000_000_000_000_000 }
            await then()
        case .endless:
            try await Task.sleep(for: .seconds(3_600))
        }
    }
}

/// Bytes that differ from call to call and are the same in every run.
final class CountingRandom: RandomSource {
    private let counter = Atomic<UInt64>(1)

    func bytes(_ count: Int) -> [UInt8] {
        let value = counter.wrappingAdd(1, ordering: .relaxed).newValue
        return (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(($0 % 8) * 8)) }
    }
}

/// Remembers tokens for as long as the test runs.
final class TokenMemory: ReplayMemory {
    private let tokens = Mutex<Set<String>>([])

    func remember(_ token: String, until expiry: Int64) async throws -> Bool {
        tokens.withLock { $0.insert(token).inserted }
    }
}

/// Keeps log records for tests to look at.
final class RecordedLog: LogSink {
    private let kept = Mutex<[LogRecord]>([])

    var records: [LogRecord] { kept.withLock { $0 } }

    func record(_ record: LogRecord) { kept.withLock { $0.append(record) } }
}

/// Keeps audit records for tests to look at.
final class RecordedAudit: AuditLog {
    private let kept = Mutex<[AuditEntry]>([])

    var entries: [AuditEntry] { kept.withLock { $0 } }

    func append(_ entry: AuditEntry) async throws { kept.withLock { $0.append(entry) } }
}

/// Scripts with only one handler, which may refuse requests.
struct FakeHooks: HookPort {
    var refusal: TidelockError?

    func pin(for context: RunContext) async throws -> any RunHooks { fatalError("a server starts no runs") }

    func admit(_ request: IncomingRequest) async throws {
        if let refusal { throw refusal }
    }

    func approve(_ proposal: Proposal) async throws {}

    func receive(
        _ items: [OutgoingItem], of kind: Kind, from origin: InstanceIdentity
    ) async throws -> [Int: JSONDocument] { [:] }

    func resolve(_ conflict: ItemConflict) async throws -> ConflictVerdict? { nil }

    func beforeSave(
        _ item: OutgoingItem, of kind: Kind, isUpdate: Bool, user: String?
    ) async throws -> JSONDocument { item.body }

    func handlers(of event: EventName) async throws -> [String] { [] }

    func receivers() async throws -> FilterSet { .none }

    func observe(_ observation: Observation, by handler: String) async throws {
        fatalError("a server observes nothing by itself")
    }
}

struct FakeAPIKeys: APIKeyVerifier {
    func holder(of key: String) async throws -> APIKeyHolder? {
        switch key {
        case "api-key-1": APIKeyHolder(name: "reader", right: .read)
        case "api-key-2": APIKeyHolder(name: "writer", right: .write)
        default: nil
        }
    }
}

/// An instance with a little space, which somebody may be writing to.
struct FakeCondition: ConditionReader {
    /// Instance id of who has the lease.
    var writer: String?
    var storage = StorageCondition(freeBytes: 5_000, uploads: .readOnly)

    func condition(for caller: String) async throws -> InstanceCondition {
        let lease = writer.map {
            HeldLease(holder: "Writer", since: 1_800_000_000, expires: 1_800_000_060, isOwn: $0 == caller)
        }
        return InstanceCondition(lease: lease, storage: storage)
    }
}

/// A model `posts` of five published items, and a singleton `site`; three pages, a menu, settings and a component.
struct FakeContent: ContentReader {
    /// Further pages of the tree.
    var pages: [PageNode] = []

    static let posts = (1...5).map { number in
        JSONDocument.object([
            ("_id", JSONDocument(string: "p\(number)")), ("n", JSONDocument(integer: number)),
        ])
    }

    func items(model: String, limit: Int, skip: Int) async throws -> ContentPage? {
        guard model == "posts" || model == "blog/posts" else { return nil }
        return ContentPage(items: Array(Self.posts.dropFirst(skip).prefix(limit)), total: Self.posts.count)
    }

    func item(model: String, id: String?) async throws -> JSONDocument? {
        switch (model, id) {
        case ("site", nil): .object([("_model", JSONDocument(string: "site"))])
        case ("posts", let id?): Self.posts.first { $0.string("_id") == id }
        default: nil
        }
    }

    static let parts: [Kind: [JSONDocument]] = [
        .pages: [
            ["_id": "1", "slug": ""], ["_id": "2", "_pid": "1", "slug": "news"],
            ["_id": "3", "_pid": "2", "slug": "2026"],
        ].map(\JSONValue.document),
        .menus: [(["name": "main"] as JSONValue).document],
        .pageSettings: [(["_id": "site"] as JSONValue).document],
        .layoutComponents: [(["name": "hero"] as JSONValue).document],
    ]

    func published(_ kind: Kind, limit: Int, skip: Int) async throws -> ContentPage {
        let items = Self.parts[kind] ?? []
        return ContentPage(items: Array(items.dropFirst(skip).prefix(limit)), total: items.count)
    }

    func published(_ kind: Kind, id: String) async throws -> JSONDocument? {
        Self.parts[kind]?.first { $0.string(kind.keyMember) == id }
    }

    func pageTree(limit: Int) async throws -> [PageNode] {
        (Self.parts[.pages] ?? []).compactMap { PageNode($0) } + pages
    }

    func translations(of project: String, locale: String?) async throws -> JSONDocument? {
        switch (project, locale) {
        case ("shop/web", nil): try JSONDocument(validating: #"{"home":{"en":"Home","de":"Start"}}"#)
        case ("shop/web", "de"?): try JSONDocument(validating: #"{"home":"Start"}"#)
        case ("shop/web", _?): .emptyObject
        case ("huge", _): throw TidelockError(.tooLarge, "The translations of 'huge' are more than fit one answer.")
        default: nil
        }
    }
}

/// Scripts at `/private` (GET), `/public` (POST) and `/broken` (GET, public), which tell what they were asked.
struct FakeRoutes: ScriptedRoutes {
    struct Route: ScriptedRoute {
        var isPublic: Bool
        var failure: TidelockError?

        func answer(_ request: ScriptedRequest) async throws -> ScriptedAnswer {
            if let failure { throw failure }
            let head = request.head
            let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            let words = [
                head.method, head.path, "\(request.isAuthorized)", String(decoding: request.body, as: UTF8.self),
            ]
            return ScriptedAnswer(
                status: 201, headers: [.init("content-type", "text/csv"), .init("x-seen", "yes")],
                body: Array((words + query).joined(separator: "|").utf8))
        }
    }

    var isLoaded = true

    func route(_ method: String, _ path: String) async throws -> RouteMatch {
        guard isLoaded else { throw TidelockError(.hookLoadFailed, "The handlers could not be loaded.") }
        switch (method, path) {
        case ("GET", "/private"): return .found(Route(isPublic: false))
        case ("POST", "/public"): return .found(Route(isPublic: true))
        case ("GET", "/broken"):
            return .found(Route(isPublic: true, failure: TidelockError(.hookFailed, "The script failed.")))
        case (_, "/private"): return .otherMethods(["GET"])
        case (_, "/public"): return .otherMethods(["POST"])
        default: return .unknown
        }
    }
}
