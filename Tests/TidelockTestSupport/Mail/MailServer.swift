internal import Foundation

/// A mail server on 127.0.0.1, on a port that was free, which remembers what it was given.
public final class MailServer: Sendable {
    public let port: Int
    public let record = MailRecord()
    private let listener: Int32

    public init(_ adjust: (inout MailBehaviour) -> Void = { _ in }) throws {
        var behaviour = MailBehaviour()
        adjust(&behaviour)
        listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        port = try MailServer.listen(listener)
        Thread.detachNewThread { [listener, record, behaviour] in
            while case let socket = accept(listener, nil, nil), socket >= 0 {
                Thread.detachNewThread {
                    let channel = SocketChannel(socket)
                    MailDialogue(over: channel, behaviour, record).run()
                    channel.close()
                }
            }
            close(listener)
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// What it took so far.
    public var mails: [TakenMail] { record.mails }

    private static func listen(_ listener: Int32) throws -> Int {
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
}

/// Lines over a socket. Reads and writes give up after a while, so that a broken test fails instead of hanging.
private final class SocketChannel: MailChannel {
    private let descriptor: Int32
    private var unread: [UInt8] = []

    var socket: Int32? { descriptor }

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var deadline = timeval(tv_sec: 30, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &deadline, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    func readLine() -> [UInt8]? {
        while true {
            if let end = unread.firstIndex(of: 0x0A) {
                let line = Array(unread[...end])
                unread.removeFirst(line.count)
                return line
            }
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            unread += buffer[..<count]
        }
    }

    func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    func close() {
        Glibc.close(descriptor)
    }
}
