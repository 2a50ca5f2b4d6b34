import ContentModel
import Foundation
import SyncEngine
import Testing
import TidelockTestSupport

@Suite("Who did what, when and from where", .story)
struct AuditTests {
    private struct Row: Decodable, CustomStringConvertible {
        var action: String
        var actor: String?
        var name: String?
        var address: String?
        var target: String?
        var run: String?
        var outcome: String
        var note: String?
        var counts: [String: Int]

        var description: String {
            "\(action) \(target ?? "-") \(outcome) by \(name ?? actor ?? "-") from \(address ?? "-")"
        }
    }

    private func rows(_ instance: RealInstance, _ arguments: String...) async throws -> [Row] {
        let ending = try await instance.start(["audit", "--limit", "1000", "--json"] + arguments).ending()
        try #require(ending.status == 0, "\(ending)")
        return try JSONDecoder().decode([Row].self, from: Data(ending.output.utf8))
    }

    /// Everything that the log of an instance says, in both forms.
    private func everything(_ instance: RealInstance) async throws -> String {
        try await instance.run("audit", "--limit", "1000") + instance.run("audit", "--limit", "1000", "--json")
    }

    @Test func runsAreOnTheRecordOfBothSides() async throws {
        let site = try await Site.make(articles: 5)
        let plan = try await site.source.report("plan")
        let push = try await site.push()
        #expect(plan.exit == 0 && push.isGood && push.created == 5, "\(push)")

        let here = try await rows(site.source)
        #expect(here.map(\.action) == ["target-add", "import", "plan", "push"], "\(here)")
        #expect(here.allSatisfy { $0.actor != nil && $0.address != nil && $0.outcome == "ok" }, "\(here)")
        #expect(here[2].target == "production" && here[2].counts["created"] == 5, "\(here)")
        #expect(here[3].run == push.run && here[3].counts["created"] == 5, "\(here)")

        let there = try await rows(site.destination).filter { $0.action != "key-show" }
        #expect(there.first?.action == "open" && there.first?.note?.hasPrefix("plan of a push") == true, "\(there)")
        let commit = try #require(there.first { $0.action == "commit" }, "\(there)")
        #expect(commit.run == push.run && commit.counts["created"] == 5, "\(commit)")
        #expect(there.allSatisfy { $0.name == "staging" && $0.address == "127.0.0.1" }, "\(there)")
    }

    @Test func refusedRunsAreOnTheRecordWithTheirCode() async throws {
        let site = try await Site.make(articles: 3)
        try await site.source.target(site.destination, at: site.server.port, key: "not-the-key-of-anybody")
        #expect(try await site.push().error?.code == "unknown_key")
        #expect(try await rows(site.source, "--action", "push").map(\.outcome) == ["unknown_key"])
        let refused = try await rows(site.destination, "--action", "refuse")
        #expect(refused.map(\.outcome) == ["unknown_key"], "\(refused)")
        #expect(refused.map(\.address) == ["127.0.0.1"] && refused.map(\.actor) == [nil], "\(refused)")
        for text in [try await everything(site.source), try await everything(site.destination)] {
            #expect(!text.contains("not-the-key-of-anybody"))
        }
    }

    @Test func whatTakesSomethingBackIsOnTheRecord() async throws {
        let site = try await Site.make(articles: 3)
        let first = try await site.push()
        #expect(first.isGood)
        try await site.source.run("rollback", first.run)
        try await site.destination.run("lock", "reset")
        let here = try await rows(site.source, "--action", "rollback")
        #expect(here.map(\.target) == ["production"] && here.map(\.run) == [first.run], "\(here)")
        #expect(here.first?.counts["restored"] == 3, "\(here)")
        let there = try await rows(site.destination, "--run", first.run, "--action", "rollback")
        #expect(there.map(\.name) == ["staging"] && there.map(\.address) == ["127.0.0.1"], "\(there)")
        let reset = try await rows(site.destination, "--action", "lock-reset")
        #expect(reset.map(\.outcome) == ["ok"] && reset.first?.actor != nil && reset.first?.address != nil, "\(reset)")
        let again = try await site.source.attempt("rollback", "ffff")
        #expect(again.status == 66, "\(again)")
    }

    @Test func neitherSecretsNorContentsAreInIt() async throws {
        let site = try await Site.make(articles: 3)
        try await site.source.edit("content/articles", [Articles.id(0)], "title", "a-text-of-an-item")
        #expect(try await site.push("--filter", #"{"title":"a-text-of-an-item"}"#).isGood)
        let secret = try await site.destination.run("keys", "show").trimmingCharacters(in: .newlines)
        let api = try await site.destination.run("apikeys", "add", "app").trimmingCharacters(in: .newlines)
        for text in [try await everything(site.source), try await everything(site.destination)] {
            for word in [secret, api, "a-text-of-an-item"] { #expect(!text.contains(word)) }
        }
        let actions = try await rows(site.destination).map(\.action)
        #expect(actions.contains("key-show") && actions.contains("apikey-add"), "\(actions)")
    }

    @Test func whatLeavesByFilesIsOnTheRecord() async throws {
        let instance = try await RealInstance.make("alone")
        try await instance.take(Articles.make(1))
        let file = Story.current.folder.appending(path: "copy.sqlite").path
        try await instance.run("backup", file)
        #expect(try await instance.attempt("backup", file).status == 64)
        try await instance.run("export", "--kind", "content/articles")
        try await instance.run("verify", "--repair")
        let rows = try await rows(instance)
        #expect(rows.map(\.action) == ["import", "backup", "backup", "export"], "\(rows)")
        #expect(rows.map(\.outcome) == ["ok", "ok", "usage", "ok"] && rows[1].target == file, "\(rows)")
        #expect(rows.last?.note == "content/articles" && rows.allSatisfy { $0.actor != nil }, "\(rows)")
    }

    @Test func itIsReadByTimeAndMistakesAreNamed() async throws {
        let instance = try await RealInstance.make("alone")
        try await instance.take(Articles.make(1))
        #expect(try await rows(instance, "--since", "1h").count == 1)
        #expect(try await rows(instance, "--since", "2999-01-01").isEmpty)
        #expect(try await rows(instance, "--since", "2020-01-01T00:00:00Z").count == 1)
        let line = try await instance.run("audit")
        #expect(line.contains(" from ") && line.contains("  import ") && line.contains("ok, "), "\(line)")
        let mistakes = [("--since", "yesterday", "90m"), ("--action", "pusch", "push"), ("--limit", "0", "--limit")]
        for (option, value, word) in mistakes {
            let ending = try await instance.attempt("audit", option, value)
            #expect(ending.status == 64 && ending.errors.contains(word), "\(ending)")
        }
    }

    /// The list of actions is declared once; the help and the README say the same.
    @Test func everyActionIsExplained() async throws {
        let words = { (text: String) in text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        let help = words(try await runTool("audit", "--help"))
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let readme = words(try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8))
        for action in AuditAction.allCases {
            #expect(help.contains("\(action.rawValue) \(action.meaning)"), "\(action)")
        }
        let list = AuditAction.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        #expect(readme.contains(list), "README.md must list: \(list)")
    }
}
