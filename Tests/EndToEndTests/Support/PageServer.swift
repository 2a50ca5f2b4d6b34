import Foundation
import Synchronization

/// A web server on 127.0.0.1 that answers everything alike and keeps what it was asked.
final class PageServer: Sendable {
    private struct Known {
        var status: Int
        var requests: [RecordedRequest] = []
    }

    let port: Int
    private let listener: Listener
    private let known: Mutex<Known>
    /// Whoever asks waits until it is opened.
    private let gate: Gate?

    init(status: Int = 200, gate: Gate? = nil) throws {
        self.gate = gate
        listener = try Listener()
        port = listener.port
        known = Mutex(Known(status: status))
        Thread.detachNewThread { [listener, weak self] in
            while let client = listener.next() { self?.take(client) }
        }
    }

    deinit {
        listener.stop()
    }

    var requests: [RecordedRequest] { known.withLock(\.requests) }

    /// Answers with this status from now on.
    func answer(with status: Int) {
        known.withLock { $0.status = status }
    }

    private func take(_ client: Connection) {
        Thread.detachNewThread { [weak self] in try? self?.serve(client) }
    }

    /// One request a connection: the answer says that it is the last.
    private func serve(_ client: Connection) throws {
        var bytes: [UInt8] = []
        while let part = client.read() {
            bytes += part
            guard let request = RecordedRequest.all(in: bytes).first else { continue }
            let status = known.withLock { known in
                known.requests.append(request)
                return known.status
            }
            gate?.pass()
            return try client.write(
                Array("HTTP/1.1 \(status) Test\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".utf8))
        }
    }
}
