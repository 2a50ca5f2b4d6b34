import ContentModel
import Foundation
import SyncEngine
import SyncProtocol
import Testing

@testable import TidelockCommands

@Suite("What a rollback answers")
struct RollbackAnswerTests {
    private struct Printed: Decodable {
        struct Failure: Decodable { var code: String }

        var run: String
        var restored: Int
        var error: Failure?
    }

    private let kept = [Conflict(kind: "content/posts", id: "1", verdict: .keptEdited)]

    private func printed(_ answer: RollbackAnswer) throws -> Printed {
        try JSONDecoder().decode(Printed.self, from: JSONEncoder().encode(answer))
    }

    @Test func nothingThatCameBackIsAFailure() throws {
        let answer = RollbackAnswer(RollbackResult(run: "r", restored: 0, kept: kept))
        #expect(answer.failure?.code == .conflicts)
        let object = try printed(answer)
        #expect(object.run == "r" && object.restored == 0 && object.error?.code == "conflicts")
    }

    @Test func someThatCameBackIsNone() throws {
        for (restored, kept) in [(1, kept), (1, []), (0, [])] {
            let answer = RollbackAnswer(RollbackResult(run: "r", restored: restored, kept: kept))
            #expect(answer.failure == nil)
            #expect(try printed(answer).error == nil)
        }
        #expect(RollbackAnswer(RollbackResult(run: "r", restored: 0, kept: kept, doneBefore: 1)).failure == nil)
    }
}
