import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Versions that were kept away by rows which another source has taken over since.
@Suite struct TakenOverVersionTests {
    private let a: TestInstance
    private let b: TestInstance
    private let c: TestInstance
    private static let ofA = #"{"_id":"1","t":"A"}"#
    private static let ofB = #"{"_id":"1","t":"B"}"#
    private static let ofC = #"{"_id":"1","t":"C"}"#

    init() throws {
        let made = try TestInstance.make("a", "b", "c")
        (a, b, c) = (made[0], made[1], made[2])
    }

    private func with(_ policy: ConflictPolicy) -> TestRun { TestRun(scope: Scope(policy: policy)) }

    private func expectNoProblems() throws {
        for instance in [a, b, c] { #expect(try instance.problems() == []) }
    }

    private func remembered() throws -> Int {
        try StoreInspector(a.store).count("SELECT count(*) FROM unmerged_version")
    }

    /// The item of `a` stays beside that of `c`, and gives way to that of `b`.
    private func keepAndReplace(_ policy: ConflictPolicy, by text: String = ofB) async throws {
        try await a.put(.posts, Self.ofA)
        try await b.put(.posts, text)
        try await c.put(.posts, Self.ofC)
        try await a.pull(from: c, with(policy))
        #expect(try await a.text(.posts, "1") == Self.ofA)
        try await a.pull(from: b)
        #expect(try await a.text(.posts, "1") == text)
        try expectNoProblems()
    }

    @Test(arguments: [.target, .park] as [ConflictPolicy])
    func whatTookItsPlaceWasNotMadeOfThemEither(policy: ConflictPolicy) async throws {
        try await keepAndReplace(policy)
        let run = try await a.push(to: c, with(.park))
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await c.text(.posts, "1") == Self.ofC)
        #expect(try await c.store.conflicts().map(\.source) == ["a"])
        try expectNoProblems()
    }

