import ContentModel
import Foundation
import TidelockTestSupport

/// The folder `hooks/` of the repository: handlers for people to start from.
enum Examples {
    static let hooks = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "hooks")

    static let folder = hooks.appending(path: "examples")

    /// The files in `hooks/examples/`.
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter {
        $0.hasSuffix(".lua")
    }.sorted()

    static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
}

/// A line of the log, as `tidelock log --json` shows it.
struct LogLine: Decodable, Sendable {
    var message: String
    var channel: String
    var type: String
}

extension RealInstance {
    /// Takes an example into use, as a person would: by copying its file.
    func use(_ example: String) throws {
        try hook(example, try Examples.text(example))
    }

    /// Adds a setting to the configuration.
    func set(_ setting: String) throws {
        let key = "sync = { syncKey = env(\"TIDELOCK_SYNC_KEY\") },"
        try configure(key, "\(key)\n  \(setting),")
    }

    /// Keeps a secret where the configuration finds it by `env`.
    func keepSecret(_ name: String, _ value: String) throws {
        let file = folder.appending(path: ".env")
        let text = try String(contentsOf: file, encoding: .utf8)
        try (text + "\(name)=\(value)\n").write(to: file, atomically: true, encoding: .utf8)
    }

    func log(_ channel: String) async throws -> [LogLine] {
        try await json([LogLine].self, "log", "--channel", channel, "--limit", "1000")
    }

    /// What handlers keep in a collection.
    func documents(_ collection: String) async throws -> [JSONDocument] {
        try JSONDocument(validating: try await run("documents", collection, "--json")).elements
    }
}

extension Site {
    /// As `make()`, with something done before the destination's server starts: it reads its configuration only then.
    static func make(
        _ prepare: (_ source: RealInstance, _ destination: RealInstance) async throws -> Void
    ) async throws -> Site {
        let source = try await RealInstance.make("staging")
        let destination = try await RealInstance.make("production")
        try await prepare(source, destination)
        let server = try await TestServer(destination)
        try await source.target(destination, at: server.port)
        return Site(source: source, destination: destination, server: server)
    }
}
