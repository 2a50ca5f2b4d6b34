import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Merges of a version with a row that had kept the one before away: what that had changed is in none of both.
@Suite struct UnmergedMergeTests {
    private let a: TestInstance
    private let b: TestInstance
    private static let ofB = #"{"_id":"1","t":"B3","z":"B2"}"#

    init() throws {
        let made = try TestInstance.make("a", "b")
        (a, b) = (made[0], made[1])
    }

    private func with(_ policy: ConflictPolicy) -> TestRun { TestRun(scope: Scope(policy: policy)) }

    private func expectNoProblems() throws {
        for instance in [a, b] { #expect(try instance.problems() == []) }
    }

    /// The field `z` was changed at both sides, and `a` keeps its own; `b` changes `t` since. `more` is a field of the
    /// item of `a`.
    private func keep(_ more: String = "") async throws {
        try await a.put(.posts, "{\"_id\":\"1\",\"t\":\"1\",\"z\":\"1\"\(more)}")
        try await a.push(to: b)
        try await a.put(.posts, "{\"_id\":\"1\",\"t\":\"1\",\"z\":\"A2\"\(more)}")
        try await b.put(.posts, #"{"_id":"1","t":"1","z":"B2"}"#)
        #expect(try await b.push(to: a, with(.target)).result?.conflicts.map(\.verdict) == [.keptTarget])
        try await b.put(.posts, Self.ofB)
        try expectNoProblems()
    }

    private func strip() {
        a.hooks.install("strips") { _, item in .changed(item.body.removing("s")) }
    }

    private func expectStillUnmerged(_ text: String) async throws {
        #expect(try await a.text(.posts, "1") == text)
        #expect(try await a.push(to: b, with(.park)).result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await b.text(.posts, "1") == Self.ofB)
        #expect(try await b.store.conflicts().map(\.source) == ["a"])
        try expectNoProblems()
    }

    @Test func aMergeOfFieldsIsStillNotMadeOfWhatWasKeptAway() async throws {
        try await keep()
        #expect(try await b.push(to: a, with(.mergeFields)).result?.conflicts.map(\.verdict) == [.merged])
        try await expectStillUnmerged(#"{"_id":"1","t":"B3","z":"A2"}"#)
    }

    @Test func norIsTheOneAfterThat() async throws {
        try await keep()
        try await b.push(to: a, with(.mergeFields))
        try await b.put(.posts, #"{"_id":"1","t":"B4","z":"B2"}"#)
        try await b.push(to: a, with(.mergeFields))
        try await b.put(.posts, Self.ofB)
        try await b.push(to: a, with(.mergeFields))
        try await expectStillUnmerged(#"{"_id":"1","t":"B3","z":"A2"}"#)
    }

    @Test func norIsAnUnfilteredOriginalThatIsPatched() async throws {
        strip()
        try await keep(#","s":"hidden""#)
        let run = try await b.push(to: a)
        #expect(run.result?.updated == 1 && run.result?.conflicts == [])
        try await expectStillUnmerged(#"{"_id":"1","t":"B3","z":"A2","s":"hidden"}"#)
    }

    @Test func norIsOneWhoseFieldsAreResolvedForTheSource() async throws {
        try await keep()
        try await a.put(.posts, #"{"_id":"1","t":"A3","z":"A2"}"#)
        #expect(try await b.push(to: a, with(.mergeFields)).result?.conflicts.map(\.verdict) == [.mergedParked])
        let open = try await a.store.conflicts()
        #expect(open.map(\.fields) == [["t"]])
        let run = a.newID()
        try await a.store.beginRun(id: run, direction: "local", target: "test")
        try await a.store.applyParked(open.map(\.id), run: run)
        try await a.store.markUndoable(id: run)
        #expect(try await a.store.drift(limit: 10).items.map(\.state) == [.kept])
        try await expectStillUnmerged(#"{"_id":"1","t":"B3","z":"A2"}"#)
    }

    @Test(arguments: [(.target, .keptTarget), (.park, .parked)] as [(ConflictPolicy, Conflict.Verdict)])
    func anUnfilteredOriginalThatWasKeptIsAnEditToTheNextVersion(policy: ConflictPolicy, verdict: Conflict.Verdict)
        async throws
    {
        strip()
        try await keep(#","s":"hidden""#)
        #expect(try await b.push(to: a, with(policy)).result?.conflicts.map(\.verdict) == [verdict])
        try await expectStillUnmerged(#"{"_id":"1","t":"1","z":"A2","s":"hidden"}"#)
    }

    @Test func aMergeThatBeginsBeforeWhatWaitsIsMadeOfBoth() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"1","z":"1"}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"1","t":"1","z":"A2"}"#)
        try await b.put(.posts, #"{"_id":"1","t":"B2","z":"1"}"#)
        try await b.push(to: a, with(.park))
        try await b.put(.posts, #"{"_id":"1","t":"B3","z":"1"}"#)
        #expect(try await b.push(to: a, with(.mergeFields)).result?.conflicts.map(\.verdict) == [.merged])
        let merged = #"{"_id":"1","t":"B3","z":"A2"}"#
        #expect(try await a.text(.posts, "1") == merged)
        let run = try await a.push(to: b, with(.park))
        #expect(run.result?.updated == 1 && run.result?.conflicts == [])
        #expect(try await b.text(.posts, "1") == merged)
        try expectNoProblems()
    }
}