    @Test(arguments: [.target, .park] as [ConflictPolicy])
    func whatIsReplacedByItIsListed(policy: ConflictPolicy) async throws {
        try await keepAndReplace(policy)
        try await a.put(.posts, #"{"_id":"1","t":"B","n":1}"#)
        let run = try await a.push(to: c)
        #expect(run.result?.conflicts.map(\.verdict) == [.replaced])
        #expect(try await c.store.rollback(run.transfer, as: c.newID()).restored == 1)
        #expect(try await c.text(.posts, "1") == Self.ofC)
        try expectNoProblems()
    }

    /// Decided about at once, each in its turn, and taken back at once.
    @Test func versionsOfTwoSourcesComeBackTogether() async throws {
        try await a.put(.posts, Self.ofA)
        try await b.put(.posts, Self.ofB)
        try await c.put(.posts, Self.ofC)
        try await b.push(to: a, with(.park))
        try await c.push(to: a, with(.park))
        let waiting = try await a.store.conflicts()
        #expect(waiting.map(\.source) == ["b", "c"])
        let run = try await a.applyParked(waiting.map(\.id))
        #expect(try await a.store.conflicts() == [])
        #expect(try await a.text(.posts, "1") == Self.ofC)
        #expect(try await a.store.rollback(run, as: a.newID()).restored == 1)
        #expect(try await a.text(.posts, "1") == Self.ofA)
        #expect(try await a.store.conflicts() == waiting)
        var texts: [String?] = []
        for conflict in waiting { texts.append(try await a.store.conflict(conflict.id).versions.source?.text) }
        #expect(texts == [Self.ofB, Self.ofC])
        try expectNoProblems()
    }

    @Test func norWasWhatTookThePlaceOfADelete() async throws {
        try await c.put(.posts, #"{"_id":"1","t":"first"}"#)
        try await c.push(to: a)
        try await a.remove(.posts, "1")
        try await c.put(.posts, Self.ofC)
        try await c.push(to: a, with(.target))
        #expect(try await a.text(.posts, "1") == nil)
        try await b.put(.posts, Self.ofB)
        try await a.pull(from: b)
        #expect(try await a.text(.posts, "1") == Self.ofB)
        #expect(try await c.pull(from: a, with(.park)).result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await c.text(.posts, "1") == Self.ofC)
        try expectNoProblems()
    }

    @Test func whatWasMadeOfTheNextVersionIsAnAnswer() async throws {
        try await keepAndReplace(.target)
        #expect(try remembered() == 1)
        try await c.put(.posts, #"{"_id":"1","t":"C","n":1}"#)
        try await a.pull(from: c)
        #expect(try remembered() == 0)
        try await a.put(.posts, #"{"_id":"1","t":"C","n":2}"#)
        let run = try await a.push(to: c, with(.park))
        #expect(run.result?.updated == 1 && run.result?.conflicts == [])
        #expect(try await c.text(.posts, "1") == #"{"_id":"1","t":"C","n":2}"#)
        try expectNoProblems()
    }

    @Test(arguments: [.target, .park] as [ConflictPolicy])
    func theSameFromSomebodyElseIsThatVersion(policy: ConflictPolicy) async throws {
        try await keepAndReplace(policy, by: Self.ofC)
        #expect(try await a.store.conflicts() == [])
        #expect(try remembered() == 0)
        try await a.put(.posts, #"{"_id":"1","t":"C","n":2}"#)
        let run = try await a.push(to: c, with(.park))
        #expect(run.result?.updated == 1 && run.result?.conflicts == [])
        try expectNoProblems()
    }

    @Test func oneThatIsResolvedForItsSourceIsTakenIn() async throws {
        try await keepAndReplace(.park)
        let waiting = try await a.store.conflicts()
        #expect(waiting.map(\.source) == ["c"] && waiting.map(\.hasMoved) == [true])
        let run = a.newID()
        try await a.store.beginRun(id: run, direction: "local", target: "test")
        try await a.store.applyParked(waiting.map(\.id), run: run)
        try await a.store.markUndoable(id: run)
        #expect(try await a.text(.posts, "1") == Self.ofC)
        #expect(try remembered() == 0)
        try expectNoProblems()
        #expect(try await a.store.rollback(run, as: a.newID()).restored == 1)
        #expect(try await a.store.conflicts() == waiting)
        try expectNoProblems()
    }

    /// Two items of `b` beside which versions of `a` wait, and then such of `c`.
    private func parkTwice() async throws -> (waiting: [ConflictRecord], run: String) {
        for (instance, name) in [(a, "A"), (b, "B"), (c, "C")] {
            for id in ["1", "2"] { try await instance.put(.posts, "{\"_id\":\"\(id)\",\"t\":\"\(name)\"}") }
        }
        try await a.push(to: b, with(.park))
        let waiting = try await b.store.conflicts()
        #expect(waiting.map(\.source) == ["a", "a"])
        let run = try await c.push(to: b, with(.park))
        #expect(run.result?.conflicts.map(\.verdict) == [.parked, .parked])
        try expectNoProblems()
        return (waiting, run.transfer)
    }

    @Test func whatOneSourceSentWaitsOnWhenAnotherSendsSomething() async throws {
        let (waiting, run) = try await parkTwice()
        #expect(try await b.store.conflicts().map(\.source) == ["a", "a", "c", "c"])
        #expect(try await b.store.conflicts().filter { $0.source == "a" } == waiting)
        #expect(try await b.store.rollback(run, as: b.newID()).restored == 2)
        #expect(try await b.store.conflicts() == waiting)
        try expectNoProblems()
    }

    @Test func theirNextVersionsTakeThePlaceOfTheirOwnOnly() async throws {
        _ = try await parkTwice()
        try await a.put(.posts, #"{"_id":"1","t":"A2"}"#)
        try await a.push(to: b, with(.park))
        let open = try await b.store.conflicts()
        #expect(open.map(\.source).sorted() == ["a", "a", "c", "c"])
        let versions = try StoreInspector(b.store).texts(
            "SELECT CAST(bytes AS TEXT) FROM conflict JOIN body USING (rid) WHERE id = '1' ORDER BY cid")
        #expect(versions == [Self.ofC, #"{"_id":"1","t":"A2"}"#])
        try await b.store.dropConflicts(open.filter { $0.source == "a" }.map(\.id))
        #expect(try await b.store.conflicts().map(\.source) == ["c", "c"])
        try expectNoProblems()
    }

    @Test func bothOfThemMeetWhatWasKeptAsAnEdit() async throws {
        _ = try await parkTwice()
        for source in [a, c] {
            let run = try await b.push(to: source, with(.park))
            #expect(run.result?.conflicts.map(\.verdict) == [.parked, .parked], "\(source.name)")
            #expect(try await source.text(.posts, "1") == "{\"_id\":\"1\",\"t\":\"\(source.name.uppercased())\"}")
        }
        try expectNoProblems()
    }

    @Test func anEditThatIsTakenBackLeavesThemWaiting() async throws {
        _ = try await parkTwice()
        let before = try await b.store.conflicts()
        let edit = try await b.put(.posts, #"{"_id":"1","t":"B2"}"#)
        #expect(try await b.store.rollback(edit, as: b.newID()).restored == 1)
        #expect(try await b.store.conflicts() == before)
        try expectNoProblems()
    }
}
