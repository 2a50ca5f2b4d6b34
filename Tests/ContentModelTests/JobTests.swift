import ContentModel
import Testing

/// What the documented settings of a job select.
@Suite struct JobTests {
    private func scope(_ settings: String) throws -> Scope {
        try Job(JSONDocument(validating: "{\"name\":\"content\",\"syncSettings\":\(settings)}")).scope()
    }

    // All of them are valid names.
    private let available: [Kind] = [.models, .locales, .singletons] + ["posts", "pages"].map { try! .content($0) }

    private func selected(_ settings: String) throws -> [String] {
        try scope(settings).kinds(among: available).map { kind in
            kind.kind.name + (kind.ids.map { ":" + $0.sorted().map(\.text).joined(separator: "+") } ?? "")
        }
    }

    @Test func everythingIncludesLocalesUnlessTheyAreLeftOut() throws {
        let all = ["models", "locales", "content/pages", "content/posts", "singletons"]
        #expect(try selected("{}") == all)
        #expect(try selected(#"{"syncAll":true,"models":["posts"]}"#) == all)
        #expect(try selected(#"{"syncAll":true,"locales":false}"#) == all.filter { $0 != "locales" })
    }

    @Test func modelsBringTheirDefinitionsAndDataAndLocalesOnlyWhenAsked() throws {
        let posts = ["models:posts", "content/posts", "singletons:posts"]
        #expect(try selected(#"{"models":["posts"]}"#) == posts)
        #expect(try selected(#"{"models":["posts"],"data":true}"#) == posts)
        #expect(
            try selected(#"{"models":["posts"],"locales":true}"#)
                == ["models:posts", "locales", "content/posts", "singletons:posts"])
        #expect(try selected(#"{"models":["posts"],"data":false}"#) == ["models:posts"])
    }

