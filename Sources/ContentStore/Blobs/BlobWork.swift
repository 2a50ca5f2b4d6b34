internal import Dispatch

/// Carries out work that waits for the disk, on threads that may wait.
enum BlobWork {
    private static let queue = DispatchQueue(label: "tidelock.blobs", qos: .userInitiated, attributes: .concurrent)

    static func perform<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result(catching: body)) }
        }
    }
}
