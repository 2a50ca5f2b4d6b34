import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// A source that was put back to a backup and pulls from where it had pushed to: it gets back what it lost.
@Suite struct ForgottenRowTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    /// After the backup, `1` was edited, `new` was made, and `2` stayed as it was.
    private func lose() async throws -> TestInstance {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await push(a)
        let before = try await a.backup()
        try await a.put(.posts, #"{"_id":"1","v":2}"#, #"{"_id":"new"}"#)
        try await push(a)
        a.clock.advance(by: .seconds(1))
        return try before.restored()
    }

    private func push(_ source: TestInstance) async throws {
        a.clock.advance(by: .seconds(1))
        try await source.push(to: b)
    }

    private func expectNoProblems(_ restored: TestInstance) throws {
        #expect(try restored.problems() == [])
        #expect(try b.problems() == [])
    }

    /// Both sides have the same, in whichever direction it is looked at next.
    private func expectTheyAgree(_ restored: TestInstance) async throws {
        try await push(restored)
        #expect(try restored.ids(.posts) == b.ids(.posts))
        for id in try b.ids(.posts) {
            #expect(try await restored.text(.posts, id) == b.text(.posts, id), "\(id)")
        }
        #expect(try await restored.pull(from: b).isNoOp)
        #expect(try await restored.push(to: b).isOneRoundTrip)
        #expect(try await restored.pull(from: b).isOneRoundTrip)
        try expectNoProblems(restored)
    }

    @Test(arguments: ConflictPolicy.allCases, [Mode.merge, .mirror])
    func whatWasLostComesBack(policy: ConflictPolicy, mode: Mode) async throws {
        let restored = try await lose()
        let run = try await restored.pull(from: b, .with(policy, mode))
        #expect(run.result?.created == 1 && run.result?.updated == 1, "\(run)")
        #expect(run.result?.conflicts == [] && run.result?.deleted == 0 && run.result?.adopted == 0, "\(run)")
        #expect(try await restored.text(.posts, "1") == #"{"_id":"1","v":2}"#)
        #expect(try restored.ids(.posts) == ["1", "2", "new"])
        try expectNoProblems(restored)
        // A mirror looks at every row, and finds that those that came back are the source's own.
        let again = try await restored.pull(from: b, .with(policy, mode)).result ?? CommitResult()
        #expect(again.created + again.updated + again.deleted + again.adopted + again.conflictCount == 0, "\(again)")
        try await expectTheyAgree(restored)
    }

    @Test func aPushThatFailsMeanwhileChangesNothingAboutThat() async throws {
        let restored = try await lose()
        try await restored.put(.posts, #"{"_id":"1","v":3}"#)
        a.clock.advance(by: .seconds(1))
        let failure = await #expect(throws: TestRunFailure.self) { try await restored.push(to: b, .with(.fail)) }
        #expect(failure?.error.code == .conflicts)
        let run = try await restored.pull(from: b, .with(.target))
        #expect(run.result?.created == 1 && run.result?.updated == 0, "\(run)")
        #expect(try restored.ids(.posts) == ["1", "2", "new"])
        #expect(try await restored.text(.posts, "1") == #"{"_id":"1","v":3}"#)
        try expectNoProblems(restored)
    }

    @Test func whatWasSentForTheFirstTimeAfterTheBackupComesBack() async throws {
        let before = try await a.backup()
        try await a.put(.posts, #"{"_id":"new"}"#)
        try await push(a)
        a.clock.advance(by: .seconds(1))
        let restored = try before.restored()
        let run = try await restored.pull(from: b)
        #expect(run.result?.created == 1, "\(run)")
        #expect(try restored.ids(.posts) == ["new"])
        try await expectTheyAgree(restored)
    }

    @Test func aPlanSaysSoAndLeavesNothingBehind() async throws {
        let restored = try await lose()
        #expect(try await restored.pull(from: b, TestRun(isDryRun: true)).plan?.operations == 2)
        try expectNoProblems(restored)
        #expect(try await restored.pull(from: b).result?.created == 1)
        try await expectTheyAgree(restored)
    }

    @Test func oneItemThatIsNamedComesBackAlone() async throws {
        let restored = try await lose()
        let run = TestRun(scope: Scope(items: [Kind.posts.name: ["new"]]))
        #expect(try await restored.pull(from: b, run).result?.created == 1)
        #expect(try await restored.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        #expect(try restored.ids(.posts) == ["1", "2", "new"])
        try expectNoProblems(restored)
    }

    @Test(arguments: [ConflictPolicy.source, .target, .park])
    func whatWasEditedSinceMeetsThePolicy(policy: ConflictPolicy) async throws {
        let restored = try await lose()
        try await restored.put(.posts, #"{"_id":"1","v":3}"#)
        let run = try await restored.pull(from: b, .with(policy))
        #expect(run.result?.conflicts.map(\.id) == ["1"] && run.result?.created == 1, "\(run)")
        #expect(try await restored.text(.posts, "1") == "{\"_id\":\"1\",\"v\":\(policy == .source ? 2 : 3)}")
        try expectNoProblems(restored)
    }

    @Test func whatWasDeletedSinceAndWasNotLostStaysDeleted() async throws {
        let restored = try await lose()
        try await restored.remove(.posts, "2")
        let run = try await restored.pull(from: b)
        #expect(run.result?.created == 1 && run.result?.updated == 1 && run.result?.conflicts == [], "\(run)")
        #expect(try restored.ids(.posts) == ["1", "new"])
        try expectNoProblems(restored)
    }

    @Test func whatNobodyLostIsNotSentBack() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await push(a)
        let before = try await a.backup()
        a.clock.advance(by: .seconds(1))
        let restored = try before.restored()
        #expect(try await restored.pull(from: b).isNoOp)
        #expect(try await restored.pull(from: b).isOneRoundTrip)
        try expectNoProblems(restored)
    }

    @Test func whatWasMadeOverThereComesAsEver() async throws {
        let restored = try await lose()
        try await b.put(.posts, #"{"_id":"theirs"}"#, #"{"_id":"2","v":9}"#)
        let run = try await restored.pull(from: b)
        #expect(run.result?.created == 2 && run.result?.updated == 2 && run.result?.conflicts == [], "\(run)")
        try await expectTheyAgree(restored)
    }
}
