import ArgumentParser
import ContentModel
import SyncEngine
import SyncProtocol
import Testing

@testable import TidelockCommands

@Suite("Options about guards")
struct GuardOptionsTests {
    private static let words = [
        "--confirm-missing-filters", "--include-reverted", "--fail-on-dangling", "--fail-on-schema", "--timeout", "7",
    ]

    private func expectAll(_ request: SyncRunner.Request) {
        #expect(request.confirmations.missingFilters)
        #expect(request.confirmations.refusesDangling == true)
        #expect(request.confirmations.refusesSchemaChanges == true)
        #expect(request.options.includesReverted)
        #expect(request.timeout == .seconds(7))
    }

    @Test func meanTheSameForARunAFileAndAnItem() throws {
        let push = try PushCommand.parse(["production"] + Self.words)
        expectAll(try push.options.scope.request(.push, isDryRun: false))
        let file = try RunFileCommand.parse(["jobs.lua"] + Self.words)
        expectAll(file.guards.request(.push, moving: .everything, isDryRun: false))
        let item = try ItemPushCommand.parse(["production", "posts", "1"] + Self.words)
        expectAll(item.options.guards.request(.push, moving: .everything, isDryRun: false))
    }

    @Test func nothingIsConfirmedUnasked() throws {
        let push = try PushCommand.parse(["production"])
        let request = try push.options.scope.request(.push, isDryRun: true)
        #expect(request.confirmations == Confirmations() && request.timeout == .seconds(30) && request.isDryRun)
        #expect(!request.scope.allowsMirrorWithFilter && !request.options.includesReverted)
    }

    @Test func anEmptySourceIsConfirmedWhereARunCanDelete() throws {
        let push = try PushCommand.parse(["production", "--mirror", "--allow-empty-source"])
        #expect(try push.options.scope.request(.push, isDryRun: false).confirmations.emptySource == true)
        let file = try RunFileCommand.parse(["jobs.lua", "--allow-empty-source"])
        #expect(file.guards.request(.pull, moving: .everything, isDryRun: false).confirmations.emptySource == true)
        #expect(try ApplyCommand.parse(["plan.json", "--allow-empty-source"]).confirmations.emptySource == true)
        #expect(try ApplyCommand.parse(["plan.json"]).confirmations.emptySource == nil)
        #expect(throws: (any Error).self) {
            _ = try ItemPushCommand.parse(["production", "posts", "1", "--allow-empty-source"])
        }
    }

    @Test func aPlanMadeWithoutAHandlerCanBeApplied() throws {
        #expect(try !ApplyCommand.parse(["plan.json"]).confirmations.missingFilters)
        #expect(try ApplyCommand.parse(["plan.json", "--confirm-missing-filters"]).confirmations.missingFilters)
    }

    @Test func deletesAreAllowedWhereARunCanDelete() throws {
        let file = try RunFileCommand.parse(["jobs.lua", "--allow-deletes", "3", "--force-mirror"])
        let request = file.guards.request(.pull, moving: .everything, isDryRun: false)
        #expect(request.confirmations.deletes == 3 && request.scope.allowsMirrorWithFilter)
        #expect(try ApplyCommand.parse(["plan.json", "--allow-deletes", "4"]).deletes.allowDeletes == 4)
        #expect(throws: (any Error).self) {
            _ = try ItemPushCommand.parse(["production", "posts", "1", "--allow-deletes", "3"])
        }
        #expect(throws: (any Error).self) { _ = try ApplyCommand.parse(["plan.json", "--allow-deletes", "-1"]) }
        #expect(throws: (any Error).self) { _ = try PushCommand.parse(["production", "--timeout", "0"]) }
        #expect(throws: (any Error).self) {
            _ = try ItemPushCommand.parse(["production", "posts", "1", "--timeout", "86401"])
        }
    }
}
