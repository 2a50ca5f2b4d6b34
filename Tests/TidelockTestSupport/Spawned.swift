internal import Foundation
internal import Synchronization

/// A child process with the reading ends of its outputs.
struct Spawned: Sendable {
    var process: pid_t
    var output: Int32
    var errors: Int32

    /// One at a time: a child started between the making of a pipe and its marking would inherit it.
    static let starting = Mutex(())

    init(_ program: URL, _ arguments: [String], in folder: URL?, environment: [String: String], input: [UInt8]?) throws
    {
        self = try Self.starting.withLock { _ in
            let input = try Self.file(holding: input)
            defer { close(input) }
            let (output, errors) = (try Pipe(), try Pipe())
            defer {
                close(output.write)
                close(errors.write)
            }
            let process = try Self.spawn(
                Self.words(program, arguments, in: folder), environment: environment,
                descriptors: [input, output.write, errors.write])
            return Spawned(process: process, output: output.read, errors: errors.read)
        }
    }

    private init(process: pid_t, output: Int32, errors: Int32) {
        self.process = process
        self.output = output
        self.errors = errors
    }

    /// Standard input as a file without a name, so that nobody has to write while the child runs.
    private static func file(holding bytes: [UInt8]?) throws -> Int32 {
        guard let bytes else { return try check(open("/dev/null", O_RDONLY | O_CLOEXEC)) }
        let path = FileManager.default.temporaryDirectory.appending(path: "tidelock-input-\(UUID().uuidString)")
        try Data(bytes).write(to: path)
        defer { unlink(path.path) }
        return try check(open(path.path, O_RDONLY | O_CLOEXEC))
    }

    /// The C library cannot portably start a program in another folder; a shell can, and is replaced by the program.
    private static func words(_ program: URL, _ arguments: [String], in folder: URL?) -> [String] {
        guard let folder else { return [program.path] + arguments }
        return ["/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", folder.path, program.path] + arguments
    }

    private static func spawn(
        _ words: [String], environment: [String: String], descriptors: [Int32]
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        receiveAllSignals(&attributes)
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0.key)=\($0.value)" }
        var process = pid_t()
        let status = withTerminatedStrings(words) { words in
            withTerminatedStrings(variables) { posix_spawn(&process, words[0]!, &actions, &attributes, words, $0) }
        }
        guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: status) ?? .EIO) }
        return process
    }

    /// Swift's own threads block most signals, and a child inherits that from the thread that starts it.
    private static func receiveAllSignals(_ attributes: inout posix_spawnattr_t) {
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }
}

/// A pipe that children do not inherit.
private struct Pipe {
    var read: Int32
    var write: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        try check(pipe(&ends))
        for end in ends { try check(fcntl(end, F_SETFD, FD_CLOEXEC)) }
        (read, write) = (ends[0], ends[1])
    }
}

@discardableResult
private func check(_ result: Int32) throws -> Int32 {
    guard result >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    return result
}

private func withTerminatedStrings<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) throws -> Result
) rethrows -> Result {
    let pointers = texts.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return try body(pointers + [nil])
}
