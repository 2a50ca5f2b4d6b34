import ContentModel
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What an instance pushed in filtered form never replaces the unfiltered original when it comes back.
@Suite struct FilteredOriginalTests {
    private let a: TestInstance
    private let b: TestInstance
    private static let original = #"{"_id":"1","v":1,"secret":7}"#

    init() throws {
        let made = try TestInstance.make("a", "b")
        (a, b) = (made[0], made[1])
        a.hooks.install("strips") { _, item in
            guard item.body.member("secret") != nil else { return .unchanged }
            return .changed(
                try JSONDocument(validating: "{\"_id\":\"\(item.id)\",\"v\":\(item.body.integer("v") ?? 0)}"))
        }
    }

    /// A has the original, B the filtered form with an edit of its own.
    private func edited() async throws {
        try await a.put(.posts, Self.original)
        try await a.push(to: b)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
    }

    private func expectKept(_ run: TestRunResult) async throws {
        #expect(run.result?.conflicts.map(\.verdict) == [.keptOriginal])
        #expect(run.result?.kept == 1)
        #expect(try await a.text(.posts, "1") == Self.original)
        #expect(try a.problems() == [])
    }

    @Test func anEditOfTheFilteredFormIsListedAndTheOriginalStays() async throws {
        try await edited()
        try await expectKept(try await a.pull(from: b))
    }

    @Test func aKeptOriginalIsListedOnce() async throws {
        try await edited()
        try await a.pull(from: b)
        let again = try await a.pull(from: b)
        #expect(again.isNoOp)
        #expect(again.calls == ["open"])
    }

    @Test func aKeptOriginalIsListedAgainWhenItChangesThere() async throws {
        try await edited()
        try await a.pull(from: b)
        try await b.put(.posts, #"{"_id":"1","v":3}"#)
        try await expectKept(try await a.pull(from: b))
    }

    @Test func aPlanOfAPushInBetweenChangesNothing() async throws {
        try await edited()
        try await a.push(to: b, TestRun(isDryRun: true))
        try await expectKept(try await a.pull(from: b))
    }

    @Test func aLostAcknowledgementChangesNothing() async throws {
        try await edited()
        try await a.put(.posts, #"{"_id":"1","v":1,"secret":8}"#)
        await #expect(throws: TestRunFailure.self) {
            try await a.push(to: b, TestRun(fault: .init(call: 1, isCarriedOut: false)))
        }
        let run = try await a.pull(from: b)
        #expect(run.result?.kept == 1)
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":1,"secret":8}"#)
    }

    @Test func anItemThatIsDroppedByNowKeepsItsOriginal() async throws {
        try await edited()
        a.hooks.install("strips", version: 2) { _, _ in .dropped(reason: "no more") }
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":5}"#)
        try await expectKept(try await a.pull(from: b))
    }

    @Test func theFieldThatWasStrippedIsNowhereAtTheDestination() async throws {
        try await edited()
        try await a.push(to: b)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM body WHERE instr(bytes, 'secret') > 0") == 0)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM body") > 0)
    }
}
