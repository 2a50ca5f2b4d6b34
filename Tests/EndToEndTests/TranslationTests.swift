import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Translations", .story)
struct TranslationTests {
    private struct Rollback: Decodable { var restored: Int }
    private struct Run: Decodable { var id: String }

    private struct Project: Decodable, Equatable {
        struct Locale: Decodable, Equatable {
            var locale: String
            var translated: Int
            var missing: Int
        }

        var name: String
        var keys: Int
        var locales: [Locale]
    }

    private struct Intake: Decodable, Equatable {
        var isNew: Bool
        var created: Int
        var updated: Int
        var unchanged: Int
    }

    /// `{key: {locale: text}}` of so many keys.
    private func file(_ keys: Range<Int>, _ texts: (Int) -> String) -> String {
        "{" + keys.map { "\"page.\(10_000 + $0)\":{\(texts($0))}" }.joined(separator: ",") + "}"
    }

    /// Takes a file into the project `shop`.
    private func take(_ text: String, into instance: RealInstance, _ options: String...) async throws -> Intake {
        let ending = try await instance.start(
            ["lokalize", "import", "shop", "-", "--json"] + options, input: text
        ).ending()
        guard ending.status == 0 else { throw CommandFailed(arguments: ["lokalize import"], ending: ending) }
        return try JSONDecoder().decode(Intake.self, from: Data(ending.output.utf8))
    }

