internal import Foundation

/// A certificate with its key, made by the `openssl` program in a temporary folder that goes with it.
public final class Certificate: Sendable {
    private let folder: URL

    public var path: String { folder.appending(path: "certificate.pem").path }
    public var keyPath: String { folder.appending(path: "key.pem").path }

    /// A certificate that signs itself, for `names` in OpenSSL's notation, such as `DNS:localhost`.
    public init(for names: String, validity: Validity = .now) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "certificate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try writeSettings(names)
        let curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        try Program.run(["openssl", "genpkey"] + curve + ["-out", keyPath])
        try Program.run(["openssl", "req", "-new", "-key", keyPath, "-config", settings, "-out", request])
        // `ca` is the command of OpenSSL 3.0 that accepts dates in the past.
        let files = ["-config", settings, "-keyfile", keyPath, "-in", request, "-out", path]
        try Program.run(["openssl", "ca", "-batch", "-notext", "-selfsign"] + files + validity.arguments)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    public enum Validity: Sendable {
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
