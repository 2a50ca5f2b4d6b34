import Foundation
import Testing
import TidelockTestSupport

@Suite("The record of runs that handlers read", .story)
struct SyncLogTests {
    private struct LogRow: Decodable {
        var message: String
    }

    private func told(_ instance: RealInstance) async throws -> [String] {
        try await instance.json([LogRow].self, "log", "--channel", "told").map(\.message)
    }

    /// A handler that says what the newest record tells.
    private func teller(_ event: String, _ other: String) -> String {
        """
        app.on("\(event)", function(...)
          local ctx = select(select("#", ...), ...)
          local last = app.storage.findOne("sync/log", { sort = { timestamp = -1 } })
          local what = { last.direction, last.\(other).name, last.status, last.created, tostring(last.run == ctx.run) }
          app.log(table.concat(what, " "), { channel = "told" })
        end)

        """
    }

    @Test("T51: names the last run on both sides")
    func namesTheLastRunOnBothSides() async throws {
        let source = try await RealInstance.make("staging")
        let destination = try await RealInstance.make("production")
        try source.hook("log.lua", teller("sync.push.finished", "target") + teller("sync.push.failed", "target"))
        try destination.hook("log.lua", teller("sync.receive.finished", "origin"))
        let server = try await TestServer(destination)
        try await source.target(destination, at: server.port)
        try await source.take(Articles.make(3))
        #expect(try await source.report("push").isGood)
        #expect(try await told(source) == ["push production committed 3 true"])
        try await eventually("the destination is told") { try await !told(destination).isEmpty }
        #expect(try await told(destination).first == "receive staging committed 3 true")
        #expect(await server.stop() == 0)
    }
}
