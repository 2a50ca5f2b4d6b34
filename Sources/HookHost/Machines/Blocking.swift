internal import ContentModel
internal import Dispatch
internal import Synchronization

/// Lets a script wait for asynchronous work.
enum Blocking {
    /// Blocks the calling thread until `work` is done or the handler's time is up.
    ///
    /// Only for Lua threads, which exist to be blocked; on the cooperative pool this could wait for itself.
    static func wait<Result: Sendable>(
        _ what: String, until deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () async throws -> Result
    ) throws -> Result {
        let done = DispatchSemaphore(value: 0)
        let outcome = Outcome<Result>()
        // Owned by this call: it ends with it, or is cancelled when nobody waits for it any more.
        let task = Task.detached {
            do { outcome.set(.success(try await work())) } catch { outcome.set(.failure(error)) }
            done.signal()
        }
        guard done.wait(timeout: .now() + seconds(until: deadline)) == .success, let result = outcome.result else {
            task.cancel()
            throw HostError("\(what): the handler's time was up before the answer came")
        }
        do { return try result.get() } catch { throw explained(what, error) }
    }

    private static func seconds(until deadline: ContinuousClock.Instant) -> Double {
        let left = ContinuousClock.now.duration(to: deadline)
        return max(0, Double(left.components.seconds) + Double(left.components.attoseconds) / 1e18)
    }

    private static func explained(_ what: String, _ error: any Error) -> HostError {
        HostError("\(what): \((error as? TidelockError)?.message ?? "\(error)")")
    }

    /// Where the work leaves its result; a class, because two threads share it.
    private final class Outcome<Result: Sendable>: Sendable {
        private let stored = Mutex<Swift.Result<Result, any Error>?>(nil)

        var result: Swift.Result<Result, any Error>? { stored.withLock { $0 } }

        func set(_ result: Swift.Result<Result, any Error>) {
            stored.withLock { $0 = result }
        }
    }
}
