import Foundation
import Synchronization

/// A web server on 127.0.0.1 that answers everything alike and remembers what it was asked.
final class LoopbackServer: Sendable {
    let port: Int
    private let listener: Int32
    private let requests = Mutex<[String]>([])

    init(status: String = "200 OK", type: String = "application/json", body: String = "{}") throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        port = try LoopbackServer.listen(listener)
        let answer =
            "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(body)"
        let thread = Thread { [weak self, listener] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                // Whoever has the answer may look at once at what was received.
                let request = LoopbackServer.read(connection)
                self?.requests.withLock { $0.append(request) }
                _ = send(connection, Array(answer.utf8), answer.utf8.count, Int32(MSG_NOSIGNAL))
                close(connection)
            }
        }
        thread.start()
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Head and body of each request.
    var received: [String] { requests.withLock { $0 } }

    static func listen(_ listener: Int32) throws -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && Foundation.listen(listener, 16) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Reads until the sender pauses: the requests of these tests fit one packet or two.
    private static func read(_ connection: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var request = ""
        while !isComplete(request), case let count = recv(connection, &buffer, buffer.count, 0), count > 0 {
            request += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        return request
    }

    private static func isComplete(_ request: String) -> Bool {
        guard let head = request.range(of: "\r\n\r\n") else { return false }
        let length = request.range(of: "Content-Length: ").flatMap { range in
            Int(request[range.upperBound...].prefix { $0.isNumber })
        }
        return request[head.upperBound...].utf8.count >= length ?? 0
    }
}
