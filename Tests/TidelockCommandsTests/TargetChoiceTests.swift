import ArgumentParser
import Testing

@testable import TidelockCommands

@Suite("Which targets a command names")
struct TargetChoiceTests {
    @Test func oneNameIsSingleHoweverOftenItIsSaid() throws {
        #expect(try TargetChoice.parse(["edge"]).single == "edge")
        #expect(try TargetChoice.parse(["edge", "edge"]).single == "edge")
        #expect(try TargetChoice.parse(["edge", "production"]).single == nil)
        #expect(try TargetChoice.parse(["--all"]).single == nil)
        #expect(try !TargetChoice.parse([]).isMade)
    }

    @Test func aPushNeedsOneAndAFileMayNameIts() throws {
        #expect(throws: (any Error).self) { _ = try PushCommand.parse([]) }
        #expect(throws: (any Error).self) { _ = try PushCommand.parse(["edge", "--all"]) }
        #expect(throws: (any Error).self) { _ = try RunFileCommand.parse(["jobs.lua", "--target", "edge", "--all"]) }
        let named = try RunFileCommand.parse(["jobs.lua", "--target", "edge", "--target", "production", "--push"])
        #expect(named.file == "jobs.lua" && named.target == ["edge", "production"])
        #expect(try RunFileCommand.parse(["--all", "jobs.lua"]).all)
    }

    @Test func aFileOfJobsGoesToAnyNumberOfTargetsButIsNotWatched() throws {
        for words in [["edge"], ["edge", "production"], ["--all"]] {
            #expect(try PushCommand.parse(words + ["--jobs", "jobs.json"]).options.jobs == "jobs.json")
            #expect(throws: (any Error).self) {
                _ = try PushCommand.parse(words + ["--jobs", "jobs.json", "--watch"])
            }
        }
    }
}
