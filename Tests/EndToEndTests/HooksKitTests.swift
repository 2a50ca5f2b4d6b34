import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("The kit for people who write handlers", .story)
struct HooksKitTests {
    private struct TestReport: Decodable {
        struct Result: Decodable {
            var name: String
            var passed: Bool
        }

        var passed: Int
        var failed: Int
        var tests: [Result]
    }

    private struct CheckReport: Decodable {
        struct Problem: Decodable {
            var file: String?
            var line: Int?
            var message: String
        }

        var problems: [Problem]
    }

    @Test func initMakesAnExampleThatIsGoodAndPasses() async throws {
        let instance = try await RealInstance.make("a")
        let made = try await instance.run("hooks", "init")
        for path in ["hooks/report-pushes.lua", "hooks/tests/report-pushes_test.lua", "hooks/.types/tidelock.lua"] {
            #expect(made.contains("made      \(path)"), "\(made)")
            #expect(FileManager.default.fileExists(atPath: instance.folder.appending(path: path).path))
        }
        #expect(try await instance.run("hooks", "check").contains("1 handlers are good"))
        let report = try await instance.json(TestReport.self, "hooks", "test")
        #expect(report.passed == 2 && report.failed == 0)
        #expect(try await instance.run("hooks", "test", "capital").contains("1 tests passed"))
    }

    @Test func initAndNewOverwriteNothing() async throws {
        let instance = try await RealInstance.make("a")
        try instance.hook("report-pushes.lua", "-- mine\n")
        #expect(try await instance.run("hooks", "init").contains("kept      hooks/report-pushes.lua"))
        let kept = try String(contentsOf: instance.hooks.appending(path: "report-pushes.lua"), encoding: .utf8)
        #expect(kept == "-- mine\n")
        let refused = try await instance.attempt("hooks", "new", "sync.push.before", "--name", "report-pushes")
        #expect(refused.status == 64 && refused.errors.contains("nothing was changed"), "\(refused)")
    }