    @Test func chosenDataIsExactlyTheChosenItems() throws {
        #expect(try selected(#"{"data":[{"model":"posts","ids":["1","2"]}]}"#) == ["content/posts:1+2"])
        #expect(
            try selected(#"{"data":{"posts":["1"],"singletons":["site"]}}"#) == ["content/posts:1", "singletons:site"])
        #expect(
            try selected(#"{"models":["pages"],"data":[{"model":"posts","ids":["1"]},{"model":"posts","ids":["2"]}]}"#)
                == ["models:pages", "content/posts:1+2"])
        #expect(
            try selected(#"{"models":["pages"],"data":[{"kind":"models","ids":["posts"]}]}"#) == ["models:pages+posts"])
    }

    @Test func localesAloneMayBeNamed() throws {
        #expect(try selected(#"{"syncAll":false,"locales":true}"#) == ["locales"])
    }

    @Test func whereNotEverythingIsMeantSomethingIsNamed() throws {
        #expect(
            try selected(#"{"syncAll":false,"models":["posts"]}"#)
                == ["models:posts", "content/posts", "singletons:posts"])
        #expect(try selected(#"{"syncAll":false,"data":{"posts":["1"]}}"#) == ["content/posts:1"])
        #expect(try scope(#"{"syncAll":false,"filter":{"v":1}}"#).filter == #"{"v":1}"#)
        #expect(
            try runs(#"[{"name":"pages","syncSettings":{"syncAll":false,"menus":true}}]"#).map(\.pages)
                == [PageSelection(pages: false, menus: true, settings: false)])
    }

    @Test(
        arguments: [
            #"{"name":"content","syncSettings":{"models":[],"mirror":true}}"#,
            #"{"name":"content","syncSettings":{"models":{}}}"#,
            #"{"name":"content","syncSettings":{"models":null}}"#,
            #"{"name":"content","syncSettings":{"syncAll":false}}"#,
            #"{"name":"content","syncSettings":{"syncAll":false,"locales":false,"mirror":true}}"#,
            #"{"name":"content","syncSettings":{"syncAll":false,"models":[],"locales":true}}"#,
            #"{"name":"content","syncSettings":{"syncAll":false,"filter":{}}}"#,
            #"{"name":"lokalize","syncSettings":{"projects":[]}}"#,
            #"{"name":"lokalize","syncSettings":{"syncAll":false,"missingKeysOnly":true}}"#,
            #"{"name":"pages","syncSettings":{"syncAll":false}}"#,
            #"{"name":"assets","syncSettings":{"syncAll":false,"folders":false}}"#,
            #"{"name":"layout","syncSettings":{"syncAll":false}}"#,
        ])
    func whatNamesNothingNeverMeansEverything(_ job: String) {
        #expect { try runs("[\(job)]") } throws: { ($0 as? TidelockError)?.code == .usage }
    }

    private func runs(_ jobs: String) throws -> [Scope] {
        try Job.runs(JSONDocument(validating: jobs).elements.map { try Job($0) }).map(\.scope)
    }

    @Test func jobsAreOneRunOnlyWhereThatChangesNothing() throws {
        let together = try runs(#"[{"name":"content"},{"name":"assets"},{"name":"pages"}]"#)
        #expect(together == [Scope(jobs: [.content, .assets, .pages])])
        let apart = [
            #"[{"name":"content","syncSettings":{"mirror":true}},{"name":"assets"}]"#,
            #"[{"name":"content","syncSettings":{"policy":"target"}},{"name":"assets"}]"#,
            #"[{"name":"content","syncSettings":{"mirror":true,"filter":{"v":1}}},{"name":"pages","syncSettings":{"mirror":true}}]"#,
            #"[{"name":"assets","syncSettings":{"mirror":true,"modifiedSince":1}},{"name":"pages","syncSettings":{"mirror":true}}]"#,
            #"[{"name":"content","syncSettings":{"data":[{"kind":"assets","ids":["1"]}]}},{"name":"assets","syncSettings":{"skipLargeFiles":true}}]"#,
            #"[{"name":"assets"},{"name":"assets"}]"#,
        ]
        for jobs in apart { #expect(try runs(jobs).count == 2, "\(jobs)") }
    }

    @Test(
        arguments: [
            #"{"data":[]}"#, #"{"data":{}}"#, #"{"data":"posts"}"#, #"{"data":[{"model":"posts","ids":[]}]}"#,
            #"{"data":[{"model":"posts"}]}"#, #"{"data":[{"model":"posts","ids":[1]}]}"#, #"{"locales":"yes"}"#,
            #"{"syncAll":true,"data":{"posts":["1"]}}"#, #"{"date":true}"#,
        ])
    func settingsThatMeanNothingAreRefused(_ settings: String) throws {
        #expect { try scope(settings) } throws: { ($0 as? TidelockError)?.code == .usage }
    }

    @Test(arguments: [#"{"n":{"$foo":1}}"#, "null", #""{\"v\":1}""#, "1", #"{"n":{"$regex":"("}}"#])
    func aFilterThatCannotBeUsedIsAnInvalidFilter(_ filter: String) throws {
        #expect { try scope("{\"filter\":\(filter)}") } throws: {
            let error = $0 as? TidelockError
            return error?.code == .invalidFilter && error?.message.hasPrefix("The filter cannot be used") == true
        }
    }

    @Test(
        arguments: [
            Scope.everything, Scope(models: ["posts"], mode: .mirror, locales: true),
            Scope(locales: false), Scope(filter: #"{"v":1}"#, items: ["content/posts": ["1", "2"]]), Scope(items: [:]),
        ])
    func aScopeIsWrittenAsAJobThatMeansTheSame(_ scope: Scope) throws {
        let jobs = try Job.list(scope).map { try Job($0.document) }
        #expect(try Job.runs(jobs).map(\.scope) == [scope])
    }

    @Test func idsThatOnlyLookAlikeAreTwoItems() throws {
        let chosen = KindScope(kind: .locales, ids: ["\u{e9}"])
        #expect(chosen.includes("\u{e9}"))
        #expect(!chosen.includes("e\u{301}"))
        let both = ["\u{e9}", "e\u{301}"]
        for scope in [
            Scope(items: ["content/posts": both]), Scope(models: both, items: [:]),
            Scope(jobs: [.content], items: ["singletons": both + both]),
        ] {
            let kind = try #require(try scope.kinds(among: [Kind]()).first)
            #expect(kind.ids?.count == 2)
            #expect(both.allSatisfy(kind.includes))
        }
    }
}
