import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Versions that the destination of a push kept beside what arrived: what becomes of them when they come back.
@Suite struct UnmergedVersionTests: PairSuite {
    let a: TestInstance
    let b: TestInstance
    private static let here = #"{"_id":"1","t":"A","n":5}"#
    private static let there = #"{"_id":"1","t":"B","n":0}"#

    init() throws { (a, b) = try TestInstance.pair() }

    /// An item that both sides changed since the last push, pushed once more with a policy that keeps the one there.
    private func collide(_ policy: ConflictPolicy) async throws {
        try await diverge(from: #"{"_id":"1","t":"first","n":1}"#, here: Self.here, there: Self.there)
        #expect(try await a.push(to: b, .with(policy)).result?.conflictCount == 1)
        #expect(try await b.text(.posts, "1") == Self.there)
        try expectNoProblems()
    }

    @Test(arguments: [.target, .park, .mergeFields] as [ConflictPolicy])
    func theyAreListedAsReplacingWhatIsHere(policy: ConflictPolicy) async throws {
        try await collide(policy)
        let run = try await a.pull(from: b)
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: .replaced)])
        #expect(run.result?.updated == 1 && run.result?.conflictCount == 1)
        #expect(try await a.text(.posts, "1") == Self.there)
        try expectNoProblems()
        #expect(try await a.store.rollback(run.transfer, as: a.newID()).restored == 1)
        #expect(try await a.text(.posts, "1") == Self.here)
        try expectNoProblems()
    }

    @Test(arguments: [.target, .park, .mergeFields] as [ConflictPolicy])
    func aPolicyThatKeepsEditsKeepsWhatIsHere(policy: ConflictPolicy) async throws {
        try await collide(policy)
        let run = try await a.pull(from: b, .with(policy))
        #expect(run.result?.conflicts.map(\.verdict) == [policy == .target ? .keptTarget : .parked])
        #expect(try await a.text(.posts, "1") == Self.here)
        #expect(try await a.store.conflicts().map(\.source) == (policy == .target ? [] : ["b"]))
        #expect(try await b.store.conflicts().count == (policy == .target ? 0 : 1))
        #expect(try await a.store.drift(limit: 10).items.map(\.state) == [.kept])
        #expect(try await a.pull(from: b, .with(policy)).isNoOp)
        #expect(try await a.push(to: b, .with(policy)).isNoOp)
        try expectNoProblems()
    }

    @Test func aPolicyThatFailsFails() async throws {
        try await collide(.park)
        let failure = await #expect(throws: TestRunFailure.self) { try await a.pull(from: b, .with(.fail)) }
        #expect(failure?.error.code == .conflicts)
        #expect(try await a.text(.posts, "1") == Self.here)
        try expectNoProblems()
    }

    @Test func oneThatWasEditedOnWhileTheOtherWaitsIsStillNotMadeOfIt() async throws {
        try await collide(.park)
        try await b.put(.posts, #"{"_id":"1","t":"B","n":-1}"#)
        #expect(try await a.pull(from: b, .with(.park)).result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await a.text(.posts, "1") == Self.here)
        try expectNoProblems()
    }

    private static let edited = #"{"_id":"1","t":"B","n":-1}"#

    @Test(arguments: [.source, .target, .park, .mergeFields] as [ConflictPolicy])
    func oneThatWasKeptAndEditedOnIsStillNotMadeOfIt(policy: ConflictPolicy) async throws {
        try await collide(.target)
        for text in [#"{"_id":"1","t":"B","n":7}"#, Self.edited] { try await b.put(.posts, text) }
        #expect(try await b.store.drift(limit: 10).items.map(\.state) == [.edited])
        let run = try await a.pull(from: b, .with(policy))
        let verdict: Conflict.Verdict = policy == .source ? .replaced : policy == .target ? .keptTarget : .parked
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: verdict)])
        #expect(try await a.text(.posts, "1") == (policy == .source ? Self.edited : Self.here))
        try expectNoProblems()
    }

    @Test func norIsOneThatWasDeletedAndMadeAnew() async throws {
        try await collide(.target)
        try await b.remove(.posts, "1")
        try await b.put(.posts, Self.edited)
        #expect(try await a.pull(from: b, .with(.target)).result?.conflicts.map(\.verdict) == [.keptTarget])
        #expect(try await a.text(.posts, "1") == Self.here)
        try expectNoProblems()
    }

    @Test func oneThatBecomesWhatWasSentIsNoEditAndDoesNotComeBack() async throws {
        try await collide(.target)
        try await b.put(.posts, Self.here)
        #expect(try await b.store.drift(limit: 10).count == 0)
        #expect(try await a.pull(from: b, .with(.target)).isNoOp)
        try await b.put(.posts, Self.edited)
        let run = try await a.pull(from: b, .with(.target))
        #expect(run.result?.updated == 1 && run.result?.conflicts == [])
        #expect(try await a.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test func anEditThatIsTakenBackLeavesItAsItWas() async throws {
        try await collide(.target)
        let edit = try await b.put(.posts, Self.edited)
        #expect(try await b.store.rollback(edit, as: b.newID()).restored == 1)
        #expect(try await b.store.drift(limit: 10).items.map(\.state) == [.kept])
        #expect(try await a.pull(from: b, .with(.target)).result?.conflicts.map(\.verdict) == [.keptTarget])
        try expectNoProblems()
    }

    @Test func theNextRunOfTheSourceMeetsTheEdit() async throws {
        try await collide(.target)
        try await b.put(.posts, Self.edited)
        #expect(try await a.push(to: b).result?.conflicts.map(\.verdict) == [.replaced])
        #expect(try await b.text(.posts, "1") == Self.here)
        try expectNoProblems()
    }

    @Test func oneThatWasEditedOnAndDecidedForIsStillNotMadeOfIt() async throws {
        try await collide(.park)
        try await b.put(.posts, Self.edited)
        try await b.store.dropConflicts(b.store.conflicts().map(\.id))
        #expect(try await b.store.drift(limit: 10).items.map(\.state) == [.kept])
        #expect(try await a.pull(from: b, .with(.park)).result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await a.text(.posts, "1") == Self.here)
        try expectNoProblems()
    }

    @Test func anItemThatWasMadeToDecideIsMadeOfBoth() async throws {
        try await collide(.park)
        try await b.put(.posts, Self.edited)
        let open = try #require(try await b.store.conflicts().first)
        let body = try JSONDocument(validating: #"{"_id":"1","t":"of both","n":2}"#)
        let run = b.newID()
        try await b.store.beginRun(id: run, direction: "local", target: "test")
        let change = LocalChange.put(kind: .posts, body: body, hash: body.hash)
        _ = try b.store.writeBlocking([change], run: run, deciding: open.id)
        try await b.store.markUndoable(id: run)
        let pulled = try await a.pull(from: b, .with(.park))
        #expect(pulled.result?.updated == 1 && pulled.result?.conflicts == [])
        #expect(try await a.text(.posts, "1") == body.text)
        try expectNoProblems()
    }

    @Test func onceItWasTakenInLaterEditsOfItAreNoConflicts() async throws {
        try await collide(.park)
        try await a.pull(from: b)
        try await b.put(.posts, #"{"_id":"1","t":"B","n":-1}"#)
        let run = try await a.pull(from: b)
        #expect(run.result?.updated == 1 && run.result?.conflicts == [])
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","t":"B","n":-1}"#)
        try expectNoProblems()
    }

    @Test func whatBothSidesMadeOfItOnceItWasTakenInIsMerged() async throws {
        try await collide(.park)
        try await a.pull(from: b)
        try await a.put(.posts, #"{"_id":"1","t":"B","n":7}"#)
        try await b.put(.posts, #"{"_id":"1","t":"BB","n":0}"#)
        let run = try await a.pull(from: b, .with(.mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.merged])
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","t":"BB","n":7}"#)
        try expectNoProblems()
    }

    @Test func oneThatIsResolvedForTheSourceDoesNotComeBack() async throws {
        try await collide(.park)
        try await b.applyParked(b.store.conflicts().map(\.id))
        #expect(try await a.pull(from: b, .with(.park)).isNoOp)
        #expect(try await a.text(.posts, "1") == Self.here)
        #expect(try await a.store.conflicts() == [])
        try expectNoProblems()
    }

    @Test(arguments: [.source, .park] as [ConflictPolicy])
    func aMergeWithoutCollisionsIsMadeOfBoth(policy: ConflictPolicy) async throws {
        try await diverge(
            from: #"{"_id":"1","t":"first","n":1}"#, here: #"{"_id":"1","t":"A","n":1}"#,
            there: #"{"_id":"1","t":"first","n":0}"#)
        #expect(try await a.push(to: b, .with(.mergeFields)).result?.conflicts.map(\.verdict) == [.merged])
        let run = try await a.pull(from: b, .with(policy))
        #expect(run.result?.updated == 1 && run.result?.conflicts == [])
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","t":"A","n":0}"#)
        try expectNoProblems()
    }

    @Test(arguments: [.source, .mergeFields] as [ConflictPolicy])
    func anUnfilteredOriginalDoesNotTakeThemForChangesOfWhatWasSent(policy: ConflictPolicy) async throws {
        a.hooks.install("strips") { _, item in .changed(item.body.removing("secret")) }
        try await diverge(
            from: #"{"_id":"1","t":"first","secret":7}"#, here: #"{"_id":"1","t":"A","secret":7}"#,
            there: #"{"_id":"1","t":"B"}"#)
        try await a.push(to: b, .with(.park))
        let run = try await a.pull(from: b, .with(policy))
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","t":"A","secret":7}"#)
        try expectNoProblems()
    }
}
