import ContentModel
import Foundation
import Testing
import TidelockTestSupport

extension ExampleTests {
    @Test func logEachItemWritesALineForEveryItem() async throws {
        let site = try await Site.make()
        try await site.source.take(Articles.make(3))
        try await site.source.put("models", .object([("name", JSONDocument(string: "articles"))]))
        try await site.source.put("singletons", .object([("_model", JSONDocument(string: "site"))]))
        try site.source.use("log-each-item.lua")
        #expect(try await site.push().isGood)
        let uri = "http://127.0.0.1:\(site.server.port)"
        let lines = try await site.source.log("sync").filter { $0.message.hasPrefix("Synced ") }
        let expected =
            (0..<3).map { "Synced content item \(Articles.id($0)) to \(uri)" } + [
                "Synced models item articles to \(uri)", "Synced content item site to \(uri)",
            ]
        #expect(lines.map(\.message).sorted() == expected.sorted())
        #expect(lines.allSatisfy { $0.type == "info" })
    }

    @Test func auditLogRecordsWhatSucceededAndWhatFailed() async throws {
        let site = try await Site.make { source, destination in
            try source.use("audit-log.lua")
            try destination.use("audit-log.lua")
            try await source.take(Articles.make(3))
        }
        let collection = "sync/audit_log"
        let report = try await site.push()
        #expect(report.isGood, "\(report)")
        try await eventually("the destination records what it received") {
            try await site.destination.documents(collection).contains { $0.string("action") == "receive" }
        }
        let received = try #require(try await site.destination.documents(collection).first)
        #expect(received.string("target") == "staging")

        #expect(await site.server.stop() == 0)
        try await site.source.take(Articles.make(1, from: 9))
        #expect(try await site.push("--timeout", "1").error?.code == "target_unreachable")
        let records = try await site.source.documents(collection)
        try #require(records.count == 2, "\(records.map(\.text))")
        #expect(records.allSatisfy { $0.string("action") == "push" && $0.string("user")?.isEmpty == false })
        #expect(records.allSatisfy { $0.string("target") == "http://127.0.0.1:\(site.server.port)" })
        #expect(records[0].string("run") == report.run && records[0].member("error") == nil)
        #expect(records[1].string("error") == "target_unreachable")
        let now = Int64(Date().timeIntervalSince1970)
        #expect(records.allSatisfy { (now - 3_600...now + 60).contains($0.integer("timestamp") ?? 0) })
        #expect(try await site.source.run("documents").contains(collection))
    }

    // MARK: Search

    /// Looks for a word and logs how often it was found.
    private static func searching(_ event: String) -> String {
        """
        app.on("\(event)", function()
          app.log("found " .. app.search.query("zeppelin", { model = "articles" }).total)
        end, { name = "search", priority = -1 })

        """
    }

    private static let zeppelin = Articles.make(1, from: 70)[0].setting(
        "title", to: JSONDocument(string: "Zeppelin over the harbour"))

    private func expectRebuilt(_ instance: RealInstance, from other: String) async throws {
        try await eventually("\(instance.name) has searched its new index") {
            try await instance.log("hooks").contains { $0.message == "found 1" }
        }
        let lines = try await instance.log("sync").map(\.message)
        #expect(lines.contains("Content arrived from \(other); the search index holds 4 items"), "\(lines)")
    }

    @Test func rebuildSearchIndexFindsWhatAPullBrought() async throws {
        let site = try await Site.make()
        try await site.destination.take(Articles.make(3) + [Self.zeppelin])
        try site.source.use("rebuild-search-index.lua")
        try site.source.hook("search.lua", Self.searching("sync.pull.finished"))
        #expect(try await site.pull().isGood)
        try await expectRebuilt(site.source, from: "production")
    }

    @Test func rebuildSearchIndexFindsWhatOthersPushed() async throws {
        let site = try await Site.make { source, destination in
            try await source.take(Articles.make(3) + [Self.zeppelin])
            try destination.use("rebuild-search-index.lua")
            try destination.hook("search.lua", Self.searching("sync.receive.finished"))
        }
        #expect(try await site.push().isGood)
        try await expectRebuilt(site.destination, from: "staging")
    }

    // MARK: Status

    @Test func syncStatusAnswersHowTheLastRunEnded() async throws {
        let site = try await Site.make()
        try site.source.use("sync-status.lua")
        let server = try await TestServer(site.source)
        let fresh = try await server.get("/api/x/sync-status")
        #expect(fresh.status == 200 && fresh.json?["healthy"] == .bool(true), "\(String(describing: fresh.json))")

        try await site.source.take(Articles.make(2))
        #expect(try await site.push().isGood)
        let good = try await server.get("/api/x/sync-status")
        #expect(good.status == 200 && good.json?["healthy"] == .bool(true), "\(String(describing: good.json))")
        #expect(good.json?["lastSync"]?["peer"] == .string("production"))
        #expect(good.json?["lastSync"]?["direction"] == .string("push"))

        #expect(await site.server.stop() == 0)
        try await site.source.take(Articles.make(1, from: 9))
        #expect(try await site.push("--timeout", "1").exit != 0)
        let bad = try await server.get("/api/x/sync-status")
        #expect(bad.status == 503 && bad.json?["healthy"] == .bool(false), "\(String(describing: bad.json))")
        #expect(await server.stop() == 0)
    }
}
