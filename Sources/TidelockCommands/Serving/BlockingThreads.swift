internal import Dispatch

/// Where tasks of the server go on that block their thread: on threads that may be blocked, unlike the few on which
/// everybody else is answered.
///
/// A task that prefers them stays itself, with what it knows of the caller.
final class BlockingThreads: TaskExecutor {
    static let shared = BlockingThreads()

    private let queue = DispatchQueue(label: "tidelock.blocking", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
