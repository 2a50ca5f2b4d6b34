import Testing

@testable import TidelockCommands

@Suite("Who is answered in JSON")
struct FailureAnswerTests {
    @Test func isWhoeverAsksForItBeforeTheLastOption() {
        #expect(FailureAnswer.isAskedFor(by: ["tidelock", "rollback", "x", "--json"]))
        #expect(!FailureAnswer.isAskedFor(by: ["tidelock", "rollback", "json"]))
        #expect(!FailureAnswer.isAskedFor(by: ["tidelock", "put", "posts", "--", "--json"]))
    }
}
