/// `openssl s_server` on a free port of 127.0.0.1; it answers every GET with a page about the connection.
public final class TLSServer: Sendable {
    public let port: Int
    private let program: Program
    /// Kept while the server may still read its files.
    private let certificate: Certificate

    public init(_ certificate: Certificate) throws {
        self.certificate = certificate
        program = try Program([
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate.path, "-key", certificate.keyPath,
            "-www",
        ])
        port = try readPort(program)
    }

    deinit {
        program.terminate()
    }

    public func url(host: String = "localhost", scheme: String = "https") -> String {
        "\(scheme)://\(host):\(port)/"
    }
}

/// Reads up to the line `ACCEPT 127.0.0.1:PORT`, with which the server says that it is ready.
public func readPort(_ program: Program) throws -> Int {
    var text = ""
    while let part = try program.read(upTo: 1) {
        text += String(decoding: part, as: UTF8.self)
        guard text.hasSuffix("\n") else { continue }
        if let line = text.split(separator: "\n").last(where: { $0.hasPrefix("ACCEPT ") }),
            let port = line.split(separator: ":").last.flatMap({ Int($0) })
        {
            return port
        }
    }
    throw RunFailure(program: "openssl s_server", status: 0)
}
