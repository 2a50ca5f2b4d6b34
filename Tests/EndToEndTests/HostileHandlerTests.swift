import ContentModel
import Foundation
import Testing
import TidelockTestSupport

/// A script that must not get through.
struct HostileScript: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// What stands in line 3 of the file.
    var line: String
    /// With which code a filter fails; a gate that raises an error refuses.
    var code: String
    /// Where memory ran out nobody can tell; the handler begins in line 1.
    var place = "hooks/50-hostile.lua:3"

    static let all = [
        HostileScript(testDescription: "syntax error", line: "if then", code: "hook_load_failed"),
        HostileScript(testDescription: "runtime error", line: "local x = nil + 1", code: "hook_failed"),
        HostileScript(testDescription: "endless loop", line: "while true do end", code: "hook_limit"),
        HostileScript(
            testDescription: "endless loop inside pcall",
            line: "while true do pcall(function() while true do end end) end", code: "hook_limit"),
        HostileScript(
            testDescription: "string of a gigabyte", line: "local s = string.rep('x', 1 << 30)", code: "hook_failed"),
        HostileScript(
            testDescription: "string that grows to a gigabyte",
            line: "local s = 'x'; while #s < 1 << 30 do s = s .. s end", code: "hook_limit",
            place: "hooks/50-hostile.lua:1"),
        HostileScript(testDescription: "os.execute", line: "os.execute('touch MARK')", code: "hook_failed"),
    ]

    func file(_ event: String, mark: URL) -> String {
        """
        app.on("\(event)", function(first, ctx)
          local nothing = 1
          \(line.replacing("MARK", with: mark.path))
        end, { name = "hostile" })

        """
    }
}

@Suite("Scripts that are wrong or hostile", .story)
struct HostileHandlerTests {
    private var mark: URL { Story.current.folder.appending(path: "mark") }

    private func expect(_ report: Report, _ script: HostileScript) {
        #expect(report.exit == 70 && report.status == "failed" && report.error?.code == script.code, "\(report)")
        #expect(report.error?.message.contains(script.place) == true, "\(report)")
        #expect(!FileManager.default.fileExists(atPath: mark.path), "a script ran a program")
    }

    @Test(arguments: HostileScript.all)
    func stopAPushAtItsSource(script: HostileScript) async throws {
        let site = try await Site.make(articles: 12)
        try site.source.hook("50-hostile.lua", script.file("sync.content.before", mark: mark))
        expect(try await site.push(), script)
        #expect(try await site.destination.kinds().isEmpty)
        #expect(try await site.server.get("/api/health").status == 200)
        try site.source.hook("50-hostile.lua", nil)
        let repaired = try await site.push()
        #expect(repaired.isGood && repaired.created == 12, "\(repaired)")
    }

    /// On a pull the handlers of the serving process run.
    @Test(arguments: HostileScript.all)
    func stopAPullAtTheServer(script: HostileScript) async throws {
        let (server, puller) = try await served(script, event: "sync.content.before")
        expect(try await puller.report("pull"), script)
        #expect(try await puller.kinds().isEmpty)
        try await expectLife(of: server, puller)
    }

    /// Whoever asks learns the handler and its file; the line that failed stands in the log of the instance.
    @Test(arguments: HostileScript.all)
    func stopRequestsAtTheServer(script: HostileScript) async throws {
        let (server, pusher) = try await served(script, event: "sync.request.before")
        try await pusher.take(Articles.make(2, from: 300))
        let before = try await server.instance.kinds()
        let report = try await pusher.report("push")
        let code = script.code == "hook_failed" ? "hook_refused" : script.code
        #expect(report.exit != 0 && report.error?.code == code, "\(report)")
        #expect(report.error?.message.contains("hooks/50-hostile.lua:") == true, "\(report)")
        #expect(try await server.instance.run("log", "--channel", "hooks").contains(script.place))
        #expect(!FileManager.default.fileExists(atPath: mark.path), "a script ran a program")
        #expect(try await server.instance.kinds() == before)
        try await expectLife(of: server, pusher)
    }

    /// An instance with content and the script, served, and another that can reach it.
    private func served(_ script: HostileScript, event: String) async throws -> (TestServer, RealInstance) {
        let instance = try await RealInstance.make("origin")
        try await instance.take(Articles.make(12))
        try instance.hook("50-hostile.lua", script.file(event, mark: mark))
        let server = try await TestServer(instance)
        let other = try await RealInstance.make("other")
        try await other.target(instance, at: server.port)
        return (server, other)
    }

    /// The process that met the script goes on, and works once the script is gone.
    private func expectLife(of server: TestServer, _ puller: RealInstance) async throws {
        #expect(!server.tool.hasEnded)
        try server.instance.hook("50-hostile.lua", nil)
        try await eventually("the server runs without the script") {
            try await server.instance.run("log", "--channel", "hooks").split(separator: "\n").last?.contains(
                "Loaded 0 handlers") == true
        }
        let report = try await puller.report("pull")
        #expect(report.isGood && report.created == 12, "\(report)")
        #expect(await server.stop() == 0)
    }
}
