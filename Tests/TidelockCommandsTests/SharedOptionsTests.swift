import ArgumentParser
import Testing

@testable import TidelockCommands

@Suite("Options that many commands have")
struct SharedOptionsTests {
    /// Commands that do something, with those above them left out.
    private static func leaves(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        let below = command.configuration.subcommands
        return below.isEmpty ? [command] : below.flatMap { leaves(of: $0) }
    }

    /// What help says of an option, in one line; nil where the command does not have it.
    private static func words(about option: String, of command: any ParsableCommand.Type) -> String? {
        let help = RootCommand.helpMessage(for: command, columns: 2_000)
        let lines = help.split(separator: "\n").drop { $0 != "OPTIONS:" }
        return lines.map { $0.split(separator: " ").joined(separator: " ") }.first { $0.hasPrefix("\(option) ") }
    }

    @Test func jsonIsToldOfAlikeWhereverItIsTaken() {
        let leaves = Self.leaves(of: RootCommand.self).filter { $0 != ServeCommand.self }
        #expect(leaves.count > 40)
        for command in leaves {
            #expect(Self.words(about: "--json", of: command) == "--json Print JSON.", "\(command)")
        }
        #expect(Self.words(about: "--json", of: ServeCommand.self) == nil)
    }

    @Test func whatIsSpecialAboutTheJSONOfACommandStandsAboveItsOptions() {
        let special: [(command: any ParsableCommand.Type, words: String)] = [
            (LockCommand.Status.self, "--json prints 'run' and 'lease', each only when somebody has it."),
            (LockCommand.Reset.self, "--json prints 'lockFile', and the 'lease' that was taken away."),
            (ConflictsCommand.Show.self, "--json prints the whole items."),
        ]
        for (command, words) in special {
            #expect(RootCommand.helpMessage(for: command, columns: 2_000).contains(words), "\(command)")
        }
    }

    @Test func aDryRunIsAskedForAlikeOfEveryCommandThatMovesContent() throws {
        #expect(try PushCommand.parse(["production", "--dry-run"]).dryRun.isWanted)
        #expect(try PullCommand.parse(["production", "--dry-run"]).dryRun.isWanted)
        #expect(try RunFileCommand.parse(["jobs.lua", "--dry-run"]).dryRun.isWanted)
        #expect(try ItemPushCommand.parse(["production", "posts", "1", "--dry-run"]).options.dryRun.isWanted)
        #expect(try !PushCommand.parse(["production"]).dryRun.isWanted)
        for command in [PushCommand.self, PullCommand.self, RunFileCommand.self, ItemPullCommand.self]
            as [any ParsableCommand.Type]
        {
            #expect(Self.words(about: "--dry-run", of: command) == "--dry-run Only say what would be done.")
        }
        #expect(throws: (any Error).self) { _ = try PushCommand.parse(["production", "--watch", "--dry-run"]) }
    }

    @Test func recordsAreCountedAlike() throws {
        #expect(try LogCommand.parse([]).length.limit == 50 && AuditCommand.parse([]).length.limit == 50)
        #expect(try LogCommand.parse(["--limit", "3"]).length.limit == 3)
        #expect(try AuditCommand.parse(["--limit", "4"]).length.limit == 4)
        #expect(throws: (any Error).self) { _ = try LogCommand.parse(["--limit", "0"]) }
        #expect(throws: (any Error).self) { _ = try AuditCommand.parse(["--limit", "0"]) }
    }

    @Test func anAssetsFileIsWrittenWhereOutputSaysAlsoForPrograms() throws {
        let get = try GetAssetCommand.parse(["1", "--output", "picture.png", "--json"])
        #expect(get.destination == "picture.png" && get.output.json)
    }
}
