import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Verification", .story)
struct VerifyTests {
    private struct Answer: Decodable {
        struct Store: Decodable {
            struct Problem: Decodable {
                var kind: String?
                var id: String?
                var what: String
            }
            var items: Int
            var problems: [Problem]
            var repaired: Int
        }
        struct Target: Decodable {
            struct Row: Decodable {
                var kind: String
                var equal: Bool
                var believed: Int
                var held: Int
                var missing: Int
                var parked: Int
                var kept: Int
                var takenOver: Int
            }
            struct Difference: Decodable, Equatable {
                var kind: String
                var id: String
                var sort: String
            }
            var kinds: [Row]
            var differences: [Difference]
        }
        var ok: Bool
        var store: Store
        var target: Target?
    }

    @Test func ofBothSidesAndBetweenThem() async throws {
        let site = try await Site.make(articles: 8)
        #expect(try await site.push().isGood)
        for instance in [site.source, site.destination] {
            let answer = try await instance.json(Answer.self, "verify", "--deep")
            #expect(answer.ok && answer.store.items == 8 && answer.store.problems.isEmpty, "\(answer)")
        }
        let compared = try await site.source.json(Answer.self, "verify", "production")
        let row = try #require(compared.target?.kinds.first { $0.kind == "content/articles" })
        #expect(row.equal && row.held == 8 && row.believed == 8, "\(compared)")
    }

    @Test func aTargetThatHoldsSomethingElse() async throws {
        let site = try await Site.make(articles: 3)
        #expect(try await site.push().isGood)
        // As after a restore: the destination has lost a row, and its digests with it.
        #expect(await site.server.stop() == 0)
        try StoreVandal(storage: site.destination.storage).execute(
            """
            DELETE FROM body WHERE rid = (SELECT rid FROM head WHERE id = '\(Articles.id(1))');
            DELETE FROM undo; UPDATE run SET undoable = 0;
            DELETE FROM head WHERE id = '\(Articles.id(1))'; \(StoreVandal.markAll);
            """)
        let server = try await TestServer(site.destination, port: site.server.port)
        let plan = try await site.source.attempt("plan", "production")
        #expect(plan.output.contains("1 to create"), "\(plan)")
        for _ in 1...2 {
            // What the plan has found out is not hidden by it, and neither is what was asked before.
            let ending = try await site.source.attempt("verify", "production")
            #expect(ending.status == 65 && ending.output.contains("holds 2 items of ours, we believe 3"), "\(ending)")
            #expect(ending.output.contains("content/articles/\(Articles.id(1)) is not there any more"), "\(ending)")
        }
        // Asking took no lease, and the next push brings what is missing.
        #expect(try await site.destination.run("lock", "status").hasPrefix("free"))
        let push = try await site.push()
        #expect(push.isGood && push.created == 1, "\(push)")
        #expect(try await site.source.attempt("verify", "production").status == 0)
        #expect(await server.stop() == 0)
    }

    @Test func aModelThatNobodyKnowsIsNotFoundToBeWell() async throws {
        let site = try await Site.make(articles: 1)
        #expect(try await site.push().isGood)
        #expect(try await site.source.attempt("verify", "production", "--models", "articles").status == 0)
        let misspelt = try await site.source.attempt("verify", "production", "--models", "artciles")
        #expect(misspelt.status == 66 && misspelt.errors.contains("Did you mean 'articles'?"), "\(misspelt)")
        let untold = try await site.source.attempt("verify", "--models", "articles")
        #expect(untold.status == 64 && untold.errors.contains("--models"), "\(untold)")
    }

    @Test func whatIsOtherwiseThereForAReasonIsToldAndNoFailure() async throws {
        let site = try await Site.make(articles: 3)
        #expect(try await site.push().isGood)
        let other = try await RealInstance.make("other")
        try await other.target(site.destination, at: site.server.port)
        try await other.take(Articles.make(1))
        #expect(try await other.report("push").isGood)
        try await expectAllExplained(at: site, decided: 0)
        for (number, policy) in [(1, "park"), (2, "target")] {
            let id = [Articles.id(number)]
            try await site.destination.edit("content/articles", id, "title", "there")
            try await site.source.edit("content/articles", id, "title", "here")
            let push = try await site.push("--policy", policy)
            #expect(push.exit == 0 && push.conflicts == 1, "\(push)")
            try await expectAllExplained(at: site, decided: number)
        }
        let told = try await site.source.attempt("verify", "production")
        let words = "(1 parked there, 1 kept or merged there, 1 taken over by another source)"
        #expect(told.status == 0 && told.output.contains(words), "\(told)")
    }

    /// Whether a run has told of it or not.
    private func expectAllExplained(at site: Site, decided: Int) async throws {
        for _ in 1...2 {
            let answer = try await site.source.json(Answer.self, "verify", "production")
            let row = try #require(answer.target?.kinds.first { $0.kind == "content/articles" })
            #expect(answer.ok && row.equal && row.takenOver == 1 && row.missing == 0, "\(row)")
            #expect(row.parked + row.kept == decided && answer.target?.differences == [], "\(row)")
        }
    }

    @Test func damageIsNamedAndOnlyDigestsAreRepaired() async throws {
        let instance = try await RealInstance.make("alone")
        try await instance.take(Articles.make(3))
        let vandal = try StoreVandal(storage: instance.storage)
        // A node, and in it the leaf of bucket 1, of rows that are not there.
        try vandal.execute(
            "INSERT INTO node VALUES (0, 9, 1, 0, 1, zeroblob(16), CAST(x'0100000001' || zeroblob(16) AS BLOB))")
        let found = try await instance.attempt("verify")
        #expect(found.status == 74 && found.errors.contains("--repair"), "\(found)")
        #expect(try await instance.json(Answer.self, "verify", "--repair").store.repaired == 2)
        #expect(try await instance.attempt("verify").status == 0)
        try vandal.execute("UPDATE body SET bytes = x'7B7D'")
        let deep = try await instance.attempt("verify", "--deep", "--repair")
        #expect(deep.status == 74 && deep.output.contains(Articles.id(2)), "\(deep)")
        #expect(deep.errors.contains("Restore a backup"), "\(deep)")
    }
}
