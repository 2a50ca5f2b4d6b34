internal import HookCatalog
internal import Synchronization

/// One call of one handler, as the host functions it uses see it.
final class Invocation: Sendable {
    let handler: Handler
    /// The items that were handed over, as JSON.
    let documents: [[UInt8]]
    /// When the handler's time is up, host functions included.
    let deadline: ContinuousClock.Instant

    private let counts = Mutex(Counts())

    private struct Counts {
        var logLines = 0
        var requests = 0
    }

    init(_ handler: Handler, documents: [[UInt8]], deadline: ContinuousClock.Instant) {
        self.handler = handler
        self.documents = documents
        self.deadline = deadline
    }

    /// Refuses what the handler of this call may not ask for.
    func check(_ function: HostFunction) throws(HostError) {
        let eventClass = handler.event.declaration.eventClass
        guard function.mayBeCalled(by: eventClass, isVolatile: handler.isVolatile) else {
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

    /// Counts an HTTP request; answers which one of this call it is.
    func countRequest() -> Int {
        counts.withLock { counts in
            counts.requests += 1
            return counts.requests
        }
    }
}
