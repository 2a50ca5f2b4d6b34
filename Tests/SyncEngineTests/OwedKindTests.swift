import ContentModel
import ContentStore
import Foundation
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

/// What a restored source lost comes back with the next pull of all of it, whatever it does before, and costs no
/// comparison after that.
@Suite struct OwedKindTests {
    private let clock = TestClock(sleep: .lastsUntilCancelled)
    private let folder: TemporaryFolder
    private let a: TestInstance
    private let b: TestInstance
    private let backup: URL

    init() throws {
        folder = try TemporaryFolder(inMemory: true)
        let ids = SeededRandom(seed: 1)
        a = try TestInstance("a", clock: clock, random: ids)
        b = try TestInstance("b", clock: clock, random: ids)
        backup = folder.appending("backup.sqlite")
    }

    /// After the backup, the post `1` was edited, and the post `new` and the page `late` were made.
    private func lose() async throws -> TestInstance {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.put(.pageItems, #"{"_id":"early"}"#)
        try await push(a)
        _ = try await a.store.backup(to: backup, replacing: false)
        try await a.put(.posts, #"{"_id":"1","v":2}"#, #"{"_id":"new","v":3}"#)
        try await a.put(.pageItems, #"{"_id":"late"}"#)
        try await push(a)
        return try restore(a)
    }

    private func restore(_ instance: TestInstance) throws -> TestInstance {
        clock.advance(by: .seconds(1))
        return try TestInstance("a", clock: clock, random: instance.random, restoring: backup)
    }

    @discardableResult
    private func push(_ source: TestInstance, _ scope: Scope = .everything) async throws -> TestRunResult {
        clock.advance(by: .seconds(1))
        return try await source.push(to: b, TestRun(scope: scope))
    }

    @discardableResult
    private func pull(
        _ restored: TestInstance, _ scope: Scope = .everything, through peer: AskingPeer? = nil
    ) async throws -> TestRunResult {
        clock.advance(by: .seconds(1))
        return try await restored.pull(from: peer ?? AskingPeer(b.responder), named: "b", TestRun(scope: scope))
    }

    /// Makes an item and sends nothing else.
    private func pushOnePart(_ restored: TestInstance) async throws {
        try await restored.put(.posts, #"{"_id":"mine"}"#)
        let run = try await push(restored, Scope(items: [Kind.posts.name: ["mine"]]))
        #expect(run.result?.created == 1, "\(run)")
    }

    private func owed(by instance: TestInstance) throws -> [String] {
        try StoreInspector(instance.store).texts("SELECT name FROM owed JOIN kind USING (kid) ORDER BY name")
    }

    /// `hasPushed`: what the push saw over there may have been made of what is here, so the newer version waits.
    private func expectAllIsBack(_ restored: TestInstance, hasPushed: Bool = false) async throws {
        let waiting = try await restored.store.conflicts().map(\.item)
        #expect(waiting == (hasPushed ? ["1"] : []))
        #expect(try await restored.text(.posts, "1") == (hasPushed ? #"{"_id":"1","v":1}"# : #"{"_id":"1","v":2}"#))
        #expect(try restored.ids(.posts).isSuperset(of: ["1", "2", "new"]))
        #expect(try restored.ids(.pageItems) == ["early", "late"])
        #expect(try owed(by: b) == [])
        #expect(try restored.problems() == [])
        #expect(try b.problems() == [])
    }

    @Test func aPushOfAPartHidesNothing() async throws {
        let restored = try await lose()
        try await pushOnePart(restored)
        #expect(try owed(by: b) == ["content/pages", "content/posts"])
        let run = try await pull(restored)
        #expect(run.result?.created == 2 && run.result?.conflicts.count == 1, "\(run)")
        try await expectAllIsBack(restored, hasPushed: true)
    }

    /// Of what the push met and did not know, its policy decides.
    @Test(arguments: [ConflictPolicy.source, .target, .park])
    func aWholePushHidesNothing(policy: ConflictPolicy) async throws {
        let restored = try await lose()
        clock.advance(by: .seconds(1))
        _ = try await restored.push(to: b, TestRun(scope: Scope(policy: policy)))
        #expect(try owed(by: b) == ["content/pages", "content/posts"])
        try await pull(restored)
        #expect(try restored.ids(.posts) == ["1", "2", "new"])
        #expect(try restored.ids(.pageItems) == ["early", "late"])
        #expect(try owed(by: b) == [])
        #expect(try restored.problems() == [])
        #expect(try b.problems() == [])
    }

    /// Both sides remember that run afterwards.
    @Test(arguments: [Direction.push, .pull])
    func aRunThatTheOtherSideBeginsHidesNothing(direction: Direction) async throws {
        let restored = try await lose()
        try await restored.put(.posts, #"{"_id":"mine"}"#)
        try await b.put(.posts, #"{"_id":"theirs"}"#)
        try await beginThere(direction, with: restored)
        try await pull(restored)
        #expect(try restored.ids(.posts) == ["1", "2", "new", "mine", "theirs"])
        #expect(try restored.ids(.pageItems) == ["early", "late"])
        #expect(try owed(by: b) == [])
        #expect(try restored.problems() == [])
        #expect(try b.problems() == [])
    }

    @Test(arguments: [Direction.push, .pull])
    func whatTheOtherSideFetchedComesBackToo(direction: Direction) async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await push(a)
        _ = try await a.store.backup(to: backup, replacing: false)
        try await a.put(.posts, #"{"_id":"new"}"#)
        clock.advance(by: .seconds(1))
        #expect(try await b.pull(from: a).result?.created == 1)
        let restored = try restore(a)
        try await restored.put(.posts, #"{"_id":"mine"}"#)
        try await b.put(.posts, #"{"_id":"theirs"}"#)
        try await beginThere(direction, with: restored)
        #expect(try owed(by: b) == ["content/posts"])
        try await pull(restored)
        #expect(try restored.ids(.posts) == ["1", "new", "mine", "theirs"])
        #expect(try owed(by: b) == [])
        #expect(try restored.problems() == [])
        #expect(try b.problems() == [])
    }

    private func beginThere(_ direction: Direction, with restored: TestInstance) async throws {
        clock.advance(by: .seconds(1))
        let run =
            switch direction {
            case .push: try await b.push(to: restored)
            case .pull: try await b.pull(from: restored, TestRun(scope: Scope(policy: .target)))
            }
        #expect(run.result?.created == 1, "\(run)")
    }

    @Test func onePullGivesAllBackAndTheNextOnesListNothing() async throws {
        let restored = try await lose()
        let first = AskingPeer(b.responder)
        try await pull(restored, through: first)
        #expect(first.lists == ["content/pages", "content/posts"])
        try await expectAllIsBack(restored)
        clock.advance(by: .seconds(1))
        #expect(try await restored.pull(from: b).isOneRoundTrip)
        try await b.put(.posts, #"{"_id":"theirs"}"#)
        let next = AskingPeer(b.responder)
        #expect(try await pull(restored, through: next).result?.created == 1)
        #expect(next.lists == [])
    }

    @Test func aPullThatFindsNothingLostIsTheLastThatLooks() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await push(a)
        _ = try await a.store.backup(to: backup, replacing: false)
        try await b.put(.posts, #"{"_id":"theirs"}"#)
        try await pull(a)
        let restored = try restore(a)
        try await restored.put(.posts, #"{"_id":"2","v":1}"#)
        try await push(restored)
        #expect(try owed(by: b) == ["content/posts"])
        try await pull(restored)
        #expect(try restored.ids(.posts) == ["1", "2", "theirs"])
        #expect(try owed(by: b) == [])
        let next = AskingPeer(b.responder)
        try await pull(restored, through: next)
        #expect(next.lists == [])
    }

    @Test func garbageThatIsFreedMeanwhileHidesNothing() async throws {
        let restored = try await lose()
        try await b.deliverEvents()
        clock.advance(by: .seconds(100 * 86_400))
        _ = try await b.collectGarbage()
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM transfer") == 0)
        try await pushOnePart(restored)
        try await pull(restored)
        try await expectAllIsBack(restored, hasPushed: true)
    }

    @Test func whatIsOwedOfOneKindEndsWithThatKind() async throws {
        let restored = try await lose()
        let posts = Scope(models: ["posts"])
        try await pull(restored, posts)
        #expect(try owed(by: b) == ["content/pages"])
        let again = AskingPeer(b.responder)
        #expect(try await pull(restored, posts, through: again).outcome == .inSync)
        #expect(again.lists == [])
        let rest = AskingPeer(b.responder)
        #expect(try await pull(restored, through: rest).result?.created == 1)
        #expect(rest.lists == ["content/pages"])
        try await expectAllIsBack(restored)
    }

    @Test(arguments: [
        Scope(items: [Kind.posts.name: ["new"]]), Scope(models: ["posts"], filter: #"{"v":{"$gte":3}}"#),
    ])
    func aPullOfAPartEndsNothing(part: Scope) async throws {
        let restored = try await lose()
        #expect(try await pull(restored, part).result?.created == 1)
        #expect(try await restored.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        #expect(try owed(by: b) == ["content/pages", "content/posts"])
        try await pull(restored)
        try await expectAllIsBack(restored)
    }

    @Test func aPullThatIsOnlyLookedAtShowsItAndLeavesNoNote() async throws {
        let restored = try await lose()
        clock.advance(by: .seconds(1))
        let look = TestRun(isDryRun: true)
        #expect(try await restored.pull(from: b, look).plan?.operations == 3)
        #expect(try await restored.push(to: b, look).plan != nil)
        #expect(try owed(by: b) == [])
        try await pushOnePart(restored)
        #expect(try await restored.pull(from: b, look).plan?.operations == 3)
        #expect(try owed(by: b) == ["content/pages", "content/posts"])
        try await pull(restored)
        try await expectAllIsBack(restored, hasPushed: true)
        #expect(b.hooks.pinned == 0)
    }

    @Test func aPlanThatIsLookedAtBesideAPullEndsNothing() async throws {
        let restored = try await lose()
        let look = AskingPeer(b.responder)
        look.beforeAcknowledging { [self] in
            _ = try await restored.pull(from: b, TestRun(isDryRun: true))
        }
        try await pull(restored, through: look)
        #expect(try owed(by: b) == ["content/pages", "content/posts"])
        try await pull(restored)
        try await expectAllIsBack(restored)
    }

    @Test func whoIsRestoredOnceMoreGetsItBackOnceMore() async throws {
        let restored = try await lose()
        try await pull(restored)
        try await expectAllIsBack(restored)
        let again = try restore(restored)
        try await pushOnePart(again)
        try await pull(again)
        try await expectAllIsBack(again, hasPushed: true)
    }

    /// The pull gave it to a store that is not there any more when its end is told.
    @Test func anAcknowledgementDoesNotHideARestoreThatCameBeforeIt() async throws {
        let restored = try await lose()
        let again = try restore(restored)
        let slow = AskingPeer(b.responder)
        slow.beforeAcknowledging { [self] in try await pushOnePart(again) }
        try await pull(restored, through: slow)
        try await pull(again)
        try await expectAllIsBack(again, hasPushed: true)
    }

    @Test func whoAsksUnderAnotherNameGetsItBackToo() async throws {
        let restored = try await lose()
        clock.advance(by: .seconds(1))
        try await restored.pull(from: b.responder, named: "another name", TestRun())
        try await expectAllIsBack(restored)
    }

    @Test func aPushUnderAnotherNameHidesNothing() async throws {
        let restored = try await lose()
        clock.advance(by: .seconds(1))
        try await restored.put(.posts, #"{"_id":"mine"}"#)
        let part = TestRun(scope: Scope(items: [Kind.posts.name: ["mine"]]))
        #expect(try await restored.push(to: b.responder, named: "another name", part).result?.created == 1)
        try await pull(restored)
        try await expectAllIsBack(restored, hasPushed: true)
    }

    @Test func anotherNameAloneIsNoRestore() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await push(a)
        clock.advance(by: .seconds(1))
        let peer = AskingPeer(b.responder)
        try await a.pull(from: peer, named: "another name", TestRun())
        try await a.push(to: peer, named: "a third name", TestRun())
        #expect(peer.lists == [])
        #expect(try owed(by: b) == [])
    }

    @Test func ofAnEarlierVersionThatSaysNothingNothingIsConcluded() async throws {
        let restored = try await lose()
        try await restored.put(.posts, #"{"_id":"mine"}"#)
        clock.advance(by: .seconds(1))
        let silent = AskingPeer(b.responder, saysNothing: true)
        let part = TestRun(scope: Scope(items: [Kind.posts.name: ["mine"]]))
        #expect(try await restored.push(to: silent, named: "b", part).result?.created == 1)
        #expect(try await pull(restored, through: silent).isNoOp)
        #expect(silent.lists == [])
        #expect(try owed(by: b) == [])
    }

    @Test func whoseAcknowledgementIsLostWasNotRestored() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await push(a)
        try await a.put(.posts, #"{"_id":"2","v":1}"#)
        clock.advance(by: .seconds(1))
        let lost = TestRun(fault: FaultyPeer.Fault(call: 1, isCarriedOut: true))
        let failure = try #require(await #expect(throws: TestRunFailure.self) { try await a.push(to: b, lost) })
        #expect(try b.ids(.posts) == ["1", "2"])
        #expect(try await a.recover(failure.transfer, .push, at: b.responder, named: "b"))
        clock.advance(by: .seconds(1))
        #expect(try await a.push(to: b).isNoOp)
        #expect(try await pull(a).isNoOp)
        #expect(try owed(by: b) == [])
    }

    /// Its source need not have heard that it was committed.
    @Test func aPullThatHasNotEndedSaysNothing() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await push(a)
        _ = try await a.store.backup(to: backup, replacing: false)
        try await a.put(.posts, #"{"_id":"new"}"#)
        clock.advance(by: .seconds(1))
        let run = try await b.pull(from: a).transfer
        let note = { (phase: String) in
            try StoreVandal(b.store).execute(
                """
                INSERT INTO run (id, direction, phase, started) VALUES ('\(run)', 'pull', '\(phase)', 1)
                ON CONFLICT (id) DO UPDATE SET direction = 'pull', phase = excluded.phase
                """)
        }
        try note("unsettled")
        let restored = try restore(a)
        try await pushOnePart(restored)
        #expect(try owed(by: b) == [])
        try note("committed")
        try await restored.put(.posts, #"{"_id":"more"}"#)
        try await push(restored, Scope(items: [Kind.posts.name: ["more"]]))
        #expect(try owed(by: b) == ["content/posts"])
    }

    @Test func aRequestThatComesLateIsNoRestore() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await push(a)
        try await a.put(.posts, #"{"_id":"2","v":1}"#)
        clock.advance(by: .seconds(1))
        let peer = AskingPeer(b.responder)
        try await a.push(to: peer, named: "b", TestRun())
        try await a.put(.posts, #"{"_id":"3","v":1}"#)
        try await push(a)
        var late = try #require(peer.opens.last)
        late.inline = nil
        #expect(late.memory?.own.isEmpty == false)
        _ = try? await b.responder.open(late)
        #expect(try owed(by: b) == [])
    }

    @Test func aRestoredDestinationConcludesNothing() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await push(a)
        _ = try await b.store.backup(to: backup, replacing: false)
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        try await push(a)
        clock.advance(by: .seconds(1))
        let restored = try TestInstance("b", clock: clock, random: b.random, restoring: backup)
        #expect(try await a.pull(from: restored).isNoOp)
        #expect(try owed(by: restored) == [])
        #expect(try await a.push(to: restored).result?.updated == 1)
        #expect(try owed(by: restored) == [])
        #expect(try restored.problems() == [])
    }
}

/// A peer that tells for which kinds a source asked to be told what the destination remembers to have sent.
private final class AskingPeer: PeerInBetween {
    let peer: any Peer
    /// As an initiator of an earlier version, which remembers nothing.
    private let saysNothing: Bool
    private let record = Mutex((lists: Set<String>(), opens: [OpenTransfer]()))
    private let interlude = Mutex<(@Sendable () async throws -> Void)?>(nil)

    init(_ peer: any Peer, saysNothing: Bool = false) {
        self.peer = peer
        self.saysNothing = saysNothing
    }

    var lists: [String] { record.withLock { $0.lists.sorted() } }
    var opens: [OpenTransfer] { record.withLock { $0.opens } }

    /// Does something when the run is committed, before its source hears of that.
    func beforeAcknowledging(_ body: @escaping @Sendable () async throws -> Void) {
        interlude.withLock { $0 = body }
    }

    func open(_ request: OpenTransfer) async throws -> TransferOpened {
        var request = request
        if saysNothing { request.memory = nil }
        record.withLock { [request] in $0.opens.append(request) }
        var answer = try await peer.open(request)
        if saysNothing { answer.memory = nil }
        return answer
    }

    func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        let answer = try await peer.plan(transfer: transfer, request)
        if case .needs(let lists) = answer {
            let kinds = lists.filter { $0.tellsSent == true }.map(\.kind)
            record.withLock { $0.lists.formUnion(kinds) }
        }
        return answer
    }

    func acknowledge(transfer: String, _ result: CommitResult) async throws {
        let body = interlude.withLock { $0 }
        try await body?()
        try await peer.acknowledge(transfer: transfer, result)
    }
}
