import Foundation

/// A certificate with its key, made by the `openssl` program in a temporary folder that goes with it.
final class Certificate: Sendable {
    private let folder: URL

    var path: String { folder.appending(path: "certificate.pem").path }
    var keyPath: String { folder.appending(path: "key.pem").path }

    /// A certificate that signs itself, for `names` in OpenSSL's notation, such as `DNS:localhost`.
    init(for names: String, validity: Validity = .now) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "certificate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try writeSettings(names)
        try run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", keyPath])
        try run(["openssl", "req", "-new", "-key", keyPath, "-config", settings, "-out", request])
        // `ca` is the command of OpenSSL 3.0 that accepts dates in the past.
        let files = ["-config", settings, "-keyfile", keyPath, "-in", request, "-out", path]
        try run(["openssl", "ca", "-batch", "-notext", "-selfsign"] + files + validity.arguments)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    enum Validity {
        case now, past, future

        fileprivate var arguments: [String] {
            switch self {
            case .now: ["-days", "2"]
            case .past: ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"]
            case .future: ["-startdate", "20900101000000Z", "-enddate", "20910101000000Z"]
            }
        }
    }

    private var settings: String { folder.appending(path: "openssl.cnf").path }
    private var request: String { folder.appending(path: "request.pem").path }

    private func writeSettings(_ names: String) throws {
        let text = """
            [req]
            distinguished_name = name
            prompt = no
            [name]
            commonName = test
            [ca]
            default_ca = test
            [test]
            database = \(folder.path)/index.txt
            new_certs_dir = \(folder.path)
            rand_serial = yes
            default_md = sha256
            policy = any
            x509_extensions = extensions
            [any]
            commonName = supplied
            [extensions]
            subjectAltName = \(names)
            basicConstraints = CA:TRUE
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: settings))
        try Data().write(to: folder.appending(path: "index.txt"))
    }
}

/// `openssl s_server` on a free port of 127.0.0.1; it answers every GET with a page about the connection.
final class TLSServer: Sendable {
    let port: Int
    private let program: Program
    /// Kept while the server may still read its files.
    private let certificate: Certificate

    init(_ certificate: Certificate) throws {
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

    func url(host: String = "localhost", scheme: String = "https") -> String {
        "\(scheme)://\(host):\(port)/"
    }
}

/// Reads up to the line `ACCEPT 127.0.0.1:PORT`, with which the server says that it is ready.
func readPort(_ program: Program) throws -> Int {
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
