import Foundation

/// A request as the test server read it.
struct TestRequest: Sendable {
    var method: String
    var target: String
    /// Names in lower case; the last one wins.
    var headers: [String: String]
    var body: [UInt8]
    /// Bytes of all of it on the wire.
    var byteCount: Int
}

/// What the test server answers.
struct TestReply: Sendable {
    var status = 200
    var headers: [String] = []
    var body: [UInt8] = []

    init(_ status: Int = 200, headers: [String] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    init(_ status: Int = 200, headers: [String] = [], _ body: String) {
        self.init(status, headers: headers, body: Array(body.utf8))
    }

    init(_ body: String) {
        self.init(200, body)
    }
}

/// The server's end of a connection, with blocking calls for scripts. One thread uses it.
final class TestConnection {
    /// 1 for the first connection to the server.
    let number: Int
    private let socket: Int32
    private var isOpen = true
    private var unread: [UInt8] = []

    init(socket: Int32, number: Int) {
        self.socket = socket
        self.number = number
        var deadline = timeval(tv_sec: 20, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket, SOL_SOCKET, option, &deadline, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    /// The next request; `nil` when the client closed the connection.
    func readRequest() throws -> TestRequest? {
        var end = headEnd
        while end == nil {
            guard try readMore() else { return nil }
            end = headEnd
        }
        let head = String(decoding: unread[..<end!], as: UTF8.self)  // set by the loop
        unread.removeFirst(end! + 4)
        return try readBody(after: head)
    }

    /// Returns when the client closed the connection.
    func waitForClose() throws {
        while try readMore() {}
    }

    func send(_ reply: TestReply, to request: TestRequest) throws {
        // In one piece: the system holds back the second of two small ones until the first is acknowledged.
        try write(Array(head(of: reply).utf8) + (request.method == "HEAD" ? [] : reply.body))
    }

    func write(_ text: String) throws {
        try write(Array(text.utf8))
    }

    func write(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(socket, buffer.baseAddress! + offset, buffer.count - offset, Int32(MSG_NOSIGNAL))
            }
            try check(Int32(truncatingIfNeeded: min(count, 0)))
            offset += count
        }
    }

    func close() {
        if isOpen { Glibc.close(socket) }
        isOpen = false
    }

    /// Closes so that the client gets a reset instead of an orderly end.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    private var headEnd: Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard unread.count >= mark.count else { return nil }
        return (0...unread.count - mark.count).first { unread[$0] == 13 && unread[$0..<$0 + 4].elementsEqual(mark) }
    }

    private func readBody(after head: String) throws -> TestRequest {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ")
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (parts[0].lowercased(), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
        }
        let headers = Dictionary(fields, uniquingKeysWith: { $1 })
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while unread.count < length, try readMore() {}
        let body = Array(unread.prefix(length))
        unread.removeFirst(body.count)
        return TestRequest(
            method: String(words[0]), target: String(words[1]), headers: headers, body: body,
            byteCount: head.utf8.count + 4 + body.count)
    }

    private func head(of reply: TestReply) -> String {
        let lines = ["HTTP/1.1 \(reply.status) Some Reason"] + reply.headers + ["Content-Length: \(reply.body.count)"]
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// Returns `false` at the end of what the client sends.
    private func readMore() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        let count = recv(socket, &buffer, buffer.count, 0)
        try check(Int32(truncatingIfNeeded: min(count, 0)))
        unread += buffer[..<count]
        return count > 0
    }
}
