import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What the destination made of items that a source had sent there, and that it let go of or deleted there since: mirrors
/// of that source meet it as an edit.
@Suite struct LetGoEditTests {
    private let a: TestInstance
    private let b: TestInstance
    private let c: TestInstance
    private static let first = #"{"_id":"1","t":"first"}"#
    private static let edited = #"{"_id":"1","t":"edited"}"#

    init() throws {
        let made = try TestInstance.make("a", "b", "c")
        (a, b, c) = (made[0], made[1], made[2])
    }

    private func mirror(_ policy: ConflictPolicy, isDryRun: Bool = false) -> TestRun {
        TestRun(scope: Scope(mode: .mirror, policy: policy), isDryRun: isDryRun)
    }

    private func move(_ run: TestRun, isPush: Bool = true) async throws -> TestRunResult {
        isPush ? try await a.push(to: b, run) : try await b.pull(from: a, run)
    }

    private func expectNoProblems() throws {
        for instance in [a, b, c] { #expect(try instance.problems() == []) }
    }

    /// How the source came to have nothing to do with the row at the destination any more.
    enum Way: CaseIterable {
        /// It deleted the item, and a run without mirror let go of the row.
        case released
        /// The same, and the edit was there before that run.
        case editedBefore
        /// A handler drops the item, and a run without mirror let go of the row.
        case dropped
        /// It deleted the item, and a mirror deleted it there.
        case deleted
        /// The same, and that was taken back there.
        case takenBack
        /// The same, and a mirror has learnt of that.
        case learnt
    }

    /// The source has sent the item and lets go of it. The destination then has what `text` says.
    private func letGo(_ way: Way, leaving text: String) async throws {
        try await a.put(.posts, Self.first, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        if way == .editedBefore { try await b.put(.posts, text) }
        if way == .dropped {
            a.hooks.install("drops") { _, item in item.id == "1" ? .dropped(reason: "not for there") : .unchanged }
        } else {
            try await a.remove(.posts, "1")
        }
        switch way {
        case .released, .editedBefore, .dropped: #expect(try await a.push(to: b).result?.released == 1)
        case .deleted: try await a.push(to: b, .mirror)
        case .takenBack, .learnt:
            let run = try await a.push(to: b, .mirror)
            #expect(try await b.store.rollback(run.transfer, as: b.newID()).restored == 1)
            if way == .learnt { #expect(try await a.push(to: b, .mirror).isNoOp) }
        }
        if way != .editedBefore, try await b.text(.posts, "1") != text { try await b.put(.posts, text) }
        #expect(try await b.text(.posts, "1") == text)
    }

    @Test(arguments: Way.allCases, [true, false])
    func theEditWaitsAndStays(way: Way, isPush: Bool) async throws {
        try await letGo(way, leaving: Self.edited)
        let run = try await move(mirror(.park), isPush: isPush)
        #expect(run.result?.deleted == 0 && run.result?.kept == 1 && run.result?.released == 0, "\(run)")
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        let open = try await b.store.conflicts()
        #expect(open.map(\.item) == ["1"] && open.map(\.source) == ["a"] && open.map(\.isDelete) == [true])
        for _ in 0..<2 {
            #expect(try await move(mirror(.park), isPush: isPush).isNoOp)
            #expect(try await b.text(.posts, "1") == Self.edited)
            #expect(try await b.store.conflicts() == open)
            try expectNoProblems()
        }
    }

    @Test(arguments: Way.allCases) func thePolicyTargetKeepsIt(way: Way) async throws {
        try await letGo(way, leaving: Self.edited)
        let run = try await move(mirror(.target))
        #expect(run.result?.deleted == 0 && run.result?.conflicts.map(\.verdict) == [.keptTarget], "\(run)")
        #expect(try await b.store.conflicts() == [])
        for _ in 0..<2 { #expect(try await move(mirror(.target)).isNoOp) }
        #expect(try await b.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test(arguments: Way.allCases) func thePolicyFailStopsTheRun(way: Way) async throws {
        try await letGo(way, leaving: Self.edited)
        let failure = await #expect(throws: TestRunFailure.self) { try await move(mirror(.fail)) }
        #expect(failure?.error.code == .conflicts)
        #expect(try await b.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test(arguments: Way.allCases) func whereTheSourceWinsTheEditIsListed(way: Way) async throws {
        try await letGo(way, leaving: Self.edited)
        let run = try await move(mirror(.source))
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: .replaced)], "\(run)")
        #expect(run.result?.deleted == 1 && run.result?.conflictCount == 1, "\(run)")
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try await move(mirror(.source)).isNoOp)
        #expect(try await b.store.rollback(run.transfer, as: b.newID()).restored == 1)
        #expect(try await b.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test(arguments: [.released, .dropped, .deleted] as [Way], ConflictPolicy.allCases)
    func whatNobodyEditedIsDeletedWithoutAWord(way: Way, policy: ConflictPolicy) async throws {
        try await letGo(way, leaving: Self.first)
        let run = try await move(mirror(policy))
        #expect(run.result?.deleted == 1 && run.result?.conflicts == [], "\(run)")
        #expect(try b.ids(.posts) == ["keep"])
        #expect(try await move(mirror(policy)).isNoOp)
        try expectNoProblems()
    }

    @Test func anEditThatWasTakenBackIsNone() async throws {
        try await letGo(.released, leaving: Self.first)
        let edit = try await b.put(.posts, Self.edited)
        #expect(try await b.store.rollback(edit, as: b.newID()).restored == 1)
        #expect(try await move(mirror(.fail)).result?.deleted == 1)
        try expectNoProblems()
    }

    /// What was sent is compared with what is there, not what handlers made that of.
    @Test func anOutputThatIsLessThanTheItemIsKnownToo() async throws {
        a.hooks.install("strips") { _, item in .changed(item.body.removing("secret")) }
        try await a.put(.posts, #"{"_id":"1","t":"first","secret":1}"#, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        try await a.push(to: b)
        #expect(try await move(mirror(.fail)).result?.deleted == 1)
        #expect(try b.ids(.posts) == ["keep"])
        try expectNoProblems()
    }

    @Test(arguments: ConflictPolicy.allCases)
    func whatTheSourceNeverSentIsDeletedWhateverThePolicy(policy: ConflictPolicy) async throws {
        try await letGo(.deleted, leaving: Self.first)
        try await b.put(.posts, #"{"_id":"own","t":"first"}"#)
        try await b.put(.posts, #"{"_id":"own","t":"second"}"#)
        let run = try await move(mirror(policy))
        #expect(run.result?.deleted == 2 && run.result?.conflicts == [], "\(run)")
        #expect(try b.ids(.posts) == ["keep"])
        try expectNoProblems()
    }

    /// It never had the version of the other source.
    @Test func aVersionOfAnotherSourceIsMetAsWell() async throws {
        try await a.put(.posts, Self.first, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await c.put(.posts, #"{"_id":"1","t":"of another"}"#)
        try await c.push(to: b)
        try await a.remove(.posts, "1")
        let run = try await move(mirror(.park))
        #expect(run.result?.deleted == 0 && run.result?.conflicts.map(\.verdict) == [.parked], "\(run)")
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"of another"}"#)
        #expect(try await move(mirror(.park)).isNoOp)
        try expectNoProblems()
    }

    @Test func whatIsTakenBackAndAskedForMeetsThePolicyToo() async throws {
        try await letGo(.released, leaving: Self.edited)
        let first = try await move(mirror(.source))
        #expect(try await b.store.rollback(first.transfer, as: b.newID()).restored == 1)
        #expect(try await move(mirror(.park)).isNoOp)
        var asked = mirror(.park)
        asked.options.includesReverted = true
        #expect(try await move(asked).result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await b.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    /// What a list said is no reason to delete what is there by the time of the commit.
    @Test func anEditThatIsMadeAfterTheSourceHasSeenTheListIsMet() async throws {
        try await letGo(.released, leaving: Self.first)
        try await a.put(.posts, #"{"_id":"new"}"#)
        let (store, id) = (b.store, b.newID())
        try await store.beginRun(id: id, direction: "local", target: "test")
        let body = try JSONDocument(validating: Self.edited)
        a.hooks.install("looks") { _, _ in .unchanged }
        a.hooks.meanwhile {
            _ = try store.writeBlocking([.put(kind: .posts, body: body, hash: body.hash)], run: id)
        }
        let run = try await move(mirror(.park))
        a.hooks.meanwhile(nil)
        try await store.markUndoable(id: id)
        #expect(run.result?.deleted == 0 && run.result?.conflicts.map(\.verdict) == [.parked], "\(run)")
        #expect(try await b.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    /// The source had seen that its delete was taken back; what it has now is none of what another source has taken over.
    @Test(arguments: [true, false]) func anItemThatComesBackToTheSourceIsSent(isRolledBack: Bool) async throws {
        try await a.put(.posts, Self.first, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        let removal = try await a.remove(.posts, "1")
        let run = try await a.push(to: b, .mirror)
        #expect(try await b.store.rollback(run.transfer, as: b.newID()).restored == 1)
        #expect(try await a.push(to: b, .mirror).isNoOp)
        if isRolledBack {
            #expect(try await a.store.rollback(removal, as: a.newID()).restored == 1)
        } else {
            try await a.put(.posts, Self.first)
        }
        try await b.put(.posts, Self.edited)
        #expect(try await move(mirror(.park)).result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await b.store.conflicts().map(\.isDelete) == [false])
        try expectNoProblems()
    }

    @Test func anItemThatIsMadeAnewAtTheSourceIsSentAsBefore() async throws {
        try await letGo(.deleted, leaving: Self.edited)
        try await a.put(.posts, #"{"_id":"1","t":"anew"}"#)
        let run = try await move(mirror(.park))
        #expect(run.result?.conflicts.map(\.verdict) == [.parked], "\(run)")
        #expect(try await b.store.conflicts().map(\.isDelete) == [false])
        #expect(try await b.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }
}
