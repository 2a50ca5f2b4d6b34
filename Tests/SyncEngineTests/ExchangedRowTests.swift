import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Rows that a destination sent to its source earlier: a mirror leaves them alone, and takes no longer for them.
@Suite struct ExchangedRowTests: TrioSuite {
    let a: TestInstance
    let b: TestInstance
    let c: TestInstance

    init() throws { (a, b, c) = try TestInstance.trio() }

    private func mirror(isPush: Bool = true) async throws -> TestRunResult {
        try await a.move(to: b, isPush: isPush, .mirror)
    }

    /// Items 1 and 2 come from `b`, item 3 from `a`, and both hold all of them.
    private func exchange(isPush: Bool = true) async throws {
        try await b.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.pull(from: b)
        try await a.put(.posts, #"{"_id":"3","v":1}"#)
        let run = try await mirror(isPush: isPush)
        #expect(run.result?.created == 1 && run.result?.deleted == 0)
    }

    private func expectInSync(isPush: Bool = true) async throws {
        let run = try await mirror(isPush: isPush)
        #expect(run.outcome == .inSync && run.calls == ["open"], "\(run.outcome) \(run.calls)")
    }

    @Test(arguments: [true, false])
    func aMirrorWithoutChangesIsOneRoundTripAlsoBesideThem(isPush: Bool) async throws {
        try await exchange(isPush: isPush)
        for _ in 0..<2 { try await expectInSync(isPush: isPush) }
        #expect(try b.ids(.posts) == ["1", "2", "3"])
        #expect(try b.head(.posts, "1")?.origin == nil)
        try expectNoProblems()
    }

    @Test func aSmallChangeBesideThemTravelsWithTheOpen() async throws {
        try await exchange()
        try await a.put(.posts, #"{"_id":"4","v":1}"#)
        let run = try await mirror()
        #expect(run.result?.created == 1 && run.result?.deleted == 0)
        #expect(run.calls == ["open"], "\(run.calls)")
        try await expectInSync()
        try expectNoProblems()
    }

    @Test(arguments: [true, false])
    func oneThatTheSourceDeletedIsDeletedEvenIfARunHasPassedItSince(isPush: Bool) async throws {
        try await exchange(isPush: isPush)
        try await expectInSync(isPush: isPush)
        try await a.remove(.posts, "1")
        // Merging deletes nothing; the source is quiet afterwards.
        try await a.move(to: b, isPush: isPush)
        #expect(try await b.text(.posts, "1") != nil)
        let run = try await mirror(isPush: isPush)
        #expect(run.result?.deleted == 1)
        #expect(try b.ids(.posts) == ["2", "3"])
        try expectNoProblems()
        // Once the delete has come back to where it was made, the two agree about the rest.
        try await a.pull(from: b)
        #expect(try await mirror(isPush: isPush).isNoOp)
        try await expectInSync(isPush: isPush)
        try expectNoProblems()
    }

    @Test(arguments: [true, false])
    func aRowThatTheSourceNeverGotIsDeletedBesideThem(isPush: Bool) async throws {
        try await exchange(isPush: isPush)
        try await expectInSync(isPush: isPush)
        try await b.put(.posts, #"{"_id":"own"}"#)
        let run = try await mirror(isPush: isPush)
        #expect(run.result?.deleted == 1)
        #expect(try b.ids(.posts) == ["1", "2", "3"])
        try await expectInSync(isPush: isPush)
        try expectNoProblems()
    }

    @Test func aSmallChangeDoesNotHideARowThatTheSourceNeverGot() async throws {
        try await exchange()
        try await expectInSync()
        try await b.put(.posts, #"{"_id":"own"}"#)
        try await a.put(.posts, #"{"_id":"4","v":1}"#)
        let run = try await mirror()
        #expect(run.result?.created == 1 && run.result?.deleted == 1)
        #expect(try b.ids(.posts) == ["1", "2", "3", "4"])
        try expectNoProblems()
    }

    @Test func asManyRowsAsBeforeAreNotTheSameRows() async throws {
        try await exchange()
        try await b.remove(.posts, "1")
        try await b.put(.posts, #"{"_id":"own"}"#)
        let run = try await mirror()
        #expect(run.result?.deleted == 1)
        #expect(try b.ids(.posts) == ["2", "3"])
        try expectNoProblems()
    }

    @Test func oneThatWasEditedThereSinceStaysAsItIs() async throws {
        try await exchange()
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        try await expectInSync()
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":2}"#)
    }

    @Test func oneThatWasEditedHereIsSentBackAndTheNextMirrorIsOneRoundTrip() async throws {
        try await exchange()
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        #expect(try await mirror().result?.updated == 1)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":2}"#)
        try await expectInSync()
        try expectNoProblems()
    }

    @Test func oneThatAThirdInstanceMadeCountsAsWell() async throws {
        try await c.put(.posts, #"{"_id":"9"}"#)
        try await c.push(to: b)
        try await exchange()
        try await expectInSync()
        #expect(try b.head(.posts, "9")?.origin == c.identity.id)
        try expectNoProblems()
    }

    /// The other side's word is compared with what is known here, and what is not said proves nothing.
    @Test func aPeerThatSaysNothingOfThemIsNotInSync() async throws {
        try await exchange(isPush: false)
        let scope = Scope(mode: .mirror)
        var open = OpenTransfer(id: b.newID(), direction: .pull, initiator: b.identity, scope: scope, nonce: "n")
        open.held = try await b.store.held(of: a.identity.id, scope: scope, sourceKinds: [], nonce: "n")
        let sent = try await b.store.sent(of: [.posts], in: scope, to: a.identity.id)
        open.sent = [Kind.posts.name: try #require(sent[.posts]).masked(by: "another")]
        #expect(try await a.responder.open(open).status == .open)
        open.id = b.newID()
        open.sent = nil
        #expect(try await a.responder.open(open).status == .open)
        open.id = b.newID()
        open.sent = sent.reduce(into: [:]) { $0[$1.key.name] = $1.value.masked(by: "n") }
        #expect(try await a.responder.open(open).status == .inSync)
    }

    @Test func whereSomethingWasNeverSentNothingIsSaidOfTheKind() async throws {
        try await exchange()
        let whole = Scope(mode: .mirror)
        #expect(try await b.store.sent(of: [.posts], in: whole, to: a.identity.id).count == 1)
        try await b.put(.posts, #"{"_id":"own"}"#)
        #expect(try await b.store.sent(of: [.posts], in: whole, to: a.identity.id) == [:])
        let named = Scope(mode: .mirror, items: ["content/posts": ["1"]])
        #expect(try await b.store.sent(of: [.posts], in: named, to: a.identity.id).count == 1)
        #expect(try await a.store.received(of: [.posts], from: b.identity.id).count == 1)
        try await a.remove(.posts, "2")
        #expect(try await a.store.received(of: [.posts], from: b.identity.id) == [:])
        #expect(try await a.store.received(of: [.posts], from: "nobody") == [:])
    }
}
