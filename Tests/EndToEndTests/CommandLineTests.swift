import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Mistakes on the command line and in the configuration", .story)
struct CommandLineTests {
    /// One sentence (and perhaps a hint) on standard error that names what is wrong, nothing on standard output.
    private func expectComplaint(
        _ ending: RunningTool.Ending, status: Int32, _ words: String..., at location: SourceLocation = #_sourceLocation
    ) {
        #expect(ending.status == status, "\(ending)", sourceLocation: location)
        #expect(ending.output.isEmpty, sourceLocation: location)
        for word in words { #expect(ending.errors.contains(word), "\(ending.errors)", sourceLocation: location) }
        #expect(!ending.errors.contains("Fatal error"), sourceLocation: location)
    }

    private func tool(_ arguments: String..., in folder: URL? = nil) async throws -> RunningTool.Ending {
        try await RunningTool(RealInstance.tool, arguments, in: folder ?? Story.current.folder).ending()
    }

    @Test(arguments: [["--help"], ["push", "--help"], ["help", "pull"], ["hooks", "dead", "--help"]])
    func helpIsNoMistake(arguments: [String]) async throws {
        let ending = try await RunningTool(RealInstance.tool, arguments, in: Story.current.folder).ending()
        #expect(ending.status == 0 && ending.output.contains("USAGE:") && ending.errors.isEmpty, "\(ending)")
    }

    @Test(arguments: [
        "push production", "pull production", "plan production", "run jobs.lua", "item push production posts 1",
        "item pull production posts 1",
    ])
    func everyCommandThatRunsNamesTheSameGuards(command: String) async throws {
        func attempt(_ options: String...) async throws -> RunningTool.Ending {
            let arguments = command.split(separator: " ").map(String.init) + options
            return try await RunningTool(RealInstance.tool, arguments, in: Story.current.folder).ending()
        }
        let help = try await attempt("--help").output
        let words = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for option in [
            "--confirm-missing-filters Send although a filter handler that was used last time is gone.",
            "--include-reverted Send items again that a rollback took back at the destination.",
            "--fail-on-dangling Refuse the run when links of what it sends would lead nowhere.",
            "--fail-on-schema Refuse the run when definitions of models that it changes or deletes break items there.",
            "--timeout <timeout> Seconds to keep trying while nothing gets through. Where something listens, its answer "
                + "is waited for 7 seconds at least. (default: 30)",
        ] {
            #expect(words.contains(option), "\(command): \(help)")
        }
        expectComplaint(try await attempt("--timeout", "0"), status: 64, "1 to 86400 seconds")
    }

    @Test func unknownCommand() async throws {
        expectComplaint(
            try await tool("pusch"), status: 64, "tidelock: There is no command 'pusch'. Did you mean 'push'?", "Try: ")
        expectComplaint(try await tool("assets", "add", "x"), status: 64, "Did you mean 'asset'?")
    }

    @Test func unknownOption() async throws {
        let instance = try await RealInstance.make("a")
        expectComplaint(try await instance.attempt("kinds", "--jsno"), status: 64, "--jsno")
    }

    @Test func unknownTarget() async throws {
        let site = try await Site.make()
        expectComplaint(
            try await site.source.attempt("push", "produktion"), status: 66, "'produktion'",
            "Did you mean 'production'?")
        let report = try Report(try await site.source.attempt("push", "produktion", "--json"))
        #expect(report.exit == 66 && report.status == "failed" && report.error?.code == "unknown_target", "\(report)")
    }

    @Test func whoAsksForJSONGetsOneObjectAlsoWhenACommandFails() async throws {
        struct Answer: Decodable {
            var error: Report.Failure
        }
        let site = try await Site.make(articles: 1)
        let (instance, file) = (site.source, site.source.folder.appending(path: "tidelock.lua").path)
        let failures: [(arguments: [String], code: String, status: Int32)] = [
            (["rollback", "nope"], "unknown_run", 66), (["runs", "show", "nope"], "unknown_run", 66),
            (["verify", "nope"], "unknown_target", 66), (["backup", file], "usage", 64),
            (["conflicts", "show", "99"], "unknown_conflict", 66), (["apply", file], "invalid_json", 65),
            (["audit", "--limit", "0"], "usage", 64), (["runs", "--limit=-1"], "usage", 64),
            (["log", "--limit", "0"], "usage", 64), (["lock", "reset", "--jsno"], "usage", 64),
        ]
        for failure in failures {
            let ending = try await instance.start(failure.arguments + ["--json"]).ending()
            let answer = try JSONDecoder().decode(Answer.self, from: Data(ending.output.utf8))
            #expect(ending.status != 0 && !ending.errors.isEmpty, "\(failure): \(ending)")
            #expect(ending.status == failure.status && answer.error.code == failure.code, "\(failure): \(ending)")
        }
        struct Reset: Decodable {
            var lockFile: Bool
        }
        _ = try await instance.json(Reset.self, "lock", "reset").lockFile
    }

    @Test(arguments: [
        "put content/articles nofile", "import nofile", "import cockpit nofile", "apply nofile", "run nofile",
        "run nofile.lua", "lokalize import site nofile", "asset add nofile", "hooks bench nofile",
        "hooks run sync.content.before --items nofile",
    ])
    func aFileThatIsNotThere(command: String) async throws {
        let instance = try await RealInstance.make("a")
        let ending = try await instance.start(command.split(separator: " ").map(String.init)).ending()
        expectComplaint(ending, status: 66, "tidelock: There is no f", "nofile", "\nTry: Check the path")
    }

    /// What `--experimental-dump-help` tells of a command.
    private struct Described: Decodable {
        struct Argument: Decodable {
            struct Name: Decodable { var name: String }
            var names: [Name]?
        }

        var commandName: String
        var subcommands: [Described]?
        var arguments: [Argument]?

        /// Those that do something, each with the words that lead to it.
        func leaves(_ words: [String] = []) -> [(words: String, takesJSON: Bool)] {
            let words = words + [commandName]
            let below = (subcommands ?? []).filter { $0.commandName != "help" }
            guard below.isEmpty else { return below.flatMap { $0.leaves(words) } }
            let names = (arguments ?? []).flatMap { $0.names ?? [] }
            return [(words.joined(separator: " "), names.contains { $0.name == "json" })]
        }
    }

    @Test func everyCommandButTheServerTakesJSON() async throws {
        struct Dump: Decodable { var command: Described }
        let text = try await tool("--experimental-dump-help").output
        let leaves = try JSONDecoder().decode(Dump.self, from: Data(text.utf8)).command.leaves()
        #expect(leaves.count > 40)
        #expect(leaves.filter { !$0.takesJSON }.map(\.words) == ["tidelock serve"])
    }

    @Test func whatChangesSomethingTellsItAsJSON() async throws {
        let instance = try await RealInstance.make("a")
        let file = instance.folder.appending(path: "one.json").path
        try #"{"_id":"1"}"#.write(toFile: file, atomically: true, encoding: .utf8)
        let out = Story.current.folder.appending(path: "exported").path
        let commands: [(arguments: [String], member: String, value: JSONValue)] = [
            (["put", "content/posts", file], "result", "created"), (["get", "content/posts", "1"], "_id", "1"),
            (["export", out], "kinds", ["content/posts"]), (["rm", "content/posts", "1"], "result", "removed"),
            (["targets", "add", "b", "http://127.0.0.1:1", "--key", "the-key-of-nobody-at-all"], "name", "b"),
            (["targets", "remove", "b"], "name", "b"), (["apikeys", "add", "site"], "name", "site"),
            (["apikeys", "remove", "site"], "name", "site"), (["asset", "mkdir", "Photos"], "name", "Photos"),
            (["hooks", "new", "sync.push.before"], "result", "made"),
            (["conflicts", "resolve", "--all", "--target"], "resolved", 0), (["init", "--new-identity"], "name", "a"),
        ]
        for command in commands {
            let ending = try await instance.start(command.arguments + ["--json"]).ending()
            let answer = JSONValue(try JSONDocument(validating: ending.output))
            #expect(ending.status == 0 && answer[command.member] == command.value, "\(command): \(ending)")
        }
        let (shown, key) = (try await instance.run("keys", "show", "--json"), try await instance.run("keys", "show"))
        let told = JSONValue(try JSONDocument(validating: shown))["key"]
        #expect(told == .string(key.trimmingCharacters(in: .newlines)))
        let failed = try await instance.attempt("get", "content/posts", "1", "--json")
        let error = JSONValue(try JSONDocument(validating: failed.output))["error"]
        #expect(failed.status == 66 && error?["code"] == "unknown_item", "\(failed)")
    }

    @Test func onlyATargetThatACommandAddedIsRemovedByOne() async throws {
        let site = try await Site.make()
        expectComplaint(
            try await site.source.attempt("targets", "remove", "produktion"), status: 66, "Did you mean 'production'?")
        try site.source.configure(
            "return {",
            "return {\n  targets = { edge = { uri = \"http://127.0.0.1:1\", syncKey = \"the-key-of-nobody-at-all\" } },"
        )
        expectComplaint(
            try await site.source.attempt("targets", "remove", "edge"), status: 64, "Target 'edge' stands in ",
            "tidelock.lua", "Try: Remove it there.")
    }

    @Test func unknownKind() async throws {
        let instance = try await RealInstance.make("a")
        expectComplaint(try await instance.attempt("ls", "contents/articles"), status: 66, "contents/articles")
        try await instance.take(Articles.make(1))
        for (name, meant) in [("contents/articles", "content/articles"), ("artciles", "articles")] {
            expectComplaint(try await instance.attempt("ls", name), status: 66, "Did you mean '\(meant)'?")
        }
        expectComplaint(
            try await instance.attempt("get", "content/articles", "nobody"), status: 66, "content/articles/nobody")
    }

    @Test func anAPIKeyThatIsNotThere() async throws {
        let instance = try await RealInstance.make("a")
        try await instance.run("apikeys", "add", "website")
        expectComplaint(
            try await instance.attempt("apikeys", "remove", "webiste"), status: 66,
            "There is no API key 'webiste'. Did you mean 'website'?", "Try: 'tidelock apikeys list'")
    }

    @Test func aModelOfWhichNothingIsHere() async throws {
        let instance = try await RealInstance.make("a")
        for command in [["ls", "content/artciles"], ["drift", "--kind", "content/artciles"]] {
            expectComplaint(
                try await instance.start(command).ending(), status: 66, "There is no model 'artciles' here.",
                "Try: 'tidelock ls models'")
        }
        try await instance.take(Articles.make(1))
        for command in [["ls"], ["drift", "--kind"], ["export", "--kind"]] {
            expectComplaint(
                try await instance.start(command + ["content/artciles"]).ending(), status: 66,
                "There is no model 'artciles' here. Did you mean 'articles'?")
            expectComplaint(
                try await instance.start(command + ["lokalize/keys/shop"]).ending(), status: 66,
                "There is no project 'shop' here.", "Try: 'tidelock lokalize projects'")
        }
    }

    @Test func aModelWithoutItemsIsNoMistake() async throws {
        let instance = try await RealInstance.make("a")
        try await instance.put("models", try JSONDocument(validating: #"{"name":"notes"}"#))
        try await instance.take(Articles.make(1))
        try await instance.run("rm", "articles", Articles.id(0))
        for kind in ["content/notes", "content/articles", "lokalize/projects"] {
            let listed = try await instance.run("ls", kind, "--json")
            #expect(try JSONDocument(validating: listed).elements.isEmpty, "\(kind): \(listed)")
            #expect(try await instance.run("export", "--kind", kind).isEmpty, "\(kind)")
        }
        #expect(try await instance.run("drift", "--kind", "content/notes").contains("no drift"))
    }

    @Test func aFilterThatIsNone() async throws {
        let site = try await Site.make()
        expectComplaint(
            try await site.source.attempt("push", "production", "--filter", "{\"a\":"), status: 65, "filter")
    }

    @Test func aTargetThatDoesNotAnswer() async throws {
        let site = try await Site.make(articles: 1)
        #expect(await site.server.stop() == 0)
        let report = try await site.push("--timeout", "1")
        #expect(report.exit == 69 && report.error?.code == "target_unreachable", "\(report)")
        let ending = try await site.source.attempt("push", "production", "--timeout", "1")
        expectComplaint(ending, status: 69, "127.0.0.1")
    }

    @Test func jsonIsOneObjectWhateverHappens() async throws {
        let site = try await Site.make(articles: 3)
        for arguments in [
            ["plan", "production"], ["push", "production", "--dry-run"], ["push", "production"],
            ["pull", "production"],
        ] {
            let ending = try await site.source.start(arguments + ["--json"]).ending()
            let object = try JSONDocument(validating: ending.output.trimmingCharacters(in: .newlines))
            #expect(object.isObject && ending.status == 0 && ending.errors.isEmpty, "\(arguments): \(ending)")
        }
    }

    @Test func withoutATerminalThereAreNoControlCharacters() async throws {
        let site = try await Site.make(articles: 3)
        let ending = try await site.source.attempt("push", "production")
        #expect(ending.status == 0)
        for text in [ending.output, ending.errors] {
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }, "\(text)")
        }
    }

    // MARK: Where

    @Test func instancesAreFoundFromFoldersBelow() async throws {
        let instance = try await RealInstance.make("a")
        try await instance.take(Articles.make(2))
        let below = instance.storage.appending(path: "tmp/deep")
        try FileManager.default.createDirectory(at: below, withIntermediateDirectories: true)
        for folder in [instance.folder, below] {
            let ending = try await tool("kinds", in: folder)
            #expect(ending.status == 0 && ending.output.contains("content/articles"), "\(ending)")
        }
        expectComplaint(try await tool("kinds", in: Story.current.folder), status: 78, "-C DIR")
        expectComplaint(try await tool("-C", below.path, "kinds"), status: 78, "tidelock.lua")
    }

    @Test func initIsPrivateAndOverwritesNothing() async throws {
        let instance = try await RealInstance.make("a")
        let files = FileManager.default
        func permissions(_ name: String) throws -> Int? {
            try files.attributesOfItem(atPath: instance.folder.appending(path: name).path)[.posixPermissions] as? Int
        }
        #expect(try permissions("storage") == 0o700)
        #expect(try permissions(".env") == 0o600)
        let key = try await instance.run("keys", "show").trimmingCharacters(in: .newlines)
        #expect(key.wholeMatch(of: /[0-9a-f]{40}/) != nil)
        expectComplaint(try await tool("init", instance.folder.path), status: 64, "nothing was changed")
        #expect(try await instance.run("keys", "show").trimmingCharacters(in: .newlines) == key)
    }

    // MARK: Configuration

    @Test func aMistypedSetting() async throws {
        let instance = try await RealInstance.make("a")
        try instance.configure("syncKey =", "synckey =")
        expectComplaint(try await instance.attempt("kinds"), status: 78, "sync.synckey", "Did you mean 'syncKey'?")
    }

    @Test func aKeyForWhatIsNoKind() async throws {
        let instance = try await RealInstance.make("a")
        try instance.configure(
            "sync = { ", "sync = { keys = { { key = \"a-key-of-some-length-for-tests\", kinds = { \"posts\" } } }, ")
        expectComplaint(try await instance.attempt("kinds"), status: 78, "sync.keys[1].kinds", "'posts' is not a kind")
    }

    @Test func aMissingVariable() async throws {
        let instance = try await RealInstance.make("a")
        try instance.configure("TIDELOCK_SYNC_KEY", "TIDELOCK_NO_SUCH_KEY")
        expectComplaint(try await instance.attempt("kinds"), status: 78, "TIDELOCK_NO_SUCH_KEY", "tidelock.lua:")
    }

    @Test func aSyntaxError() async throws {
        let instance = try await RealInstance.make("a")
        try instance.configure("name = ", "name == ")
        expectComplaint(try await instance.attempt("kinds"), status: 78, "tidelock.lua:3")
    }

    /// What helps to find out what is wrong needs no settings.
    @Test func aSyntaxErrorDoesNotHideWhatHappened() async throws {
        let instance = try await RealInstance.make("a")
        try await instance.take(Articles.make(1))
        try instance.configure("name = ", "name == ")
        for command in [["log"], ["runs"], ["audit"], ["lock"], ["lock", "reset"], ["gc"]] {
            let ending = try await instance.start(command).ending()
            #expect(ending.status == 0 && ending.errors.contains("tidelock.lua:3"), "\(command): \(ending)")
        }
    }

    @Test func aShortKey() async throws {
        let instance = try await RealInstance.make("a")
        try instance.configure("env(\"TIDELOCK_SYNC_KEY\")", "\"only-19-characters!\"")
        expectComplaint(try await instance.attempt("kinds"), status: 78, "sync.syncKey", "20")
        let other = try await RealInstance.make("b")
        let ending = try await other.attempt("targets", "add", "x", "http://localhost:1", "--key", "short")
        #expect(ending.status != 0 && ending.errors.contains("20"), "\(ending)")
    }

    @Test func aPortThatCannotBe() async throws {
        let instance = try await RealInstance.make("a")
        for address in ["http://localhost:99999", "http://localhost:0", "http://[::1]:65536"] {
            let ending = try await instance.attempt("targets", "add", "x", address, "--key", "a-key-of-some-length")
            expectComplaint(ending, status: 78, "1 to 65535")
        }
        try await instance.run("targets", "add", "x", "http://[::1]:7100", "--key", "a-key-of-some-length")
    }
}
