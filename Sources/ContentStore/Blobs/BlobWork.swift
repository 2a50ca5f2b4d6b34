internal import Dispatch
internal import Synchronization

/// Carries out work that waits for the disk, on threads that may wait.
enum BlobWork {
    private static let queue = DispatchQueue(label: "tidelock.blobs", qos: .userInitiated, attributes: .concurrent)

    static func perform<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result(catching: body)) }
        }
    }

    /// Does both at the same time, on this thread and another: one waits for the disk while the other reckons.
    static func together(_ waiting: @Sendable () throws -> Void, _ reckoning: @Sendable () -> Void) throws {
        let outcome = Mutex<Result<Void, any Error>>(.success(()))
        DispatchQueue.concurrentPerform(iterations: 2) { number in
            if number == 0 {
                let result = Result { try waiting() }
                outcome.withLock { $0 = result }
            } else {
                reckoning()
            }
        }
        try outcome.withLock { $0 }.get()
    }
}
