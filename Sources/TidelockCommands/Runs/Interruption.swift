internal import ContentModel
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Runs work that SIGINT and SIGTERM cancel, so that it can clean up; it then ends by itself with its own error.
///
/// Cleaning up may take some seconds when the other side does not answer. A second signal does not wait for it.
func interruptible<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
    let task = Task { await work() }
    let signals = InterruptingSignals { count in
        if count > 1 { InterruptingSignals.endAtOnce() }
        task.cancel()
    }
    defer { signals.cancel() }
    return await task.value
}

/// SIGINT and SIGTERM, told one after another for as long as this lives.
///
/// A class, because signals arrive on a queue of their own.
final class InterruptingSignals {
    /// Held by the handlers of both.
    private final class Arrived: Sendable {
        let count = Mutex(0)
    }

    private let sources: [any DispatchSourceSignal]

    /// `told` gets how many have arrived. Both signals come by one queue, so it is never called twice at once.
    init(_ told: @escaping @Sendable (_ count: Int) -> Void) {
        let queue = DispatchQueue(label: "tidelock.signals")
        let arrived = Arrived()
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                told(
                    arrived.count.withLock { count in
                        count += 1
                        return count
                    })
            }
            source.resume()
            return source
        }
    }

    func cancel() {
        for source in sources { source.cancel() }
    }

    /// As if the process were killed, which costs a run no more than what it had not finished.
    static func endAtOnce() -> Never {
        _exit(ErrorCode.cancelled.traits.exitStatus)
    }
}
