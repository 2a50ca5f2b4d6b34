import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Two runs at once", .story)
struct LockTests {
    private struct Status: Decodable {
        struct Holder: Decodable {
            var pid: Int32
            var run: String
        }
        var run: Holder?
    }

    /// A push that stays at its first batch until `gate` is opened.
    private func held() async throws -> (site: Site, gate: Gate, push: RunningTool) {
        let site = try await Site.make(articles: 5)
        let gate = Gate()
        let proxy = try RecordingProxy(to: site.server.port)
        proxy.spoil { _, _ in gate.pass() }
        try await site.source.target(site.destination, at: proxy.port)
        let push = try site.source.start(["push", "production", "--json"])
        try await eventually("the push has the lock") {
            try await site.source.json(Status.self, "lock", "status").run?.pid == push.process
        }
        return (Site(source: site.source, destination: site.destination, server: site.server, proxy: proxy), gate, push)
    }

    @Test("T44, T74: the second is refused and told who is at work")
    func theSecondIsRefusedAndToldWhoIsAtWork() async throws {
        let (site, gate, push) = try await held()
        let second = try await site.push()
        #expect(second.exit == 75 && second.error?.code == "run_in_progress", "\(second)")
        #expect(second.error?.message.contains("process \(push.process) on ") == true, "\(second)")
        gate.open()
        let first = try Report(await push.ending())
        #expect(first.isGood && first.created == 5, "\(first)")
        #expect(try await site.source.json(Status.self, "lock", "status").run == nil)
    }

    @Test func aCrashFreesTheLock() async throws {
        let (site, gate, push) = try await held()
        push.send(SIGKILL)
        _ = await push.ending()
        gate.open()
        #expect(try await site.source.json(Status.self, "lock", "status").run == nil)
        let report = try await site.push()
        #expect(report.isGood && report.created == 5, "\(report)")
    }

    @Test func aResetIsSafe() async throws {
        let (site, gate, push) = try await held()
        let reset = try await site.source.run("lock", "reset")
        #expect(reset.hasPrefix("reset"), "\(reset)")
        gate.open()
        let second = try await site.push()
        let first = try Report(await push.ending())
        #expect(second.isGood || second.error != nil, "\(second)")
        #expect(first.isGood || first.error != nil, "\(first)")
        let last = try await site.push()
        #expect(last.isGood, "\(last)")
        let source = try await site.source.content()
        #expect(try await site.destination.content().hashes == source.filtered.hashes)
    }

    @Test func resettingTheDestinationStopsARunAtItsCommit() async throws {
        let (site, gate, push) = try await Site.heldAtItsCommit()
        let reset = try await site.destination.run("lock", "reset")
        #expect(reset.contains("of staging can no longer commit"), "\(reset)")
        gate.open()
        let report = try Report(await push.ending())
        #expect(report.exit != 0 && report.error != nil && !report.verified, "\(report)")
        #expect(try await site.destination.kinds().isEmpty)
        let next = try await site.push()
        #expect(next.isGood && next.created == 5, "\(next)")
    }

    @Test(.enabled(if: PrivateMount.isPermitted, "file systems may not be mounted here"))
    func theLockIsResetOnAFullDisk() async throws {
        let folder = Story.current.folder.appending(path: "small")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let script = """
            "$1" init "$2/x" && echo '{"_id":"1"}' | "$1" -C "$2/x" put content/notes - || exit 1
            dd if=/dev/zero of="$2/rest" bs=4k 2>/dev/null
            echo '{"_id":"2"}' | "$1" -C "$2/x" put content/notes - 2>/dev/null && exit 2
            "$1" -C "$2/x" lock reset && "$1" -C "$2/x" lock reset && "$1" -C "$2/x" gc
            """
        let words =
            PrivateMount(folder: folder.path, options: "size=12m").words
            + ["/bin/sh", "-c", script, "sh", RealInstance.tool.path, folder.path]
        let ending = try await RunningTool(URL(filePath: words[0]), Array(words.dropFirst())).ending()
        #expect(ending.status == 0 && ending.output.contains("reset"), "\(ending)")
    }

    @Test func aPlanIsMadeBesideARunAndDisturbsNothing() async throws {
        let (site, gate, push) = try await Site.heldAtItsCommit()
        let plan = try await site.source.report("plan")
        #expect(plan.exit == 0 && plan.created == 5, "\(plan)")
        gate.open()
        let first = try Report(await push.ending())
        #expect(first.isGood && first.created == 5, "\(first)")
        #expect(try await site.push().isGood)
    }

    @Test func twoSourcesTakeTurns() async throws {
        let (site, gate, push) = try await Site.heldAtItsCommit()
        let other = try await RealInstance.make("other")
        try await other.take(Articles.make(3, from: 40))
        try await other.target(site.destination, at: site.server.port)
        let refused = try await other.report("push", ["--timeout", "1"])
        #expect(refused.exit == 75 && refused.error?.code == "lease_held", "\(refused)")
        #expect(refused.error?.message.contains("staging") == true, "\(refused)")
        gate.open()
        #expect(try Report(await push.ending()).isGood)
        #expect(try await other.report("push").isGood)
        #expect(try await site.destination.content().count == 8)
    }
}
