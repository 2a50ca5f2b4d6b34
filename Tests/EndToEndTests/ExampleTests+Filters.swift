import ContentModel
import Foundation
import Testing
import TidelockTestSupport

extension ExampleTests {
    private func article(_ number: Int, _ fields: (String, JSONDocument)...) -> JSONDocument {
        fields.reduce(Articles.make(1, from: number)[0]) { $0.setting($1.0, to: $1.1) }
    }

    private func text(_ value: String) -> JSONDocument { JSONDocument(string: value) }

    private func articles(_ instance: RealInstance) async throws -> Int {
        try await instance.kinds().first { $0.kind == "content/articles" }?.items ?? 0
    }

    @Test func stripAndTransformKeepsBackWhatIsInternal() async throws {
        let site = try await Site.make()
        try site.source.use("strip-and-transform.lua")
        try await site.source.take([article(0), article(1), article(2, ("isInternal", JSONDocument(bool: true)))])
        let before = try await site.source.content()
        let report = try await site.push()
        #expect(report.isGood && report.created == 2, "\(report)")
        let first = try await site.destination.item("content/articles", Articles.id(0))
        #expect(first.member("_internalNotes") == nil && first.bool("debugMode") == false, "\(first.text)")
        #expect(first.string("title") == "Article 0")
        #expect(try await site.destination.attempt("get", "content/articles", Articles.id(2)).status == 66)
        #expect(try await site.source.content() == before)
        for file in try files(below: site.destination.storage) {
            #expect(!file.contents.holds("kept back"), "\(file.path) holds a stripped field")
        }
    }

    @Test func stripAndTransformTakesOtherFieldsFromTheConfiguration() async throws {
        let site = try await Site.make()
        try site.source.use("strip-and-transform.lua")
        try site.source.set(#"hooks = { config = { internal_fields = { "_internalNotes", "rank" } } }"#)
        try await site.source.take([article(1)])
        #expect(try await site.push().isGood)
        let sent = try await site.destination.item("content/articles", Articles.id(1))
        #expect(sent.member("_internalNotes") == nil && sent.member("rank") == nil, "\(sent.text)")
    }

    // MARK: Gates

    private func site(allowing addresses: String?) async throws -> Site {
        try await Site.make { source, destination in
            try destination.use("ip-allow-list.lua")
            if let addresses {
                try destination.set("hooks = { config = { allowed_addresses = \(addresses) } }")
            }
            try await source.take(Articles.make(2))
        }
    }

    @Test(arguments: [#"{ "10.0.0.50", "192.168.1.100" }"#, #""127.0.0.1""#, "{}", nil])
    func ipAllowListRefusesEverybodyElse(addresses: String?) async throws {
        let site = try await site(allowing: addresses)
        let report = try await site.push()
        #expect(report.exit == 77 && report.error?.code == "hook_refused", "\(report)")
        #expect(try await site.destination.kinds().isEmpty)
        #expect(try await site.server.get("/api/sync/check").status == 403)
    }

    @Test func ipAllowListAnswersListedAddresses() async throws {
        let site = try await site(allowing: #"{ "10.0.0.50", "127.0.0.1" }"#)
        let report = try await site.push()
        #expect(report.isGood && report.created == 2, "\(report)")
    }

    @Test func limitDeletesRefusesTheWholeRun() async throws {
        let site = try await Site.make()
        try await site.source.take(Articles.make(20))
        #expect(try await site.push().isGood)
        try site.source.use("limit-deletes.lua")
        try site.source.set("hooks = { config = { most_deletes = 2 } }")
        for number in 0..<3 { try await site.source.run("rm", "content/articles", Articles.id(number)) }
        try await site.source.edit("content/articles", [Articles.id(9)], "title", "edited")

        let refused = try await site.push("--mirror", "--allow-deletes", "100")
        #expect(refused.exit == 77 && refused.error?.code == "hook_refused", "\(refused)")
        #expect(refused.error?.message.contains("would delete 3 items") == true, "\(refused)")
        #expect(try await articles(site.destination) == 20)
        let kept = try await site.destination.item("content/articles", Articles.id(9))
        #expect(kept.string("title") == "Article 9")

        try site.source.configure("most_deletes = 2", "most_deletes = 3")
        let accepted = try await site.push("--mirror")
        #expect(accepted.isGood && accepted.deleted == 3 && accepted.updated == 1, "\(accepted)")
        #expect(try await articles(site.destination) == 17)
    }

    // MARK: On arrival

    @Test func checkArrivalsNotesTheOriginAndRefusesScripts() async throws {
        let site = try await Site.make { source, destination in
            try destination.use("check-arrivals.lua")
            try await source.take([article(0), article(1, ("body", text("<p>Hello</p><SCRIPT>steal()</SCRIPT>")))])
        }
        let refused = try await site.push()
        #expect(refused.exit != 0 && refused.status == "failed", "\(refused)")
        #expect(
            refused.error?.message.contains("item \(Articles.id(1)) holds a script in body") == true, "\(refused)")
        #expect(refused.error?.message.contains("steal") == false)
        #expect(try await site.destination.kinds().isEmpty)

        try await site.source.edit("content/articles", [Articles.id(1)], "body", "<p>Hello</p>")
        let report = try await site.push()
        #expect(report.isGood && report.created == 2, "\(report)")
        let arrived = try await site.destination.item("content/articles", Articles.id(1))
        #expect(arrived.string("receivedFrom") == "staging" && arrived.string("body") == "<p>Hello</p>")
        let again = try await site.push()
        #expect(again.isGood && again.sent == 0, "\(again)")
    }

    @Test func mergeConflictsKeepsWhatOnlyTheDestinationKnows() async throws {
        let site = try await Site.make { source, destination in
            try destination.use("merge-conflicts.lua")
            let stock = JSONDocument(integer: 10)
            try await source.take((0..<3).map { article($0, ("stock", stock), ("price", text("9.90"))) })
        }
        let id = Articles.id(1)
        #expect(try await site.push().isGood)
        let there = try await site.destination.item("content/articles", id)
        try await site.destination.put(
            "content/articles",
            there.setting("stock", to: JSONDocument(integer: 3)).setting("title", to: text("edited there")))
        try await site.source.edit("content/articles", [id], "title", "edited here")

        let report = try await site.push()
        #expect(report.isGood, "\(report)")
        let merged = try await site.destination.item("content/articles", id)
        #expect(merged.string("title") == "edited here" && merged.integer("stock") == 3, "\(merged.text)")
        #expect(merged.string("price") == "9.90" && merged.string("_id") == id)
        #expect(try await site.source.item("content/articles", id).integer("stock") == 10)
    }
}