    @Test func newWritesAHandlerThatLoads() async throws {
        let instance = try await RealInstance.make("a")
        #expect(
            try await instance.run("hooks", "new", "sync.content.before", "--name", "10-strip")
                == "made hooks/10-strip.lua\n")
        #expect(try await instance.run("hooks", "list").contains("10-strip"))
        let unknown = try await instance.attempt("hooks", "new", "sync.contnt.before")
        #expect(unknown.status == 64 && unknown.errors.contains("Did you mean 'sync.content.before'?"), "\(unknown)")
        for command in ["run", "new"] {
            let ending = try await instance.attempt("hooks", command, "nope")
            let isSaid = ending.errors.hasPrefix("tidelock: There is no event 'nope'.\nTry: Events are ")
            #expect(ending.status == 64 && isSaid, "\(ending)")
        }
        let outside = try await instance.attempt("hooks", "new", "sync.push.before", "--name", "../x")
        #expect(outside.status != 0 && outside.errors.contains("'../x'"), "\(outside)")
    }

    @Test func checkNamesFileLineAndSuggestion() async throws {
        let instance = try await RealInstance.make("a")
        try instance.hook(
            "a.lua", "app.on(\"sync.push.finished\", function(target, ctx)\n  app.lgo(trget.uri)\nend)\n")
        let ending = try await instance.attempt("hooks", "check")
        #expect(ending.status == 70)
        #expect(ending.output.contains("hooks/a.lua:2: there is no 'app.lgo'. Did you mean 'app.log'?"), "\(ending)")
        #expect(ending.output.contains("undeclared global 'trget'. Did you mean 'target'?"))
        #expect(ending.output.contains("    2 | app.lgo(trget.uri)"))
        let report = try JSONDecoder().decode(
            CheckReport.self, from: Data(try await instance.attempt("hooks", "check", "--json").output.utf8))
        #expect(report.problems.count == 2 && report.problems.allSatisfy { $0.line == 2 && $0.file == "hooks/a.lua" })
    }

    @Test func testShowsWhatWasExpectedAndFails() async throws {
        let instance = try await RealInstance.make("a")
        let none = try await instance.attempt("hooks", "test")
        #expect(none.status == 66 && none.errors.contains("no test"), "\(none)")
        try FileManager.default.createDirectory(
            at: instance.hooks.appending(path: "tests"), withIntermediateDirectories: true)
        try instance.hook(
            "tests/a_test.lua",
            """
            it("compares", function()
              expect({ a = 1, b = 2 }).to_equal({ a = 1, b = 3 })
            end)
            it("passes", function() end)
            """)
        let ending = try await instance.attempt("hooks", "test")
        #expect(ending.status == 70)
        for text in [
            "FAILED  compares", "hooks/tests/a_test.lua:2:", "-   b = 3,", "+   b = 2,", "1 of 2 tests failed",
        ] {
            #expect(ending.output.contains(text), "\(text) is missing: \(ending)")
        }
        #expect(!ending.output.contains("\u{1B}"))
    }

    @Test func runShowsDifferencesAndStoresNothing() async throws {
        let instance = try await RealInstance.make("a")
        try instance.hook(
            "a.lua",
            """
            app.on("sync.content.before", function(items, ctx)
              for _, item in ipairs(items) do
                if item.draft then ctx.drop(item, "a draft") else item.secret = nil end
              end
            end, { models = { "news" } })
            app.on("sync.push.before", function(target, jobs, ctx) ctx.deny("not " .. target.name) end)
            """)
        let items = """
            {"_id":"1","title":"one","secret":"x"}
            {"_id":"2","title":"two"}
            {"_id":"3","draft":true}
            """
        let output = try await instance.start(
            ["hooks", "run", "sync.content.before", "--items", "-", "--model", "news"], input: items
        ).ending()
        #expect(output.status == 0, "\(output)")
        for text in ["1  changed", "-   \"secret\": \"x\"", "3  dropped: a draft", "1 changed, 1 unchanged, 1 dropped"]
        {
            #expect(output.output.contains(text), "\(text) is missing: \(output)")
        }
        #expect(try await instance.run("kinds").contains("news") == false)
        let denied = try await instance.attempt("hooks", "run", "sync.push.before", "--target", "production")
        #expect(denied.status == 77 && denied.output.contains("denied: not production"), "\(denied)")
        let json = try await instance.attempt("hooks", "run", "sync.push.before", "--json")
        #expect(JSONValue(try JSONDocument(validating: json.output))["denied"] == "not staging", "\(json)")
    }

    @Test func statusTellsTheGenerationOrWhyThereIsNone() async throws {
        let instance = try await RealInstance.make("a")
        try instance.hook("a.lua", "app.on('sync.push.finished', function() end)")
        #expect(try await instance.run("hooks", "status").contains("hooks/a.lua"))
        try instance.hook("a.lua", "app.on(")
        let ending = try await instance.attempt("hooks", "status")
        #expect(ending.status == 70 && ending.output.contains("rejected    hooks/a.lua:1"), "\(ending)")
    }

    @Test func typesAreWrittenAgainAndPeoplesFilesAreNot() async throws {
        let instance = try await RealInstance.make("a")
        #expect(try await instance.run("hooks", "types").contains("made      hooks/REFERENCE.md"))
        #expect(try await instance.run("hooks", "types").contains("unchanged hooks/REFERENCE.md"))
        try instance.hook("REFERENCE.md", "my notes\n")
        let ending = try await instance.attempt("hooks", "types")
        #expect(ending.status == 64 && ending.errors.contains("hooks/REFERENCE.md"), "\(ending)")
        let notes = try String(contentsOf: instance.hooks.appending(path: "REFERENCE.md"), encoding: .utf8)
        #expect(notes == "my notes\n")
    }
}
