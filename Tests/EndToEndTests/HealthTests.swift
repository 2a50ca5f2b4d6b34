import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("The health of all targets", .story)
struct HealthTests {
    private struct Row: Decodable {
        struct Failure: Decodable { var code: String }

        var target: String
        var ok: Bool
        var reachable: Bool
        var keyAccepted: Bool
        var version: String?
        var clockDifference: Int?
        var milliseconds: Int?
        var warning: String?
        var error: Failure?
    }

    private func rows(_ instance: RealInstance, _ command: String) async throws -> (rows: [Row], exit: Int32) {
        let ending = try await instance.attempt(command, "--json")
        guard let rows = try? JSONDecoder().decode([Row].self, from: Data(ending.output.utf8)) else {
            throw CommandFailed(arguments: [command], ending: ending)
        }
        return (rows, ending.status)
    }

    @Test func whenAllAreWellTheStatusIsZero() async throws {
        let site = try await Site.make()
        let text = try await site.source.run("health")
        let line = /✓ production: reachable, key accepted, production, version [0-9.]+, clock .+, \d+ ms\n/
        #expect(text.wholeMatch(of: line) != nil, "\(text)")
        let (rows, exit) = try await rows(site.source, "health")
        #expect(exit == 0 && rows.count == 1 && rows[0].ok && rows[0].reachable && rows[0].keyAccepted, "\(rows)")
        #expect(rows[0].version != nil && rows[0].clockDifference != nil && rows[0].milliseconds != nil, "\(rows)")
    }

    @Test func oneThatIsNotWellDoesNotHideTheOthers() async throws {
        let site = try await Site.make()
        let stopped = try await RealInstance.make("stopped")
        let server = try await TestServer(stopped)
        let key = try await stopped.run("keys", "show").trimmingCharacters(in: .newlines)
        let port = "http://127.0.0.1:\(server.port)"
        #expect(await server.stop() == 0)
        try await site.source.run("targets", "add", "edge", port, "--key", key)
        let wrong = ["targets", "add", "wrong", "http://127.0.0.1:\(site.server.port)", "--key", key]
        #expect(try await site.source.start(wrong).ending().status == 0)
        let (rows, exit) = try await rows(site.source, "health")
        let byTarget = Dictionary(uniqueKeysWithValues: rows.map { ($0.target, $0) })
        #expect(exit != 0 && rows.count == 3, "\(rows)")
        #expect(byTarget["production"]?.ok == true, "\(rows)")
        #expect(
            byTarget["edge"]?.reachable == false && byTarget["edge"]?.error?.code == "target_unreachable", "\(rows)")
        #expect(byTarget["wrong"]?.reachable == true && byTarget["wrong"]?.keyAccepted == false, "\(rows)")
        let text = try await site.source.attempt("health")
        #expect(text.status == exit && text.output.split(separator: "\n").count == 3, "\(text)")
        #expect(text.output.contains("✗ edge: Target 'edge' (127.0.0.1:\(server.port)) did not answer"), "\(text)")
    }

    @Test func aKeyThatIsNotSetConcernsOnlyItsTarget() async throws {
        let site = try await Site.make()
        try await site.source.run(
            "targets", "add", "absent", "http://127.0.0.1:\(site.server.port)", "--key-env", "TIDELOCK_UNSET_KEY")
        for command in ["health", "check"] {
            let (rows, exit) = try await rows(site.source, command)
            let byTarget = Dictionary(uniqueKeysWithValues: rows.map { ($0.target, $0) })
            #expect(exit == 78 && rows.count == 2, "\(rows)")
            #expect(byTarget["production"]?.ok == true, "\(rows)")
            #expect(byTarget["absent"]?.ok == false && byTarget["absent"]?.error?.code == "missing_setting", "\(rows)")
        }
        #expect(try await site.push().isGood, "a run with another target is none of its business")
    }

    @Test func withoutTargetsNothingIsWrong() async throws {
        let instance = try await RealInstance.make("alone")
        #expect(try await instance.run("health") == "no targets\n")
        #expect(try await rows(instance, "health").rows.isEmpty)
    }

    /// Runs get by with it, so it only warns where somebody asks whether a run could begin.
    @Test func aClockThatIsOffIsAFailureOfHealthAndAWarningOfACheck() async throws {
        let instance = try await RealInstance.make("staging")
        let key = "the-key-of-a-skewed-server"
        let server = try SkewedServer(secondsAhead: 600, key: try SyncKey(key))
        try await instance.run("targets", "add", "skewed", "http://127.0.0.1:\(server.port)", "--key", key)
        let health = try await rows(instance, "health")
        #expect(health.exit == 77 && health.rows.map(\.ok) == [false] && health.rows[0].keyAccepted, "\(health)")
        let check = try await rows(instance, "check")
        #expect(check.exit == 0 && check.rows.map(\.ok) == [true], "\(check)")
        #expect(check.rows[0].warning?.contains("10 min ahead of ours") == true, "\(check)")
    }

    /// The others are told meanwhile; this takes as long as one check may.
    @Test func oneThatNeverAnswersHoldsUpNobodyForGood() async throws {
        let site = try await Site.make()
        let silent = try Listener()
        try await site.source.run(
            "targets", "add", "silent", "http://127.0.0.1:\(silent.port)", "--key", "the-key-of-nobody-at-all")
        let (rows, exit) = try await rows(site.source, "health")
        #expect(exit == 69, "\(rows)")
        let byTarget = Dictionary(uniqueKeysWithValues: rows.map { ($0.target, $0) })
        #expect(byTarget["production"]?.ok == true && byTarget["silent"]?.error?.code == "timeout", "\(rows)")
        silent.stop()
    }
}
