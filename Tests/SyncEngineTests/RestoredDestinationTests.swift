import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Destinations that are put back to a backup: what they went back to is no edit.
@Suite struct RestoredDestinationTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func put(_ id: String, _ value: Int) async throws {
        try await a.put(.posts, "{\"_id\":\"\(id)\",\"v\":\(value)}")
    }

    /// The destination as it was before items 1 and 2 were changed and the change was sent.
    private func destinationOfBefore(isPush: Bool = true) async throws -> TestInstance {
        for id in ["1", "2"] { try await put(id, 1) }
        #expect(try await a.move(to: b, isPush: isPush).result?.created == 2)
        let before = try await b.backup()
        for id in ["1", "2"] { try await put(id, 2) }
        #expect(try await a.move(to: b, isPush: isPush).result?.updated == 2)
        return try before.restored()
    }

    @Test(arguments: [true, false])
    func getsWhatIsNewerAndNothingOfItCountsAsAnEdit(isPush: Bool) async throws {
        let older = try await destinationOfBefore(isPush: isPush)
        let plan = try await a.move(to: older, isPush: isPush, TestRun(isDryRun: true)).plan
        let kinds = try #require(plan?.kinds)
        #expect(kinds.map(\.updates) == [2] && kinds.map(\.overwrites) == [0], "\(kinds)")
        let run = try await a.move(to: older, isPush: isPush, .with(.fail))
        #expect(run.result?.updated == 2 && run.result?.conflicts == [], "\(run)")
        #expect(try await older.text(.posts, "1") == #"{"_id":"1","v":2}"#)
        #expect(try await a.move(to: older, isPush: isPush).isNoOp)
        #expect(try a.problems() + older.problems() == [])
    }

    @Test func aListNamesTheRunThatLeftARowAsItIs() async throws {
        try await put("1", 1)
        try await put("2", 1)
        let run = try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"2","v":"edited"}"#, #"{"_id":"3","v":"made there"}"#)
        let transfer = a.newID()
        _ = try await b.store.grantLease(
            transfer: transfer, source: a.identity, initiator: a.identity.id, direction: .push, scope: .everything)
        let page = try await b.store.heldPage(transfer: transfer, ListHeld(kind: Kind.posts.name, part: .all))
        #expect(page.items.count == 3 && page.runs == [run.transfer], "\(page)")
        let named = page.items.filter { page.run(of: $0) == run.transfer }
        #expect(named.map(\.id) == ["1"])
    }

    @Test func anEditMadeThereSinceIsOne() async throws {
        let older = try await destinationOfBefore()
        try await older.put(.posts, #"{"_id":"1","v":"edited"}"#)
        let a = a
        await #expect {
            _ = try await a.push(to: older, .with(.fail))
        } throws: { ($0 as? TestRunFailure)?.error.code == .conflicts }
        let run = try await a.push(to: older)
        #expect(run.result?.updated == 2 && run.result?.conflicts.map(\.id) == ["1"], "\(run)")
        #expect(try older.problems() == [])
    }

    @Test func aMirrorDeletesWhatItDeletedBefore() async throws {
        try await put("1", 1)
        try await put("2", 1)
        try await a.push(to: b)
        let before = try await b.backup()
        try await a.remove(.posts, "2")
        #expect(try await a.push(to: b, .mirror).result?.deleted == 1)
        let older = try before.restored()
        var run = TestRun.mirror
        run.scope.policy = .park
        let result = try await a.push(to: older, run).result
        #expect(result?.deleted == 1 && result?.conflicts == [], "\(String(describing: result))")
        #expect(try await older.text(.posts, "2") == nil)
        #expect(try await a.push(to: older, run).isNoOp)
    }

    @Test func aSourceThatForgotTheRunIsToldOfWhatItReplaces() async throws {
        try await put("1", 1)
        try await a.push(to: b)
        let forgetful = try await a.backup()
        try await put("1", 2)
        try await a.push(to: b)
        let before = try await b.backup()
        try await put("1", 3)
        try await a.push(to: b)
        let (source, older) = (try forgetful.restored(), try before.restored())
        let run = try await source.push(to: older)
        #expect(run.result?.conflicts.map(\.id) == ["1"], "\(run)")
        #expect(try source.problems() + older.problems() == [])
    }

    @Test func aSourceThatRemembersTheRunReplacesWithoutAConflict() async throws {
        try await put("1", 1)
        try await a.push(to: b)
        let before = try await b.backup()
        try await put("1", 2)
        try await a.push(to: b)
        let mindful = try await a.backup()
        try await put("1", 3)
        try await a.push(to: b)
        let (source, older) = (try mindful.restored(), try before.restored())
        let run = try await source.push(to: older, .with(.fail))
        #expect(run.result?.updated == 1 && run.result?.conflicts == [], "\(run)")
        #expect(try await older.text(.posts, "1") == #"{"_id":"1","v":2}"#)
        #expect(try source.problems() + older.problems() == [])
    }
}
