public import ContentModel
public import CurlHTTP
public import SyncEngine
internal import Synchronization

/// Everything handlers may reach, kept in memory: for tests of handlers and for trying them out.
///
/// A class, because handlers leave things here and find them again. Nothing outside of the process is contacted.
public final class RehearsalServices: Sendable {
    /// What handlers sent out since somebody looked last.
    public struct Records: Sendable {
        public var logs: [LogRecord] = []
        public var mails: [JSONValue] = []
        public var requests: [JSONValue] = []
        public var runs: [JSONValue] = []
    }

    private let state: Mutex<State>
    private let firstSecond: Int64
    private let targets: [TargetFacts]
    private let secrets: [String: String]

    private struct State {
        var records = Records()
        var answers: [RehearsedAnswer] = []
        var mailFailure: String?
        /// Targets of events that were fired.
        var met: Set<TargetFacts> = []
        var seconds: Int64
        var user: String?
        var documents: [String: [JSONDocument]] = [:]
        var lastDocument = 0
        var cache: [String: Kept] = [:]
        var keys: [String: Kept] = [:]
    }

    fileprivate struct Kept {
        var value: JSONDocument
        var end: Int64?
    }

    /// The clock stands at `seconds` since 1970 until somebody sets it.
    ///
    /// A secret is known by its name and reads as an address that leads nowhere, for most secrets are addresses.
    public init(seconds: Int64 = 1_767_225_600, targets: [TargetFacts] = [], secrets: some Sequence<String> = []) {
        firstSecond = seconds
        self.targets = targets
        self.secrets = Dictionary(secrets.map { ($0, "https://secret.invalid/\($0)") }) { first, _ in first }
        state = Mutex(State(seconds: seconds))
    }

    /// The services, for a host.
    public var services: HookServices {
        var services = HookServices(
            log: self, collections: self, cache: self, keys: self, search: self, clock: self,
            user: { [self] in user }, targets: { [self] in targets + state.withLock { Array($0.met) } })
        services.sync = self
        services.secrets = secrets
        services.httpSender = self
        services.mail = MailSettings(.drop("/dev/null"), from: MailAddress("tidelock@example.com"))
        services.mailSender = self
        return services
    }

    /// Forgets everything that was kept, recorded and prepared.
    public func reset() {
        state.withLock { $0 = State(seconds: firstSecond) }
    }

    /// What was recorded since the last call of this.
    public func takeRecords() -> Records {
        state.withLock { state in
            defer { state.records = Records() }
            return state.records
        }
    }

    // MARK: What tests prepare

    /// Who started what happens; nil for nobody.
    public var user: String? {
        get { state.withLock(\.user) }
        set { state.withLock { $0.user = newValue } }
    }

    public func setClock(_ seconds: Int64) {
        state.withLock { $0.seconds = seconds }
    }

    /// Lets `app.http` talk to the target of an event, which is a configured one in a real run.
    func meet(_ target: TargetFacts) {
        state.withLock { _ = $0.met.insert(target) }
    }

    /// Prepares an answer to requests; of several that fit, the one prepared last counts.
    public func answer(_ answer: RehearsedAnswer) {
        state.withLock { $0.answers.append(answer) }
    }

    /// Lets mails fail with this sentence; nil lets them pass.
    public func failMails(_ sentence: String?) {
        state.withLock { $0.mailFailure = sentence }
    }

}

// MARK: - Mail

extension RehearsalServices: MailSending {
    public func send(_ mail: MailMessage) async throws {
        let failure = state.withLock { state in
            if state.mailFailure == nil { state.records.mails.append(JSONValue(mail)) }
            return state.mailFailure
        }
        if let failure { throw TidelockError(.hookFailed, failure) }
    }
}

extension JSONValue {
    /// A mail as tests look at it.
    fileprivate init(_ mail: MailMessage) {
        func list(_ addresses: [MailAddress]) -> JSONValue { .array(addresses.map { .string($0.address) }) }
        var members = [
            JSONMember("from", .string(mail.from.address)), JSONMember("to", list(mail.to)),
            JSONMember("cc", list(mail.cc)), JSONMember("bcc", list(mail.bcc)),
            JSONMember("reply_to", list(mail.replyTo)), JSONMember("subject", .string(mail.subject)),
            JSONMember("attachments", .array(mail.attachments.map { .string($0.name) })),
        ]
        if let text = mail.text { members.append(JSONMember("text", .string(text))) }
        if let html = mail.html { members.append(JSONMember("html", .string(html))) }
        self = .object(members)
    }
}

// MARK: - Services without a memory

extension RehearsalServices: LogSink, WallClock, HTTPSending, SearchIndex, SyncControl {
    public func record(_ record: LogRecord) {
        state.withLock { $0.records.logs.append(record) }
    }

