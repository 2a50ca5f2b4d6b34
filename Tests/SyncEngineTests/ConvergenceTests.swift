import ContentModel
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// One run makes the destination what the rules promise, and the next finds nothing to do.
@Suite struct ConvergenceTests: TrioSuite {
    let a: TestInstance
    let b: TestInstance
    let c: TestInstance

    init() throws { (a, b, c) = try TestInstance.trio() }

    @Test func aSecondPushIsOneRoundTrip() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        let first = try await a.push(to: b)
        #expect(first.result?.created == 2)
        let second = try await a.push(to: b)
        #expect(second.outcome == .inSync)
        #expect(second.calls == ["open"])
        #expect(second.unchanged == 2)
        try await b.pull(from: a)
        let pulled = try await b.pull(from: a)
        #expect(pulled.outcome == .inSync)
        #expect(pulled.calls == ["open"])
    }

    @Test func onlyWhatChangedIsSent() async throws {
        for number in 1...50 { try await a.put(.posts, "{\"_id\":\"\(number)\",\"v\":1}") }
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"7","v":2}"#, #"{"_id":"51","v":1}"#)
        let run = try await a.push(to: b)
        #expect(run.plan?.operations == 2)
        #expect(run.result?.updated == 1)
        #expect(run.result?.created == 1)
    }

    @Test func aRowThatWentBackAndForthStaysConsistent() async throws {
        try await b.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.pull(from: b)
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"2","v":1}"#)
        let run = try await a.pull(from: b)
        #expect(run.result?.created == 1)
        #expect(try await a.pull(from: b).isNoOp)
        #expect(try await a.push(to: b).isNoOp)
        try expectNoProblems()
    }

    @Test func anEditOnEitherSideTravelsAfterBothOwnedTheRow() async throws {
        try await b.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.pull(from: b)
        for version in 2...5 {
            let (editor, other) = version.isMultiple(of: 2) ? (a, b) : (b, a)
            try await editor.put(.posts, "{\"_id\":\"1\",\"v\":\(version)}")
            try await editor.push(to: other)
            #expect(try await other.text(.posts, "1") == "{\"_id\":\"1\",\"v\":\(version)}")
            #expect(try await editor.push(to: other).isNoOp)
        }
        try expectNoProblems()
    }

    @Test("T60: a skipped row that drifted does not block others")
    func aSkippedRowThatDriftedDoesNotBlockOthers() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":9}"#)
        a.hooks.install("skips") { _, item in item.id == "1" ? .skipped(reason: "no") : .unchanged }
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"2","v":1}"#)
        let run = try await a.push(to: b)
        #expect(run.result?.created == 1)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":9}"#)
        #expect(try await a.push(to: b).isNoOp)
    }

    @Test func aReleasedRowBelongsToTheDestinationAndTravelsBack() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"2","v":1}"#)
        try await a.pull(from: b)
        try await a.remove(.posts, "1")
        let run = try await a.push(to: b)
        #expect(run.result?.released == 1)
        #expect(try b.head(.posts, "1")?.origin == nil)
        let back = try await a.pull(from: b)
        #expect(back.result?.created == 1)
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":1}"#)
    }

    @Test func aRowTakenOverByAnotherSourceIsKeptUntilItChangesHere() async throws {
        try await a.put(.posts, #"{"_id":"1","from":"a"}"#, #"{"_id":"2","from":"a"}"#)
        try await a.push(to: b)
        try await c.put(.posts, #"{"_id":"1","from":"c"}"#)
        let taking = try await c.push(to: b)
        #expect(taking.result?.conflicts.map(\.id) == ["1"])
        #expect(try await a.push(to: b).isNoOp)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","from":"c"}"#)
        try await a.put(.posts, #"{"_id":"1","from":"a again"}"#)
        let run = try await a.push(to: b)
        #expect(run.result?.conflicts.map(\.verdict) == [.replaced])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","from":"a again"}"#)
        try expectNoProblems()
    }

    @Test func aMirrorDeletesARowThatAnotherSourceTookOver() async throws {
        try await a.put(.posts, #"{"_id":"1","from":"a"}"#, #"{"_id":"2","from":"a"}"#)
        try await a.push(to: b)
        try await c.put(.posts, #"{"_id":"1","from":"c"}"#)
        try await c.push(to: b)
        try await a.push(to: b, .mirror)
        try await a.remove(.posts, "1")
        let run = try await a.push(to: b, .mirror)
        #expect(run.result?.deleted == 1)
        #expect(try await b.text(.posts, "1") == nil)
    }

    @Test("T67: adopting changes nothing but whose the row is")
    func adoptingChangesNothingButWhoseTheRowIs() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await b.put(.posts, #"{"v":1,"_id":"1"}"#)
        let before = try b.head(.posts, "1")
        let run = try await a.push(to: b)
        #expect(run.result?.adopted == 1)
        let after = try b.head(.posts, "1")
        #expect(after?.body == before?.body)
        #expect(after?.sequence == before?.sequence)
        #expect(after?.origin == a.identity.id)
        try expectNoProblems()
    }

    @Test func theOfferForAnotherInstanceAtTheSameAddressIsNotBelieved() async throws {
        try await a.put(.posts, #"{"_id":"1","v":3}"#)
        a.hooks.install("by target", version: 1) { _, _ in .dropped(reason: "not there") }
        try await a.push(to: b.responder, named: "site", TestRun())
        try await a.push(to: b.responder, named: "site", TestRun())
        // The handlers stay as they are, and another instance answers now.
        let run = try await a.push(to: c.responder, named: "site", TestRun())
        #expect(run.outcome != .inSync)
        #expect(run.plan?.kinds.map(\.drops) == [1])
    }

    @Test func twoIdsThatLookAlikeAreTwoItems() async throws {
        let composed = "caf\u{E9}"
        let decomposed = "cafe\u{301}"
        try await a.put(.posts, "{\"_id\":\"\(composed)\"}", "{\"_id\":\"\(decomposed)\"}")
        try await a.push(to: b)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM head") == 2)
        // One of the two is lost at the destination, as when an older backup was restored there.
        let stored = composed.utf8.count
        try StoreVandal(b.store).execute(
            """
            DELETE FROM body WHERE rid IN (SELECT rid FROM head WHERE length(cast(id AS BLOB)) = \(stored));
            DELETE FROM head WHERE length(cast(id AS BLOB)) = \(stored);
            \(StoreVandal.markAll)
            """)
        try await a.push(to: b)
        #expect(try await b.text(.posts, composed) != nil)
        #expect(try await a.push(to: b).isNoOp)
    }
}
