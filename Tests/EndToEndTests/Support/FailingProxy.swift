import Foundation
import Synchronization

/// Stands between two processes, takes in each request as a whole, and does with it what the test says.
final class FailingProxy: Sendable {
    /// What becomes of one request.
    enum Fate: Sendable {
        /// So many of its bytes are passed on, then both connections end.
        case cutsRequest(after: Int)
        /// It is passed on whole; so many bytes of the answer come back, then both connections end.
        case cutsAnswer(after: Int)
        /// It is passed on whole; of the answer so many bytes are missing at the end, then both connections end.
        case losesEnd(of: Int)
        /// It stays here until the gate is opened.
        case waits(Gate)
        /// The same bytes go out on a connection of their own first, and that answer is thrown away.
        case goesTwice
        /// It is answered with these bytes, and goes nowhere.
        case isAnswered(String)
    }

    typealias Script = @Sendable (RecordedRequest) -> Fate?

    private struct Known {
        var script: Script?
        var isSpent = false
        var requests: [RecordedRequest] = []
    }

    let port: Int
    private let upstream: Int
    private let listener: Listener
    private let known = Mutex(Known())

    init(to upstream: Int) throws {
        listener = try Listener()
        port = listener.port
        self.upstream = upstream
        Thread.detachNewThread { [listener, weak self] in
            while let client = listener.next() {
                Thread.detachNewThread { [weak self] in try? self?.serve(client) }
            }
        }
    }

    deinit {
        listener.stop()
    }

    /// Every request that arrived so far.
    var requests: [RecordedRequest] { known.withLock(\.requests) }

    /// Whether the script has found its request.
    var hasActed: Bool { known.withLock(\.isSpent) }

    /// Asked about requests from now on, until it names a fate for one.
    func once(_ script: @escaping Script) {
        known.withLock {
            $0.script = script
            $0.isSpent = false
        }
    }

    private func fate(of request: RecordedRequest) -> Fate? {
        known.withLock { known in
            known.requests.append(request)
            guard !known.isSpent, let fate = known.script?(request) else { return nil }
            known.isSpent = true
            return fate
        }
    }

    private func serve(_ client: Connection) throws {
        defer { client.end() }
        let server = try Connection(to: upstream)
        defer { server.end() }
        while let request = Self.request(from: client) {
            switch fate(of: request) {
            case nil: try Self.exchange(request, server, client)
            case .waits(let gate):
                gate.pass()
                try Self.exchange(request, server, client)
            case .goesTwice:
                let other = try Connection(to: upstream)
                try other.write(request.raw)
                _ = Self.answer(from: other)
                try Self.exchange(request, server, client)
            case .cutsRequest(let count): return try server.write(Array(request.raw.prefix(count)))
            case .cutsAnswer(let count):
                try server.write(request.raw)
                let answer = Self.answer(from: server) ?? []
                return try client.write(Array(answer.prefix(count)))
            case .losesEnd(let count):
                try server.write(request.raw)
                let answer = Self.answer(from: server) ?? []
                return try client.write(Array(answer.dropLast(count)))
            case .isAnswered(let text): return try client.write(Array(text.utf8))
            }
        }
    }

    private static func exchange(_ request: RecordedRequest, _ server: Connection, _ client: Connection) throws {
        try server.write(request.raw)
        guard let answer = answer(from: server) else { return client.end() }
        try client.write(answer)
    }

    private static func request(from client: Connection) -> RecordedRequest? {
        var bytes: [UInt8] = []
        while let part = client.read() {
            bytes += part
            if let request = RecordedRequest.all(in: bytes).first { return request }
        }
        return nil
    }

    private static func answer(from server: Connection) -> [UInt8]? {
        var bytes: [UInt8] = []
        while let part = server.read() {
            bytes += part
            if let head = HTTPHead(bytes[...]), bytes.count >= head.length + head.contentLength { return bytes }
        }
        return nil
    }
}
