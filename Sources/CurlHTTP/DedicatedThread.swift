import Glibc
import Synchronization

/// A thread of its own for code that blocks, so that it never holds a thread of Swift's cooperative pool.
final class DedicatedThread: Sendable {
    private let thread: pthread_t
    private let isJoined = Mutex(false)

    /// Starts a thread that runs `body` once. `nil` if the system has no thread to give.
    init?(body: @escaping @Sendable () -> Void) {
        let job = Unmanaged.passRetained(Job(body))
        var thread = pthread_t()
        // The reference passed to the thread is taken over there, exactly once; if no thread starts, it is given back here.
        let status = pthread_create(
            &thread, nil,
            { context in
                // `context` is the job passed below, never nil.
                Unmanaged<Job>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, job.toOpaque())
        guard status == 0 else {
            job.release()
            return nil
        }
        self.thread = thread
    }

    /// Nobody will wait for it any more, so the system cleans up after it.
    deinit {
        isJoined.withLock { isJoined in
            if !isJoined { pthread_detach(thread) }
        }
    }

    var isCurrent: Bool { pthread_equal(thread, pthread_self()) != 0 }

    /// Waits until the body returned. May be called by several threads, and again; not by the body itself.
    func join() {
        precondition(!isCurrent, "a thread cannot wait for its own end")
        isJoined.withLock { isJoined in
            if !isJoined { pthread_join(thread, nil) }
            isJoined = true
        }
    }
}

private final class Job: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    func run() {
        blockBrokenPipeSignal()
        body()
    }

    /// Writing to a connection that the other side closed raises SIGPIPE, which would end the process. Blocked on this
    /// thread, and on those it starts, the write reports EPIPE instead, and the rest of the process is left alone.
    private func blockBrokenPipeSignal() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
