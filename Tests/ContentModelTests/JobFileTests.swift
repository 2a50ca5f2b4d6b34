import ContentModel
import Testing

/// What a file of jobs may say, and what it may not.
@Suite struct JobFileTests {
    private func file(_ text: String) throws -> JobFile { try JobFile(JSONDocument(validating: text)) }

    @Test func aListLeavesTheRestToWhoeverRunsIt() throws {
        let file = try file(#"[{"name":"content","syncSettings":{"models":["posts"]}},{"name":"assets"}]"#)
        #expect(file.isPlain && file.targets.isEmpty && file.direction == nil && file.pause == .zero)
        #expect(file.jobs.map(\.name) == [.content, .assets])
    }

    @Test func anObjectNamesTargetsDirectionAndPause() throws {
        let one = try file(#"{"target":"production","mode":"push","pause":2,"jobs":[{"name":"pages"}]}"#)
        #expect(one.targets == ["production"] && one.direction == .push && one.pause == .seconds(2))
        #expect(!one.isPlain && one.jobs.map(\.name) == [.pages])
        let several = try file(#"{"target":["a","b"],"mode":"pull","pause":0.5,"jobs":[{"name":"lokalize"}]}"#)
        #expect(several.targets == ["a", "b"] && several.direction == .pull && several.pause == .milliseconds(500))
    }

    @Test func nothingButTheJobsMustBeThere() throws {
        #expect(try file(#"{"jobs":[{"name":"layout"}]}"#).isPlain)
        for member in [#""target":"a""#, #""mode":"pull""#, #""pause":1"#] {
            #expect(try !file("{\(member),\"jobs\":[{\"name\":\"layout\"}]}").isPlain, "\(member)")
        }
    }

    @Test func whoeverRunsItCompletesIt() throws {
        let plain = try file(#"[{"name":"content"}]"#)
        let completed = try plain.completed(targets: ["edge"], direction: .pull)
        #expect(completed.targets == ["edge"] && completed.direction == .pull && completed.jobs == plain.jobs)
        #expect(try plain.completed() == plain)
        let made = try file(#"{"target":["a","b"],"mode":"push","pause":2,"jobs":[{"name":"content"}]}"#)
        #expect(try made.completed() == made)
        #expect(try made.completed(direction: .push) == made)
        let elsewhere = try made.completed(targets: ["c"])
        #expect(elsewhere.targets == ["c"] && elsewhere.direction == .push && elsewhere.pause == .seconds(2))
    }

    @Test func whatWasMadeForAPushIsNeverPulled() throws {
        for (made, wanted) in [("push", Direction.pull), ("pull", .push)] {
            let file = try file("{\"mode\":\"\(made)\",\"jobs\":[{\"name\":\"content\"}]}")
            #expect { try file.completed(direction: wanted) } throws: {
                ($0 as? TidelockError)?.code == .usage && "\($0)".contains("made for a \(made)")
            }
        }
    }

    @Test(
        arguments: [
            "[]", "{}", "null", "1", #""content""#, #"{"jobs":[]}"#, #"{"jobs":{}}"#, #"{"jobs":"content"}"#,
            #"[{"name":"contents"}]"#, #"[{"name":"content","syncSettings":{"model":["posts"]}}]"#, "[[]]",
        ])
    func withoutGoodJobsThereIsNothingToRun(_ text: String) {
        #expect { try file(text) } throws: { ($0 as? TidelockError)?.code == .usage }
    }

    @Test(
        arguments: [
            #""target":"""#, #""target":[]"#, #""target":["a",1]"#, #""target":{"name":"a"}"#, #""target":null"#,
            #""mode":"both""#, #""mode":true"#, #""mode":null"#, #""pause":-1"#, #""pause":3601"#, #""pause":"2""#,
            #""pause":1e300"#, #""direction":"push""#,
        ])
    func membersThatMeanNothingAreRefused(_ member: String) {
        #expect { try file("{\(member),\"jobs\":[{\"name\":\"content\"}]}") } throws: {
            ($0 as? TidelockError)?.code == .usage
        }
    }

    @Test func aMistypedMemberIsToldWithTheOneThatWasMeant() {
        #expect { try file(#"{"targets":"a","jobs":[{"name":"content"}]}"#) } throws: {
            "\(($0 as? TidelockError)?.message ?? "")".contains("Did you mean 'target'?")
        }
    }
}
