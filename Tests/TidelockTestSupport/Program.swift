internal import Foundation
internal import Synchronization

/// A program that could not be started, or ended with another status than 0.
public struct RunFailure: Error {
    public var program: String
    public var status: Int32
}

/// A program started by a test, with pipes to its input and from its output.
///
/// Not Foundation's `Process`: that notices an end by a pipe that other programs, started at the same time by other
/// tests, inherit, so it would wait for those as well.
public final class Program: Sendable {
    private let process: pid_t
    private let input: Int32
    private let output: Int32

    public init(_ arguments: [String]) throws {
        // One at a time: a program started between the making of a pipe and its marking would inherit it.
        (process, input, output) = try Spawned.starting.withLock { _ in
            let (inputPipe, outputPipe) = (try makePipe(), try makePipe())
            defer {
                close(inputPipe.read)
                close(outputPipe.write)
            }
            let process = try spawn(arguments, input: inputPipe.read, output: outputPipe.write)
            return (process, inputPipe.write, outputPipe.read)
        }
    }

    deinit {
        close(output)
    }

    /// Runs a program to its end and returns what it printed. Throws `RunFailure` when it fails.
    @discardableResult
    public static func run(_ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
        let program = try Program(arguments)
        Thread.detachNewThread {
            try? program.write(input)
            program.closeInput()
        }
        let output = try program.readAll()
        let status = program.wait()
        guard status == 0 else { throw RunFailure(program: arguments.joined(separator: " "), status: status) }
        return output
    }

    /// The rest of its output, up to the end.
    public func readAll() throws -> [UInt8] {
        var output: [UInt8] = []
        while let part = try read(upTo: 1 << 20) { output += part }
        return output
    }

    /// The next part of its output; `nil` at the end.
    public func read(upTo count: Int) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        let length = Glibc.read(output, &buffer, count)
        try check(Int32(truncatingIfNeeded: min(length, 0)))
        return length > 0 ? Array(buffer[..<length]) : nil
    }

    public func write(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(input, $0.baseAddress! + offset, $0.count - offset) }
            try check(Int32(truncatingIfNeeded: min(count, 0)))
            offset += count
        }
    }

    public func closeInput() {
        close(input)
    }

    /// Waits for its end and returns its exit status, or -1 if a signal ended it.
    @discardableResult
    public func wait() -> Int32 {
        var status: Int32 = 0
        waitpid(process, &status, 0)
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
    }

    /// Ends it now. Only for programs that nobody else waits for.
    ///
    /// By SIGKILL, because programs inherit the signals that the starting thread blocks, and Swift's threads block most.
    public func terminate() {
        kill(process, SIGKILL)
        wait()
        closeInput()
    }
}

/// A pipe that programs started later do not inherit.
private func makePipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    try check(pipe(&ends))
    for end in ends { try check(fcntl(end, F_SETFD, FD_CLOEXEC)) }
    return (ends[0], ends[1])
}

private func spawn(_ arguments: [String], input: Int32, output: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    let words = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process = pid_t()
    let status = posix_spawnp(&process, arguments[0], &actions, nil, words, environ)
    guard status == 0 else { throw RunFailure(program: arguments[0], status: status) }
    return process
}

private func check(_ status: Int32) throws {
    if status < 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}
