import ContentModel
import Testing

@testable import TidelockCommands

@Suite("A word that is no command")
struct UnknownCommandTests {
    private func complaint(_ arguments: String...) -> TidelockError? {
        UnknownCommand.complaint(arguments, of: RootCommand.self)
    }

    @Test func isNamedWithTheOneThatWasMeant() {
        let first = complaint("pusch", "production")
        #expect(first?.message == "There is no command 'pusch'. Did you mean 'push'?")
        #expect(first?.code == .usage && first?.hint == "'tidelock help' lists the commands.")
        let second = complaint("-C", "site", "hooks", "lst")
        #expect(second?.message == "There is no command 'hooks lst'. Did you mean 'list'?")
        #expect(second?.hint == "'tidelock help hooks' lists the commands.")
        #expect(complaint("restore", "x")?.message == "There is no command 'restore'.")
    }

    @Test func isLookedForOnlyWhereOneIsExpected() {
        #expect(complaint() == nil && complaint("push", "nowhere") == nil && complaint("help", "pusch") == nil)
        #expect(complaint("runs", "--limit", "x") == nil && complaint("kinds", "--jsno") == nil)
        #expect(complaint("hooks", "list") == nil && complaint("-C") == nil)
    }
}
