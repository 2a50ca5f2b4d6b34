import CCurl
import Synchronization

/// A request on its way to the transfer thread.
struct Submission: Sendable {
    typealias Answer = Result<HTTPResponse, HTTPError>

    var id: UInt64
    var request: HTTPRequest
    var origin: Origin
    var start: TransferClock.Instant
    /// Resumed exactly once, by the transfer thread, or by the sender if the inbox was closed.
    var reply: CheckedContinuation<Answer, Never>
}

/// How the rest of the program talks to the transfer thread: commands are left here and the thread is woken.
final class Inbox: Sendable {
    enum Command: Sendable {
        case start(Submission)
        case cancel(id: UInt64)
    }

    private struct State {
        var commands: [Command] = []
        var isOpen = true
    }

    private let state = Mutex(State())
    private let multi: MultiHandle

    init(waking multi: MultiHandle) {
        self.multi = multi
    }

    /// Leaves `command` for the transfer thread. Returns `false`, and keeps nothing, once the inbox is closed.
    @discardableResult
    func post(_ command: Command) -> Bool {
        state.withLock { state in
            guard state.isOpen else { return false }
            state.commands.append(command)
            // With more than one waiting, the thread was woken already and has not looked yet.
            if state.commands.count == 1 { multi.wake() }
            return true
        }
    }

    /// Tells the transfer thread to end. May be called again.
    func close() {
        state.withLock { state in
            guard state.isOpen else { return }
            state.isOpen = false
            multi.wake()
        }
    }

    /// Takes what has arrived. When `isOpen` is `false`, nothing will ever arrive again.
    func drain() -> (commands: [Command], isOpen: Bool) {
        state.withLock { state in
            defer { state.commands = [] }
            return (state.commands, state.isOpen)
        }
    }
}

/// The set of transfers that libcurl drives together.
///
/// `@unchecked Sendable`: only the transfer thread uses `pointer`, except for `wake`, which libcurl allows from any
/// thread; `wake` is called under the inbox's lock while the inbox is open, and the pointer is freed after the transfer
/// thread saw it closed.
final class MultiHandle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    init?() {
        guard CurlLibrary.isReady, let pointer = curl_multi_init() else { return nil }
        self.pointer = pointer
    }

    deinit {
        curl_multi_cleanup(pointer)
    }

    fileprivate func wake() {
        curl_multi_wakeup(pointer)
    }
}
