import ContentModel
import Testing

@testable import SyncProtocol

@Suite("Signed answers")
struct AnswerSignatureTests {
    let fixture = TokenFixture()
    let answer = AnswerFacts(status: 200, body: [1, 2, 3], operations: 4)

    @Test func aGenuineAnswerIsRecognised() {
        #expect(isGenuine(answer, id: "question"))
    }

    @Test func nothingAboutItMayChange() {
        #expect(!isGenuine(AnswerFacts(status: 201, body: [1, 2, 3], operations: 4), id: "question"))
        #expect(!isGenuine(AnswerFacts(status: 200, body: [1, 2], operations: 4), id: "question"))
        #expect(!isGenuine(AnswerFacts(status: 200, body: [1, 2, 3], operations: 5), id: "question"))
        #expect(!isGenuine(AnswerFacts(status: 200, body: [1, 2, 3]), id: "question"))
        #expect(!isGenuine(answer, id: "another question"))
    }

    @Test(arguments: [nil, "", "zz", String(repeating: "0", count: 64)])
    func otherTextIsNoSignature(text: String?) {
        #expect(!fixture.signer.isGenuine(answer, signature: text, to: "question"))
    }

    @Test func theKeyOfRequestsSignsNoAnswers() async throws {
        let token = try await fixture.token()
        let signature = String(token.split(separator: ".")[2])
        #expect(!fixture.signer.isGenuine(answer, signature: signature, to: "question"))
    }

    private func isGenuine(_ facts: AnswerFacts, id: String) -> Bool {
        let signature = SigningKeys(fixture.key).signature(of: answer, to: "question")
        return fixture.signer.isGenuine(facts, signature: signature, to: id)
    }
}
