import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Runs that handlers of the destination refuse.
@Suite struct RefusedRunTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    /// Few changes travel with the open, whose answer then says whether they were taken.
    @Test(arguments: [ErrorCode.hookFailed, .hookLimit, .hookRefused])
    func aSmallPlanThatIsRefusedIsNotInDoubtAndLeavesNothingBehind(code: ErrorCode) async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"2"}"#)
        b.hooks.inspect { _, _ in throw TidelockError(code, "Not this one.") }
        let failure = try #require(await #expect(throws: TestRunFailure.self) { try await a.push(to: b) })
        #expect(failure.error.code == code && failure.error.details[RunMachine.mayHaveCommitted] == nil)
        #expect(failure.calls == ["open", "abandon"], "\(failure.calls)")
        #expect(try await b.store.leaseHolder() == nil)
        #expect(a.hooks.pinned == 0)
        b.hooks.inspect(nil)
        #expect(try await a.push(to: b).result?.created == 1)
        #expect(try b.problems() == [])
    }

    @Test(arguments: [ErrorCode.unknownKey, .permissionDenied, .tooLarge])
    func aRefusalAfterALostAnswerLeavesTheRunInDoubt(code: ErrorCode) async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"2"}"#)
        let failure = try #require(
            await #expect(throws: TestRunFailure.self) {
                try await a.push(to: LostAnswer(peer: b.responder, refusal: code), named: b.name, TestRun())
            })
        #expect(try b.ids(.posts) == ["1", "2"])
        #expect(failure.error.code == code && failure.error.details[RunMachine.mayHaveCommitted] != nil)
        #expect(failure.error.hint?.contains("may have taken effect") == true)
        #expect(failure.calls == ["open"], "\(failure.calls)")
    }
}

/// Carries an open out, loses its answer, and has the repetition refused.
private struct LostAnswer: PeerInBetween {
    let peer: any Peer
    let refusal: ErrorCode

    func open(_ request: OpenTransfer) async throws -> TransferOpened {
        _ = try await peer.open(request)
        throw TidelockError(refusal, "Not any more.").markedUnanswered
    }
}
