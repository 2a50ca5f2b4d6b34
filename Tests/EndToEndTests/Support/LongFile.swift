import Foundation
import TidelockTestSupport

/// A file of so many blocks, of which only one is ever in memory.
struct LongFile: Sendable {
    static let block = 1 << 20

    var blocks: Int

    var size: Int { blocks * Self.block }

    private static let filling = (0..<block).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    /// Blocks differ in their numbers, with which they begin.
    private func block(_ number: Int) -> [UInt8] {
        var bytes = Self.filling
        withUnsafeBytes(of: UInt64(number).bigEndian) { bytes.replaceSubrange(0..<8, with: $0) }
        return bytes
    }

    /// Sends it as the body of a request, and reads the answer.
    func upload(_ path: String, headers: [String], at port: Int) async throws -> HTTPAnswer {
        try await onThread {
            let connection = try Connection(to: port)
            try connection.write(
                Self.head("POST \(path)", headers + ["Content-Length: \(size)", "Connection: close"]))
            for number in 0..<blocks { try connection.write(block(number)) }
            var answer: [UInt8] = []
            while let part = connection.read() { answer += part }
            guard let head = HTTPHead(answer[...]) else { throw CocoaError(.fileReadCorruptFile) }
            return HTTPAnswer(
                status: Self.status(head), headers: head.headers, body: Array(answer.dropFirst(head.length)))
        }
    }

    /// Fetches it, and answers how many bytes of it came as they were sent.
    func download(_ path: String, headers: [String], at port: Int) async throws -> Int {
        try await onThread {
            let connection = try Connection(to: port)
            try connection.write(Self.head("GET \(path)", headers + ["Connection: close"]))
            var pending = connection.read() ?? []
            while HTTPHead(pending[...]) == nil, let part = connection.read() { pending += part }
            guard let head = HTTPHead(pending[...]), Self.status(head) == 200, head.contentLength == size else {
                return 0
            }
            pending.removeFirst(head.length)
            var number = 0
            while number < blocks {
                while pending.count < Self.block, let part = connection.read() { pending += part }
                guard pending.prefix(Self.block).elementsEqual(block(number)) else { break }
                pending.removeFirst(Self.block)
                number += 1
            }
            return number * Self.block
        }
    }

    private static func head(_ request: String, _ headers: [String]) -> [UInt8] {
        Array("\(request) HTTP/1.1\r\nHost: localhost\r\n\(headers.map { $0 + "\r\n" }.joined())\r\n".utf8)
    }

    private static func status(_ head: HTTPHead) -> Int {
        head.first.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }

    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }
}

extension TestServer {
    /// The most memory that the server ever had in use, in bytes
    /// (https://man7.org/linux/man-pages/man5/proc_pid_status.5.html).
    var peakMemory: Int {
        get throws {
            let status = try String(contentsOfFile: "/proc/\(tool.process)/status", encoding: .utf8)
            guard let peak = status.firstMatch(of: /VmHWM:\s*(\d+) kB/)?.1, let kilobytes = Int(peak) else {
                throw CocoaError(.fileReadCorruptFile)
            }
            return kilobytes << 10
        }
    }
}
