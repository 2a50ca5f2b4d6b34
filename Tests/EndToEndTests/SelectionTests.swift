import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Selections", .story)
struct SelectionTests {
    @Test func namedItemsMoveAlone() async throws {
        let site = try await Site.make()
        try await site.source.take(Articles.make(6))
        try await site.source.put("locales", try JSONDocument(validating: #"{"i18n":"de"}"#))
        let report = try await site.push("--items", "articles/\(Articles.id(2)),content/articles/\(Articles.id(4))")
        #expect(report.isGood && report.created == 2, "\(report)")
        let keys = try await site.destination.content().keys.sorted()
        #expect(keys == ["content/articles/\(Articles.id(2))", "content/articles/\(Articles.id(4))"])
    }

    @Test func anItemIsNamedAlsoWhereItsIDHoldsASlash() async throws {
        let site = try await Site.make()
        try await site.source.put("models", try JSONDocument(validating: #"{"name":"posts"}"#))
        try await site.source.put(
            "content/posts", try JSONDocument(validating: #"{"_id":"a/b"}"#),
            try JSONDocument(validating: #"{"_id":"c"}"#))
        let report = try await site.push("--items", "models/posts,posts/a/b")
        #expect(report.isGood && report.created == 2, "\(report)")
        #expect(try await site.destination.content().keys.sorted() == ["content/posts/a/b", "models/posts"])
        let back = try await site.source.attempt("rollback", report.run, "--item", "posts/a/b")
        #expect(back.status == 0, "\(back)")
        #expect(try await site.destination.content().keys.sorted() == ["models/posts"])
    }

    @Test func localesFollowTheirSwitch() async throws {
        let site = try await Site.make()
        try await site.source.take(Articles.make(2))
        try await site.source.put("locales", try JSONDocument(validating: #"{"i18n":"de"}"#))
        #expect(try await site.push("--no-locales").created == 2)
        #expect(try await site.push("--models", "articles", "--locales").created == 1)
        #expect(try await site.destination.content()["locales/de"] != nil)
    }

    @Test func oneItemMovesWithWhatItRefersTo() async throws {
        let site = try await Site.make()
        try await site.source.put("models", try JSONDocument(validating: #"{"name":"posts"}"#))
        try await site.source.put(
            "content/posts", try JSONDocument(validating: #"{"_id":"1","to":{"_model":"posts","_id":"2"}}"#),
            try JSONDocument(validating: #"{"_id":"2","to":{"_model":"posts","_id":"1"}}"#),
            try JSONDocument(validating: #"{"_id":"3"}"#))
        let early = try await site.source.reportItem("push", ["posts", "3"])
        #expect(early.exit == 65 && early.error?.code == "model_missing", "\(early)")
        let linked = try await site.source.reportItem("push", ["posts", "1", "--with-links"])
        #expect(linked.isGood && linked.created == 3, "\(linked)")
        let alone = try await site.source.reportItem("push", ["posts", "3"])
        #expect(alone.isGood && alone.created == 1, "\(alone)")
        try await site.destination.edit("content/posts", ["2"], "title", "there")
        let pulled = try await site.source.reportItem("pull", ["posts", "2", "--with-links"])
        #expect(pulled.isGood && pulled.updated == 1, "\(pulled)")
        #expect(try await site.source.item("content/posts", "2").string("title") == "there")
        let missing = try await site.source.reportItem("push", ["posts", "none"])
        #expect(missing.exit == 66 && missing.error?.code == "unknown_item", "\(missing)")
    }

    @Test func aPullOfItemsNeedsTheirModelHere() async throws {
        let site = try await Site.make()
        try await site.destination.put("models", try JSONDocument(validating: #"{"name":"posts"}"#))
        try await site.destination.put("content/posts", try JSONDocument(validating: #"{"_id":"1"}"#))
        let early = try await site.source.reportItem("pull", ["posts", "1"])
        #expect(early.exit == 65 && early.error?.code == "model_missing", "\(early)")
        #expect(try await site.source.content().isEmpty)
    }

    @Test func linksThatLeadNowhereAreTold() async throws {
        let site = try await Site.make()
        try await site.source.put(
            "content/posts", try JSONDocument(validating: #"{"_id":"1","to":{"_model":"posts","_id":"none"}}"#))
        let strict = try await site.push("--fail-on-dangling")
        #expect(strict.exit == 65 && strict.error?.code == "dangling_links", "\(strict)")
        #expect(try await site.destination.content().isEmpty)
        let told = try await site.source.run("push", "production")
        #expect(told.contains("content/posts/1 → content/posts/none"), "\(told)")
        #expect(try await site.destination.content().count == 1)
    }

    @Test func whatADefinitionBreaksIsToldBeforeAndAfter() async throws {
        let site = try await Site.make()
        func define(_ instance: RealInstance, _ fields: String...) async throws {
            let list = fields.map { #"{"name":"\#($0)","type":"text"}"# }.joined(separator: ",")
            try await instance.put("models", try JSONDocument(validating: #"{"name":"posts","fields":[\#(list)]}"#))
        }
        try await define(site.source, "title", "subtitle")
        try await site.source.put(
            "content/posts", try JSONDocument(validating: #"{"_id":"1","title":"t","subtitle":"s"}"#))
        #expect(try await site.push().schemaChanges == nil)
        try await site.destination.put(
            "content/posts", try JSONDocument(validating: #"{"_id":"9","subtitle":"s"}"#))
        try await define(site.source, "title")
        let planned = try #require(try await site.source.report("plan").schemaChanges?.changes.first)
        #expect(planned.model == "posts" && planned.field == "subtitle" && planned.change == "field_removed")
        #expect(planned.items == 2)
        let told = try await site.source.run("plan", "production")
        #expect(told.contains("posts.subtitle is removed, 2 items have values in it: content/posts/"), "\(told)")
        let refused = try await site.source.report("plan", ["--fail-on-schema"])
        #expect(refused.exit == 65 && refused.error?.code == "breaking_schema" && refused.status == "planned")
        #expect(refused.schemaChanges?.changes.map(\.items) == [2] && refused.updated > 0, "\(refused)")
        let printed = try await site.source.attempt("plan", "production", "--fail-on-schema")
        #expect(printed.status == 65 && printed.output.contains("posts.subtitle is removed"), "\(printed)")
        #expect(printed.errors.contains("would break"), "\(printed)")
        let strict = try await site.push("--fail-on-schema")
        #expect(strict.exit == 65 && strict.error?.code == "breaking_schema", "\(strict)")
        #expect(try await site.destination.item("models", "posts").text.contains("subtitle"))
        let pushed = try await site.push()
        #expect(pushed.isGood && pushed.schemaChanges?.changes.map(\.items) == [2], "\(pushed)")

        try await define(site.destination, "subtitle")
        let ahead = try await site.source.report("plan", ["--pull"])
        #expect(ahead.schemaChanges?.changes.map(\.field) == ["title"], "\(ahead)")
        let pulled = try await site.pull()
        #expect(pulled.isGood && pulled.schemaChanges?.changes.map(\.items) == [1], "\(pulled)")
        #expect(try await site.pull().schemaChanges == nil)
    }

    @Test func aCircleInATreeIsRefused() async throws {
        let site = try await Site.make()
        try await site.source.put(
            "content/pages", try JSONDocument(validating: #"{"_id":"1","_pid":"2"}"#),
            try JSONDocument(validating: #"{"_id":"2","_pid":"1"}"#))
        let planned = try await site.source.report("plan")
        #expect(planned.exit == 0 && planned.refusal?.code == "tree_cycle", "\(planned)")
        let told = try await site.source.run("plan", "production")
        #expect(told.contains("a push would be refused: In content/pages, these items would be inside"), "\(told)")
        let report = try await site.push()
        let foreseen = try #require(planned.refusal?.message)
        #expect(report.error?.message.hasSuffix(foreseen) == true, "\(report)")
        #expect(report.exit == 65 && report.error?.code == "tree_cycle", "\(report)")
        #expect(try await site.destination.content().isEmpty)
    }

    @Test func jobsOfAFileRunInTheirOrderUntilOneFails() async throws {
        let site = try await Site.make()
        try await site.source.take(Articles.make(3))
        try await site.source.take(Articles.make(2, from: 50), model: "authors")
        let file = site.source.folder.appending(path: "jobs.json")
        try
            #"[{"name":"content","syncSettings":{"models":["articles"]}},{"name":"content","syncSettings":{"syncAll":true}}]"#
            .write(to: file, atomically: true, encoding: .utf8)
        let all = try await site.push("--jobs", file.path)
        #expect(all.isGood && all.created == 5, "\(all)")
        #expect(try await site.source.attempt("push", "production", "--jobs", file.path, "--mirror").status == 64)
        try await site.source.edit("content/articles", [Articles.id(1)], "title", "new")
        // The second job would delete most of what is there, which a guard stops.
        for number in 0..<6 { try await site.destination.take(Articles.make(1, from: 100 + number), model: "authors") }
        try
            #"[{"name":"content","syncSettings":{"models":["articles"]}},{"name":"content","syncSettings":{"models":["authors"],"mirror":true}},{"name":"content"}]"#
            .write(to: file, atomically: true, encoding: .utf8)
        let failed = try await site.source.attempt("push", "production", "--jobs", file.path)
        #expect(failed.status == 65, "\(failed.output)")
        #expect(failed.errors.contains("Job 2 of 3 failed; 1 before it was done, 1 not started."), "\(failed.errors)")
        #expect(try await site.destination.item("content/articles", Articles.id(1)).string("title") == "new")
    }

    /// Options that name what a side with articles and the singleton `site` does not know, and what is said of them.
    private static let misspelled = [
        (["--models", "artcles"], "unknown_kind", "Did you mean 'articles'?"),
        (["--models", "articles,nosuch"], "unknown_kind", "'nosuch'"),
        (["--mirror", "--models", "artcles"], "unknown_kind", "Did you mean 'articles'?"),
        (["--items", "articles/nope"], "unknown_item", "content/articles/nope"),
        (["--items", "artcles/\(Articles.id(1))"], "unknown_item", "Did you mean 'articles'?"),
        (["--items", "site/site"], "unknown_item", "Did you mean 'singletons/site'?"),
        (["--projects", "web"], "unknown_kind", "'web'"),
    ]

    @Test func whatNobodyKnowsIsRefusedWithWhatMayHaveBeenMeant() async throws {
        let site = try await Site.make()
        try await site.source.take(Articles.make(2))
        try await site.source.put("singletons", try JSONDocument(validating: #"{"_model":"site"}"#))
        try await site.destination.put("content/theirs", try JSONDocument(validating: #"{"_id":"1"}"#))
        for (options, code, words) in Self.misspelled {
            for command in ["push", "plan"] {
                let report = try await site.source.report(command, options)
                #expect(report.exit == 66 && report.error?.code == code, "\(options): \(report)")
                #expect(report.error?.message.contains(words) == true, "\(options): \(report)")
            }
        }
        #expect(try await site.destination.content().keys.sorted() == ["content/theirs/1"])
        let file = try site.source.jobFile(
            "jobs.json",
            #"{"target":"production","mode":"push","jobs":[{"name":"content","syncSettings":{"models":["nosuch"]}}]}"#)
        #expect(try await site.source.attempt("run", file).status == 66)
    }

    @Test func whatTheOtherSideDoesNotKnowIsRefusedByPullsToo() async throws {
        let site = try await Site.make()
        try await site.destination.take(Articles.make(2))
        try await site.destination.put("singletons", try JSONDocument(validating: #"{"_model":"site"}"#))
        try await site.source.put("content/mine", try JSONDocument(validating: #"{"_id":"1"}"#))
        for (options, code, words) in Self.misspelled {
            for (command, more) in [("pull", []), ("plan", ["--pull"])] {
                let report = try await site.source.report(command, options + more)
                #expect(report.exit == 66 && report.error?.code == code, "\(options): \(report)")
                #expect(report.error?.message.contains(words) == true, "\(options): \(report)")
                #expect(report.error?.message.contains("at the source") == true, "\(options): \(report)")
            }
        }
        #expect(try await site.source.content().keys.sorted() == ["content/mine/1"])
        // What is here alone goes with a mirror, whether anybody knew it over there or not.
        let mirror = try await site.pull("--mirror", "--items", "mine/1", "--allow-empty-source")
        #expect(mirror.isGood && mirror.deleted == 1, "\(mirror)")
        #expect(try await site.pull("--models", "articles").created == 2)
        #expect(try await site.pull("--models", "articles").isGood)
    }

    @Test func anItemThatTheOtherSideHoldsBackIsNoSuccess() async throws {
        let (here, there) = (try await RealInstance.make("staging"), try await RealInstance.make("production"))
        try there.hook(
            "10-holds.lua",
            #"""
            app.on("sync.content.before", function(items, ctx)
              for _, item in ipairs(items) do
                if item.draft then ctx.drop(item, "a draft") end
              end
            end)
            """#)
        let server = try await TestServer(there)
        try await here.target(there, at: server.port)
        try await there.put(
            "content/posts", try JSONDocument(validating: #"{"_id":"1","draft":true}"#),
            try JSONDocument(validating: #"{"_id":"2"}"#))
        for _ in 0..<2 {
            let held = try await here.reportItem("pull", ["posts", "1"])
            #expect(held.exit == 77 && held.error?.code == "hook_refused", "\(held)")
            let words = "hold content/posts/1 back (a draft); nothing was moved."
            #expect(held.error?.message.contains(words) == true, "\(held)")
        }
        #expect(try await here.reportItem("pull", ["posts", "2"]).created == 1)
        #expect(try await here.reportItem("pull", ["posts", "2"]).isGood)
    }

    @Test func whatWasDeletedIsStillKnown() async throws {
        let site = try await Site.make()
        try await site.source.take(Articles.make(3))
        #expect(try await site.push().isGood)
        try await site.source.run("rm", "content/articles", Articles.id(1))
        let item = "articles/\(Articles.id(1))"
        let mirror = try await site.push("--mirror", "--items", item)
        #expect(mirror.isGood && mirror.deleted == 1, "\(mirror)")
        #expect(try await site.push("--mirror", "--items", item).isGood)
        #expect(try await site.push("--items", item).isGood)
    }

    @Test func itemsThatAreNoneAreRefused() async throws {
        let site = try await Site.make()
        for items in ["articles", "articles/", ",", "/x"] {
            #expect(try await site.source.attempt("push", "production", "--items", items).status == 64, "\(items)")
        }
    }
}
