internal import HookCatalog
internal import LuaRuntime
internal import Synchronization

/// One call of one handler, as the host functions it uses see it.
final class Invocation: Sendable {
    let handler: Handler
    /// The items that were handed over, as JSON.
    let documents: [[UInt8]]
    let circumstances: Circumstances

    /// How long the handler may take, host functions included.
    private let time: Duration
    private let counts = Mutex(Counts())

    private struct Counts {
        var deadline: ContinuousClock.Instant?
        var logLines = 0
        var requests = 0
        var mails = 0
        var postponed: [LuaFunction] = []
    }

    init(
        _ handler: Handler, documents: [[UInt8]], time: Duration,
        _ circumstances: Circumstances = Circumstances()
    ) {
        self.handler = handler
        self.documents = documents
        self.time = time
        self.circumstances = circumstances
    }

    var user: String? { circumstances.user }
    var depth: Int { circumstances.depth }

    /// When the handler's time is up.
    ///
    /// Counted from its first question to the host, because until then it may have waited for a thread to run on, and
    /// that others keep the threads busy is not its fault.
    var deadline: ContinuousClock.Instant {
        counts.withLock { counts in
            if let deadline = counts.deadline { return deadline }
            let deadline = ContinuousClock.now + time
            counts.deadline = deadline
            return deadline
        }
    }

    /// Refuses what the handler of this call may not ask for.
    func check(_ function: HostFunction) throws(HostError) {
        _ = deadline
        guard function.mayBeCalled(by: handler.trigger.eventClass, isVolatile: handler.isVolatile) else {
            throw HostError(function.refusal)
        }
    }

    /// Counts a line for the log; answers which one of this call it is.
    func countLogLine() -> Int {
        counts.withLock { counts in
            counts.logLines += 1
            return counts.logLines
        }
    }

    /// Keeps a function that is to run once the handler has ended.
    ///
    /// One that runs afterwards itself may not, or a chain of them could go on for ever.
    func postpone(_ function: LuaFunction) throws(HostError) {
        guard !circumstances.isPostponed else {
            throw HostError("\(HostFunction.asyncRun.rawValue) cannot be called by a function that it runs")
        }
        let isAccepted = counts.withLock { counts in
            guard counts.postponed.count < HookLimits.postponedFunctions else { return false }
            counts.postponed.append(function)
            return true
        }
        guard isAccepted else {
            throw HostError(
                "\(HostFunction.asyncRun.rawValue): one call of a handler may leave \(HookLimits.postponedFunctions) functions"
            )
        }
    }

    var postponed: [LuaFunction] { counts.withLock(\.postponed) }

    /// Counts an HTTP request; answers which one of this call it is.
    func countRequest() -> Int {
        counts.withLock { counts in
            counts.requests += 1
            return counts.requests
        }
    }

    /// Counts a mail; answers which one of this call it is.
    func countMail() -> Int {
        counts.withLock { counts in
            counts.mails += 1
            return counts.mails
        }
    }
}

/// What a call inherits from what led to it.
struct Circumstances: Sendable {
    /// Who caused it, where that is known.
    var user: String?
    /// How many runs started one another, by handlers, before this call.
    var depth = 0
    /// Whether this is a function that a handler left to run afterwards.
    var isPostponed = false
    /// Whether a call is made again only to compare what it gives, so that it should leave no other traces.
    var isRepetition = false
}
