internal import Synchronization

/// Lets a few batches be decoded and staged at once; the others wait in the order in which they came.
///
/// One is written while the next are decoded; more would only lie in memory as items, several times larger than the bytes
/// that arrived. A class, because those who bring batches meet here.
final class StagingSeats: Sendable {
    private typealias Waiting = (number: Int, continuation: CheckedContinuation<Void, any Error>)

    private struct State {
        var free: Int
        var waiting: [Waiting] = []
        var last = 0
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    /// Throws `CancellationError` where the caller is cancelled while it waits, and what `body` throws.
    func withSeat<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        try await take()
        defer { leave() }
        return try await body()
    }

    private func take() async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isSeated = state.withLock { state in
                    guard state.free == 0 else {
                        state.free -= 1
                        return true
                    }
                    state.waiting.append((number, continuation))
                    return false
                }
                if isSeated { continuation.resume() } else if Task.isCancelled { giveUp(number) }
            }
        } onCancel: {
            giveUp(number)
        }
    }

    /// Does nothing for who has a seat, or does not wait yet.
    private func giveUp(_ number: Int) {
        let waiting = state.withLock { state in
            state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
        }
        waiting?.continuation.resume(throwing: CancellationError())
    }

    /// The seat goes to whoever waits longest.
    private func leave() {
        let next = state.withLock { state -> Waiting? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.continuation.resume()
    }
}
