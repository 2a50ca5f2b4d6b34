public import Foundation
internal import Glibc
internal import Synchronization

/// A program started by a test, with both outputs read as they come.
///
/// Not Foundation's `Process`: that notices an end by a pipe that other programs, started at the same time by other
/// tests, inherit. What still runs when the last reference goes, or when its time is up, is killed.
public final class RunningTool: Sendable {
    /// How a program ended and what it printed.
    public struct Ending: Sendable {
        /// Exit status, or 128 and the number of the signal that ended it.
        public var status: Int32
        public var output: String
        public var errors: String
        /// It was killed because its time was up.
        public var isOverdue: Bool
    }

    public let process: Int32
    private let state: ToolState

    /// - Parameters:
    ///   - folder: where it runs; the current folder of the test when there is none
    ///   - environment: added to the environment of the test
    ///   - limit: after so long it is killed
    public init(
        _ program: URL, _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:],
        input: [UInt8]? = nil, limit: Duration = .seconds(120)
    ) throws {
        let spawned = try Spawned(program, arguments, in: folder, environment: environment, input: input)
        process = spawned.process
        state = ToolState(process: spawned.process)
        state.follow(spawned)
        state.kill(after: limit)
    }

    deinit {
        state.send(SIGKILL)
    }

    /// Sends a signal, unless it has ended already.
    public func send(_ signal: Int32) {
        state.send(signal)
    }

    public var hasEnded: Bool { state.ending != nil }

    /// What it has printed on standard output so far.
    public var output: String { state.output }

    /// What it has printed on standard error so far.
    public var errors: String { state.errors }

    /// Waits until it has ended and everything it printed was read.
    public func ending() async -> Ending {
        await withCheckedContinuation { state.whenEnded($0) }
    }
}

/// What the threads that follow a program share. It outlives the object that tests hold.
private final class ToolState: Sendable {
    private struct Known {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var isReaped = false
        var isOverdue = false
        var ending: RunningTool.Ending?
        var waiting: [CheckedContinuation<RunningTool.Ending, Never>] = []
    }

    private let process: pid_t
    private let known = Mutex(Known())

    init(process: pid_t) {
        self.process = process
    }

    var ending: RunningTool.Ending? { known.withLock(\.ending) }
    var output: String { String(decoding: known.withLock(\.output), as: UTF8.self) }
    var errors: String { String(decoding: known.withLock(\.errors), as: UTF8.self) }

    /// A signal never goes to somebody else's process: the number stays taken until the process is reaped.
    func send(_ signal: Int32) {
        known.withLock { if !$0.isReaped { _ = Glibc.kill(process, signal) } }
    }

    func kill(after limit: Duration) {
        DispatchQueue.global().asyncAfter(deadline: .now() + limit / .seconds(1)) { [weak self] in
            self?.killOverdue()
        }
    }

    private func killOverdue() {
        known.withLock { known in
            guard !known.isReaped else { return }
            known.isOverdue = true
            _ = Glibc.kill(process, SIGKILL)
        }
    }

    func whenEnded(_ continuation: CheckedContinuation<RunningTool.Ending, Never>) {
        let ending = known.withLock { known in
            if known.ending == nil { known.waiting.append(continuation) }
            return known.ending
        }
        if let ending { continuation.resume(returning: ending) }
    }

    func follow(_ spawned: Spawned) {
        let readers = DispatchGroup()
        read(spawned.output, in: readers) { known, bytes in known.output += bytes }
        read(spawned.errors, in: readers) { known, bytes in known.errors += bytes }
        Thread.detachNewThread { [self] in
            let status = reap()
            // A grandchild may keep a pipe open; nobody waits longer than this for its words.
            _ = readers.wait(timeout: .now() + 10)
            finish(status)
        }
    }

    private func read(
        _ descriptor: Int32, in readers: DispatchGroup, _ store: @escaping @Sendable (inout Known, [UInt8]) -> Void
    ) {
        readers.enter()
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = Glibc.read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                known.withLock { store(&$0, Array(buffer[..<count])) }
            }
            close(descriptor)
            readers.leave()
        }
    }

    private func reap() -> Int32 {
        var information = siginfo_t()
        while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return known.withLock { known in
            var status: Int32 = 0
            waitpid(process, &status, 0)
            known.isReaped = true
            return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
        }
    }

    private func finish(_ status: Int32) {
        let (ending, waiting) = known.withLock { known in
            let ending = RunningTool.Ending(
                status: status, output: String(decoding: known.output, as: UTF8.self),
                errors: String(decoding: known.errors, as: UTF8.self), isOverdue: known.isOverdue)
            known.ending = ending
            defer { known.waiting = [] }
            return (ending, known.waiting)
        }
        for continuation in waiting { continuation.resume(returning: ending) }
    }
}
