import Foundation
import Synchronization

/// A server on 127.0.0.1 for one test. It runs the test's script for each connection, on a thread of its own.
///
/// Blocking reads and writes give up after a while, so that a broken test fails instead of hanging.
final class TestServer: Sendable {
    typealias Script = @Sendable (TestConnection) throws -> Void

    let port: Int
    private let recorder: Recorder
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var acceptCount = 0
        var closeCount = 0
        var isStopped = false
    }

    init(requests recorder: Recorder = Recorder(), _ script: @escaping Script) throws {
        self.recorder = recorder
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        port = try bindToFreePort(listener)
        try check(listen(listener, 128))
        Thread.detachNewThread { [weak self, listener] in
            while true {
                let socket = accept(listener, nil, nil)
                guard let self, socket >= 0 else { break }
                let number = self.countAccept()
                Thread.detachNewThread {
                    let connection = TestConnection(socket: socket, number: number)
                    try? script(connection)
                    connection.close()
                    self.countClose()
                }
            }
            close(listener)
        }
    }

    /// A server that answers every request of every connection with what `reply` says.
    static func answering(_ reply: @escaping @Sendable (TestRequest) -> TestReply) throws -> TestServer {
        let requests = Recorder()
        return try TestServer(requests: requests) { connection in
            while let request = try connection.readRequest() {
                requests.add(request)
                try connection.send(reply(request), to: request)
            }
        }
    }

    deinit {
        stop()
    }

    /// How many connections were made to it so far.
    var acceptCount: Int { state.withLock { $0.acceptCount } }

    /// How many of them are over.
    var closeCount: Int { state.withLock { $0.closeCount } }

    /// What `answering` was asked so far.
    var requests: [TestRequest] { recorder.requests }

    func url(_ path: String = "/", host: String = "127.0.0.1", scheme: String = "http") -> String {
        "\(scheme)://\(host):\(port)\(path)"
    }

    /// Refuses connections from now on.
    func stop() {
        state.withLock { state in
            if !state.isStopped { shutdown(listener, Int32(SHUT_RDWR)) }
            state.isStopped = true
        }
    }

    private func countClose() {
        state.withLock { $0.closeCount += 1 }
    }

    private func countAccept() -> Int {
        state.withLock { state in
            state.acceptCount += 1
            return state.acceptCount
        }
    }
}

/// Remembers the requests that a script saw.
final class Recorder: Sendable {
    private let seen = Mutex<[TestRequest]>([])

    var requests: [TestRequest] { seen.withLock { $0 } }

    func add(_ request: TestRequest) {
        seen.withLock { $0.append(request) }
    }
}

/// A port of 127.0.0.1 that nobody listens on.
func unusedPort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    return try bindToFreePort(descriptor)
}

private func bindToFreePort(_ descriptor: Int32) throws -> Int {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafeMutableBytes(of: &address) { bytes in
        // A sockaddr_in is a sockaddr to the socket calls.
        let general = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
        try check(bind(descriptor, general, length))
        try check(getsockname(descriptor, general, &length))
    }
    return Int(UInt16(bigEndian: address.sin_port))
}

func check(_ status: Int32) throws {
    if status < 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}