    /// The stored bytes of every key, one item a line, by key.
    private func stored(_ instance: RealInstance) async throws -> [String: String] {
        var stored: [String: String] = [:]
        for line in try await instance.run("export", "--kind", "lokalize/keys/shop").split(separator: "\n") {
            let item = try #require(try JSONDocument(validating: String(line)).member("item"))
            stored[try #require(item.string("key"))] = item.text
        }
        return stored
    }

    @Test func aDestinationKeepsItsOwnUntilARunOverrides() async throws {
        let site = try await Site.make()
        let new = try await take(
            file(0..<10_000) { "\"en\":\"Text \($0)\",\"de\":\"W\\u00f6rter \($0)\"" }, into: site.source)
        #expect(new == Intake(isNew: true, created: 10_000, updated: 0, unchanged: 0))
        _ = try await take(file(0..<3_000) { "\"en\":\"Own \\u0026 old \($0)\"" }, into: site.destination)
        let own = try await stored(site.destination)
        let all = try await stored(site.source)
        try #require(own.count == 3_000 && all.count == 10_000)
        let kept = all.merging(own) { $1 }

        let first = try await site.push("--missing-keys-only")
        // The project is there already too, and stays as it is.
        #expect(first.isGood && first.created == 7_000 && first.updated == 0 && first.skipped == 3_001, "\(first)")
        #expect(first.conflicts == 0 && first.conflictList.isEmpty, "\(first)")
        #expect(try await stored(site.destination) == kept)
        let second = try await site.push("--missing-keys-only")
        #expect(second.isGood && second.status == "unchanged" && second.roundTrips == 1, "\(second)")

        _ = try await site.destination.json(Rollback.self, "rollback", first.run)
        #expect(try await stored(site.destination) == own)
        let again = try await site.push("--missing-keys-only", "--include-reverted")
        #expect(again.isGood && again.created == 7_000 && again.updated == 0, "\(again)")
        #expect(try await stored(site.destination) == kept)

        let last = try await site.push("--projects", "shop")
        #expect(last.isGood && last.created == 0 && last.updated == 3_001 && last.conflicts == 3_001, "\(last)")
        #expect(try await stored(site.destination) == all)
        let quiet = try await site.push("--projects", "shop")
        #expect(quiet.isGood && quiet.sent == 0, "\(quiet)")
        try await site.destination.run("verify", "--deep")
    }

    @Test func missingValuesAreFilledIn() async throws {
        let site = try await Site.make()
        _ = try await take(#"{"home":{"en":"Home","de":"Start"},"new":{"en":"New"}}"#, into: site.source)
        _ = try await take(#"{"home":{"en":"House","de":""}}"#, into: site.destination)
        let report = try await site.push("--missing-values")
        #expect(report.isGood && report.created == 1 && report.updated == 1 && report.conflicts == 0, "\(report)")
        let home = try await site.destination.item("lokalize/keys/shop", "home")
        #expect(home.text == #"{"key":"home","values":{"en":"House","de":"Start"}}"#)
    }

    @Test func theOptionsMoveNothingElse() async throws {
        let site = try await Site.make(articles: 2)
        _ = try await take(#"{"home":{"en":"Home"}}"#, into: site.source)
        #expect(try await site.push("--missing-keys-only").isGood)
        #expect(try await site.destination.kinds().map(\.kind) == ["lokalize/projects", "lokalize/keys/shop"])
        let refused = try await site.push("--missing-keys-only", "--mirror")
        #expect(refused.exit == 64 && refused.error?.code == "usage", "\(refused)")
        let contradiction = try await site.source.attempt(
            "push", "production", "--only", "content", "--projects", "shop")
        #expect(contradiction.status == 64, "\(contradiction)")
        _ = try await take(#"{"new":{"en":"New"}}"#, into: site.source)
        let plan = try await site.source.run("plan", "production", "--missing-keys-only")
        #expect(plan.contains("lokalize/keys/shop: 1 to create") && plan.contains("decided there"), "\(plan)")
    }

    /// Each takes all keys in for another locale: whoever looked at a key before another wrote it would lose that.
    @Test func importsAtTheSameTimeLoseNothingOfOneAnother() async throws {
        let instance = try await RealInstance.make("staging")
        let locales = ["en", "de", "fr"]
        let intakes = try await withThrowingTaskGroup(of: Intake.self) { tasks in
            for locale in locales {
                let texts = file(0..<3_000) { "\"\(locale)\":\"\(locale) \($0)\"" }
                tasks.addTask { try await take(texts, into: instance) }
            }
            return try await tasks.reduce(into: [Intake]()) { $0.append($1) }
        }
        #expect(intakes.map(\.created).reduce(0, +) == 3_000 && intakes.filter(\.isNew).count == 1, "\(intakes)")
        #expect(intakes.map(\.updated).reduce(0, +) == 6_000, "\(intakes)")
        let project = try #require(try await instance.json([Project].self, "lokalize", "projects").first)
        #expect(project.keys == 3_000 && Set(project.locales.map(\.locale)) == Set(locales))
        #expect(project.locales.allSatisfy { $0.translated == 3_000 }, "\(project)")
    }

    @Test func areTakenInCountedAndWrittenOut() async throws {
        let instance = try await RealInstance.make("staging")
        let first = try await take(#"{"nav.home":{"en":"Home","de":"\u0053tart"},"a":{"en":"A"}}"#, into: instance)
        #expect(first == Intake(isNew: true, created: 2, updated: 0, unchanged: 0))
        let project = try await instance.item("lokalize/projects", "shop")
        #expect(project.text == #"{"name":"shop","label":"shop","locales":["en","de"]}"#)
        let text = "{\n  \"a\":{\"en\":\"A\"},\n  \"nav.home\":{\"en\":\"Home\",\"de\":\"\\u0053tart\"}\n}\n"
        #expect(try await instance.run("lokalize", "export", "shop") == text)
        #expect(try await take(text, into: instance) == Intake(isNew: false, created: 0, updated: 0, unchanged: 2))

        let more = #"{"nav.home":{"en":"House","fr":"Accueil"}}"#
        let missing = try await take(more, into: instance, "--missing-only")
        #expect(missing == Intake(isNew: false, created: 0, updated: 1, unchanged: 0))
        let home = try await instance.item("lokalize/keys/shop", "nav.home")
        #expect(home["values", "en"] == .string("Home") && home["values", "fr"] == .string("Accueil"))
        let projects = try await instance.json([Project].self, "lokalize", "projects")
        let locales = [("en", 2, 0), ("de", 1, 1), ("fr", 1, 1)].map {
            Project.Locale(locale: $0.0, translated: $0.1, missing: $0.2)
        }
        #expect(projects == [Project(name: "shop", keys: 2, locales: locales)])

        // One import is one edit.
        let latest = try #require(try await instance.json([Run].self, "runs").first)
        _ = try await instance.json(Rollback.self, "rollback", latest.id)
        #expect(try await instance.run("lokalize", "export", "shop") == text)
        #expect(try await instance.item("lokalize/projects", "shop") == project)
    }

    @Test func aWrongFileStoresNothing() async throws {
        let instance = try await RealInstance.make("staging")
        for text in ["[]", #"{"a":"A"}"#, #"{"a":{"en":"A"},"nav":{"home":{"en":"Home"}}}"#, "{", #"{"":{"en":"A"}}"#] {
            let ending = try await instance.attempt("lokalize", "import", "shop", "-", input: text)
            #expect(ending.status == 65, "\(text): \(ending)")
        }
        #expect(try await instance.kinds().isEmpty)
        #expect(try await instance.attempt("lokalize", "export", "shop").status == 66)
        #expect(try await instance.attempt("lokalize", "export", "no such").status == 64)
    }

    @Test func singleOnesAreItemsLikeAllOthers() async throws {
        let instance = try await RealInstance.make("staging")
        try await instance.put("lokalize/keys/shop", try JSONDocument(validating: #"{"key":"a","values":{"en":"A"}}"#))
        #expect(try await instance.run("ls", "lokalize/keys/shop").contains("\na "))
        try await instance.run("rm", "lokalize/keys/shop", "a")
        #expect(try await instance.attempt("get", "lokalize/keys/shop", "a").status == 66)
    }

    @Test func applicationsReadThem() async throws {
        let instance = try await RealInstance.make("production")
        _ = try await take(#"{"home":{"en":"Home","de":"Start"},"new":{"en":"New"}}"#, into: instance)
        let server = try await TestServer(instance)
        let path = "/api/lokalize/project/shop"
        #expect(try await server.get(path).status == 401)
        let key = ["api-key: " + (try await instance.run("apikeys", "add", "app").trimmingCharacters(in: .newlines))]
        let all = try await server.get(path, headers: key)
        #expect(String(decoding: all.body, as: UTF8.self) == #"{"home":{"en":"Home","de":"Start"},"new":{"en":"New"}}"#)
        let german = try await server.get(path + "/de", headers: key)
        #expect(String(decoding: german.body, as: UTF8.self) == #"{"home":"Start"}"#)
        let missing = try await server.get("/api/lokalize/project/other", headers: key)
        #expect(missing.status == 404 && String(decoding: missing.body, as: UTF8.self).contains("not found"))
    }
}
