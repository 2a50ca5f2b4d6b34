import ContentModel
import Foundation
import TidelockTestSupport

/// Two instances, the server of one of them, and the other's target `production` that leads to it.
struct Site: Sendable {
    let source: RealInstance
    let destination: RealInstance
    let server: TestServer
    /// What stands between them, in stories that need it.
    var proxy: RecordingProxy?

    static func make() async throws -> Site {
        let source = try await RealInstance.make("staging")
        let destination = try await RealInstance.make("production")
        let server = try await TestServer(destination)
        try await source.target(destination, at: server.port)
        return Site(source: source, destination: destination, server: server)
    }

    /// With the documented handlers and so many articles at the source.
    static func make(articles count: Int) async throws -> Site {
        let site = try await make()
        try site.source.hook("10-documented.lua", Handlers.documented)
        try await site.source.take(Articles.make(count))
        return site
    }

    func push(_ options: String...) async throws -> Report { try await source.report("push", options) }

    func pull(_ options: String...) async throws -> Report { try await source.report("pull", options) }
}

extension RealInstance {
    /// Adds the target `production`, or lets it lead elsewhere.
    func target(_ other: RealInstance, at port: Int, key: String? = nil) async throws {
        let key = if let key { key } else { try await other.run("keys", "show").trimmingCharacters(in: .newlines) }
        try await run("targets", "add", "production", "http://127.0.0.1:\(port)", "--key", key)
    }

    /// Runs a push or pull with `production` and reads the one object it prints.
    func report(_ command: String, _ options: [String] = []) async throws -> Report {
        try Report(await start([command, "production", "--json"] + options).ending())
    }

    /// Runs `item push` or `item pull` with `production` and reads the one object it prints.
    func reportItem(_ direction: String, _ rest: [String]) async throws -> Report {
        try Report(await start(["item", direction, "production", "--json"] + rest).ending())
    }
}

/// The object that push, pull and plan print with `--json`.
struct Report: Decodable, Sendable {
    struct Failure: Decodable, Sendable {
        var code: String
        var message: String
        var hint: String?
    }

    struct ConflictRow: Decodable, Sendable {
        var kind: String
        var id: String
        var verdict: String
    }

    struct SchemaChanges: Decodable, Sendable {
        struct Finding: Decodable, Sendable {
            var model: String
            var field: String?
            var change: String
            var items: Int
        }

        var count: Int
        var changes: [Finding]
    }

    struct Differing: Decodable, Sendable, Equatable {
        var items: Int
        var parked: Int
        var kept: Int
        var takenOver: Int
        var reverted: Int
    }

    var run: String
    var target: String
    var direction: String
    var status: String
    var verified: Bool
    var created: Int
    var updated: Int
    var deleted: Int
    var skipped: Int
    var unchanged: Int
    var conflicts: Int
    var reverted: Int
    var released: Int
    var handlerCalls: Int
    var bytesSent: Int
    var bytesReceived: Int
    var roundTrips: Int
    var milliseconds: Int
    var conflictList: [ConflictRow]
    var resumedBatches: Int?
    var schemaChanges: SchemaChanges?
    var error: Failure?
    /// Why a run of a plan that was looked at would not be carried out.
    var refusal: Failure?
    /// What stands between the sides where nothing was sent.
    var differing: Differing?
    /// The exit status it came with, and what stood on standard error.
    var exit: Int32 { ending?.status ?? -1 }
    private(set) var ending: RunningTool.Ending?

    private enum CodingKeys: String, CodingKey {
        case run, target, direction, status, verified, created, updated, deleted, skipped, unchanged, conflicts,
            reverted
        case released, handlerCalls, bytesSent, bytesReceived, roundTrips, milliseconds, conflictList, error,
            resumedBatches, schemaChanges, refusal, differing
    }

    /// Throws when standard output is anything but that one object.
    init(_ ending: RunningTool.Ending) throws {
        guard let report = try? JSONDecoder().decode(Report.self, from: Data(ending.output.utf8)) else {
            throw CommandFailed(arguments: ["… --json"], ending: ending)
        }
        self = report
        self.ending = ending
    }

    /// Items that travelled.
    var sent: Int { created + updated + deleted }

    var isGood: Bool { exit == 0 && verified && error == nil }
}

extension Report: CustomStringConvertible {
    var description: String {
        "\(status) (exit \(exit)): \(created) created, \(updated) updated, \(deleted) deleted, \(unchanged) unchanged, "
            + "\(conflicts) conflicts, \(handlerCalls) calls, \(roundTrips) trips, \(error.map { "\($0)" } ?? "no error")"
    }
}