    public var milliseconds: Int64 { state.withLock(\.seconds) * 1_000 }

    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }

    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let answer = state.withLock { state in
            state.records.requests.append(JSONValue(request))
            return state.answers.last { $0.fits(request) }
        }
        guard let answer else {
            throw TidelockError(
                .hookFailed,
                "no answer to \(request.method) \(request.url.printable) is prepared; "
                    + "a test prepares one with mock.http(\"\(request.url.printable)\", { status = 200 })")
        }
        return try answer.response()
    }

    public func rebuildIndex(model: String?) async throws -> Int { 0 }

    public func search(_ query: SearchQuery) async throws -> SearchResult { SearchResult(total: 0, hits: []) }

    public func run(_ request: ScriptedRun, depth: Int) async throws -> JSONDocument {
        let run = JSONValue(request)
        let number = state.withLock { state in
            state.records.runs.append(run)
            return state.records.runs.count
        }
        let report: JSONValue = [
            "run": .string("rehearsed-\(number)"), "status": "committed", "created": 0, "updated": 0, "deleted": 0,
        ]
        return report.document
    }

    public func check(_ target: ScriptedTarget) async throws -> JSONDocument {
        let answer: JSONValue = ["success": true, "version": "rehearsed"]
        return answer.document
    }
}

// MARK: - Services with a memory

extension RehearsalServices: DocumentCollections {
    public func save(_ document: JSONDocument, in collection: String) async throws -> JSONDocument {
        state.withLock { state in
            state.lastDocument += 1
            let id = document.string("_id") ?? "document-\(state.lastDocument)"
            let complete = document.setting("_id", to: JSONDocument(string: id))
            var documents = state.documents[collection] ?? []
            if let position = documents.firstIndex(where: { $0.string("_id") == id }) {
                documents[position] = complete
            } else {
                documents.append(complete)
            }
            state.documents[collection] = documents
            return complete
        }
    }

    public func find(in collection: String, _ query: DocumentQuery) async throws -> [JSONDocument] {
        var found = documents(collection, query.filter)
        for order in query.sort.reversed() {
            let keyed = found.map { (document: $0, key: JSONValue($0)[order.member]) }
            let sorted = keyed.enumerated().sorted { left, right in
                let (first, second) = order.isDescending ? (right, left) : (left, right)
                if first.element.key.comesBefore(second.element.key) { return true }
                if second.element.key.comesBefore(first.element.key) { return false }
                return left.offset < right.offset
            }
            found = sorted.map(\.element.document)
        }
        return Array(found.dropFirst(query.skip).prefix(query.limit ?? .max))
    }

    public func remove(from collection: String, matching filter: ContentFilter) async throws -> Int {
        state.withLock { state in
            let before = state.documents[collection]?.count ?? 0
            state.documents[collection]?.removeAll { filter.matches($0) }
            return before - (state.documents[collection]?.count ?? 0)
        }
    }

    public func count(in collection: String, matching filter: ContentFilter?) async throws -> Int {
        documents(collection, filter).count
    }

    private func documents(_ collection: String, _ filter: ContentFilter?) -> [JSONDocument] {
        state.withLock { $0.documents[collection] ?? [] }.filter { filter?.matches($0) ?? true }
    }
}

extension RehearsalServices: CacheStore, KeyValueStore {
    public func cached(_ key: String) async throws -> JSONDocument? {
        state.withLock { state in state.cache[key]?.value(at: state.seconds) }
    }

    public func cache(_ value: JSONDocument, under key: String, seconds: Int64?) async throws {
        state.withLock { state in state.cache[key] = Kept(value: value, end: seconds.map { state.seconds + $0 }) }
    }

    public func uncache(_ key: String) async throws {
        state.withLock { $0.cache[key] = nil }
    }

    public func flush() async throws {
        state.withLock { $0.cache = [:] }
    }

    public func value(_ key: String, of owner: String) async throws -> JSONDocument? {
        state.withLock { state in state.keys["\(owner)\n\(key)"]?.value(at: state.seconds) }
    }

    public func set(_ value: JSONDocument?, _ key: String, of owner: String, seconds: Int64?) async throws {
        state.withLock { state in
            state.keys["\(owner)\n\(key)"] = value.map { Kept(value: $0, end: seconds.map { state.seconds + $0 }) }
        }
    }

    public func increment(_ key: String, of owner: String, by amount: Int64) async throws -> Int64 {
        let sum: Int64? = state.withLock { state in
            let name = "\(owner)\n\(key)"
            let known = state.keys[name]?.value(at: state.seconds).map { JSONValue($0) } ?? .integer(0)
            guard let number = known.integer else { return nil }
            let (sum, isTooLarge) = number.addingReportingOverflow(amount)
            guard !isTooLarge else { return nil }
            state.keys[name] = Kept(value: JSONDocument(integer: sum), end: state.keys[name]?.end)
            return sum
        }
        guard let sum else {
            throw TidelockError(.usage, "The value of '\(key.printable)' is no whole number to add to.")
        }
        return sum
    }
}

extension RehearsalServices.Kept {
    fileprivate func value(at seconds: Int64) -> JSONDocument? {
        end.map { seconds < $0 } ?? true ? value : nil
    }
}

extension JSONValue? {
    /// Numbers before texts, and what is neither before both.
    fileprivate func comesBefore(_ other: JSONValue?) -> Bool {
        if let left = self?.double, let right = other?.double { return left < right }
        if let left = self?.string, let right = other?.string { return left < right }
        return rank < other.rank
    }

    private var rank: Int {
        self?.double != nil ? 1 : self?.string != nil ? 2 : 0
    }
}
