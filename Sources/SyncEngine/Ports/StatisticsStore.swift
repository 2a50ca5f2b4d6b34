public import ContentModel

/// What handlers did and which of them run where, kept across processes.
public protocol StatisticsStore: Sendable {
    /// Adds to what is known. Not to be called twice for the same calls.
    func add(_ news: [HandlerStatistics]) async throws

    /// Of all processes together, by event and name.
    func handlerTotals() async throws -> [HandlerStatistics]

    /// Says that a process is alive and what it runs. May be called again and again; the last call counts.
    func report(_ process: ProcessReport) async throws

    /// Forgets a process that ends. May be called twice.
    func forget(_ process: ProcessReport) async throws

    /// The processes that work on this instance now. Those that ended without a word are left out.
    func processes() async throws -> [ProcessReport]
}

/// One process that works on an instance, and the handlers it runs.
public struct ProcessReport: Sendable, Codable, Equatable {
    public var pid: Int32
    public var host: String
    /// What it was started for, such as `serve`.
    public var command: String
    /// Unix seconds.
    public var started: Int64
    /// When it last said that it is alive, in Unix seconds.
    public var seen: Int64
    /// Hash of the handlers that it runs; nil when it could load none.
    public var generation: String?
    /// Why the present contents of `hooks/` are not what it runs.
    public var error: String?

    public init(
        pid: Int32, host: String, command: String, started: Int64, seen: Int64, generation: String? = nil,
        error: String? = nil
    ) {
        self.pid = pid
        self.host = host
        self.command = command
        self.started = started
        self.seen = seen
        self.generation = generation
        self.error = error
    }

    /// A process that was not heard of for so many seconds has ended, or is stopped.
    public static let silence: Int64 = 60
}
