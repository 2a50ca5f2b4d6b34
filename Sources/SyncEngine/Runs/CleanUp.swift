internal import Synchronization

/// Does what has to be done also when the task is cancelled, as when somebody stops a run.
///
/// From the cancellation on, or from the beginning where `isUrgent`, the work has `grace` to come to its end; then it is
/// cancelled too, so that nobody waits for a side that does not answer.
func cleanUp(
    within grace: Duration, isUrgent: Bool, by clock: any WallClock, _ work: @escaping @Sendable () async throws -> Void
) async throws {
    // A task of its own, because a child would be cancelled with this one. It is waited for below.
    let task = Task { try await work() }
    let limit = Mutex<Task<Void, Never>?>(nil)
    let beginGrace = { @Sendable in
        let timer = Task {
            guard (try? await clock.sleep(for: grace)) != nil else { return }
            task.cancel()
        }
        limit.withLock { $0 = timer }
    }
    defer { limit.withLock { $0?.cancel() } }
    if isUrgent { beginGrace() }
    try await withTaskCancellationHandler {
        try await task.value
    } onCancel: {
        if !isUrgent { beginGrace() }
    }
}
