import ContentModel
import ContentStore
import HookCatalog
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

/// Edits made while a run is planned go with it, and the destination gets what the source held at one moment.
@Suite final class CatchUpTests: PairSuite {
    let a: TestInstance
    let b: TestInstance
    /// Runs of the changes that were made meanwhile.
    private let edits = Mutex<[String]>([])
    /// Pages and batches of three items, so that edits come between them.
    private static let small = PlanOptions(batchSize: 3)
    private static let run = TestRun(options: small)
    private static let mirror = TestRun(
        scope: Scope(mode: .mirror), options: small, confirmations: Confirmations(deletes: 1_000))

    init() throws {
        (a, b) = try TestInstance.pair()
        a.hooks.install("looks") { _, _ in .unchanged }
    }

    private static func item(_ number: Int, _ version: Int = 1) -> String { #"{"_id":"i\#(number)","v":\#(version)}"# }

    private func fill(_ count: Int = 12) async throws {
        for number in 1...count { try await a.put(.posts, Self.item(number)) }
    }

    /// Changes of A as soon as a plan has read its first items.
    private func meanwhile(puts: [String] = [], removes: [String] = [], kind: Kind = .posts) async throws {
        let changes =
            try puts.map { text in
                let body = try JSONDocument(validating: text)
                return LocalChange.put(kind: kind, body: body, hash: body.hash)
            } + removes.map { .remove(kind: kind, id: $0) }
        let (store, run) = (a.store, a.newID())
        try await store.beginRun(id: run, direction: "local", target: "test")
        edits.withLock { $0.append(run) }
        a.hooks.meanwhile { _ = try store.writeBlocking(changes, run: run) }
    }

    /// The run took everything along: the sides are alike, and the next run finds that at once.
    private func expectEverythingThere(after run: TestRunResult, _ kinds: [Kind] = [.posts]) async throws {
        #expect(run.result?.isVerified ?? true)
        for kind in kinds {
            for id in try a.ids(kind).union(b.ids(kind)) {
                let texts = (try await a.text(kind, id), try await b.text(kind, id))
                #expect(texts.0 == texts.1, "\(kind)/\(id)")
            }
        }
        let again = try await a.push(to: b, Self.run)
        #expect(again.isNoOp && again.calls == ["open"], "\(again.outcome) \(again.calls)")
        try await expectSound()
    }

    private func expectSound() async throws {
        for run in edits.withLock({ $0 }) { try await a.store.markUndoable(id: run) }
        try expectNoProblems()
    }

    @Test(arguments: [false, true]) func editsArriveInTheirLastVersion(isMirror: Bool) async throws {
        try await fill()
        try await meanwhile(puts: (1...12).map { Self.item($0, 2) })
        let run = try await a.push(to: b, isMirror ? Self.mirror : Self.run)
        #expect(run.result?.created == 12 && run.plan?.kinds.first?.creates == 12)
        #expect(try await b.text(.posts, "i7") == Self.item(7, 2))
        try await expectEverythingThere(after: run)
    }

    @Test func editsOfARunThatFollowsTheFeedArriveToo() async throws {
        try await fill()
        try await a.push(to: b, Self.run)
        for number in 1...8 { try await a.put(.posts, Self.item(number, 2)) }
        try await meanwhile(puts: (1...12).map { Self.item($0, 3) })
        let run = try await a.push(to: b, Self.run)
        #expect(run.result?.updated == 12 && run.plan?.kinds.first?.updates == 12)
        try await expectEverythingThere(after: run)
    }

    @Test(arguments: [false, true]) func anItemRemovedMeanwhileDoesNotArrive(isMirror: Bool) async throws {
        try await fill()
        try await meanwhile(removes: (1...12).map { "i\($0)" }.filter { $0 != "i5" })
        let run = try await a.push(to: b, isMirror ? Self.mirror : Self.run)
        #expect(run.result?.created == 1 && run.plan?.kinds.first?.creates == 1)
        #expect(try b.ids(.posts) == ["i5"])
        try await expectEverythingThere(after: run)
    }

    @Test func anItemThatTheDestinationHadIsDeletedByAMirrorAndLetGoByAMerge() async throws {
        try await fill(3)
        try await a.push(to: b, Self.run)
        for number in 1...3 { try await a.put(.posts, Self.item(number, 2)) }
        try await meanwhile(removes: ["i1"])
        let merge = try await a.push(to: b, Self.run)
        #expect(merge.result?.updated == 2 && merge.result?.released == 1)
        #expect(try await b.text(.posts, "i1") == Self.item(1))
        for number in 2...3 { try await a.put(.posts, Self.item(number, 3)) }
        try await meanwhile(removes: ["i2"])
        let mirror = try await a.push(to: b, Self.mirror)
        // The one that was let go of is somebody else's by now, which a mirror does not spare.
        #expect(mirror.result?.deleted == 2 && mirror.plan?.deletes == 2)
        #expect(try await b.text(.posts, "i2") == nil)
        try await expectSound()
    }

    @Test func anEditThatIsTakenBackMeanwhileIsNotSent() async throws {
        try await fill()
        try await a.push(to: b, Self.run)
        let seen = try b.head(.posts, "i1")?.sequence
        for number in 1...2 { try await a.put(.posts, Self.item(number, 2)) }
        try await meanwhile(puts: [Self.item(1)])
        let run = try await a.push(to: b, Self.run)
        #expect(run.result?.updated == 1 && run.plan?.kinds.first?.updates == 1)
        #expect(try b.head(.posts, "i1")?.sequence == seen)
        try await expectEverythingThere(after: run)
    }

    @Test func anItemThatAHandlerHoldsBackAfterItsEditIsWithdrawn() async throws {
        a.hooks.install("holds back twos") { _, item in
            item.body.integer("v") == 2 ? .skipped(reason: "two") : .unchanged
        }
        try await fill()
        try await meanwhile(puts: [Self.item(1, 2), Self.item(9, 2)])
        let run = try await a.push(to: b, Self.run)
        #expect(run.result?.created == 10)
        #expect(try b.ids(.posts).isDisjoint(with: ["i1", "i9"]))
        let again = try await a.push(to: b, Self.run)
        #expect(again.isNoOp && again.calls == ["open"], "\(again.outcome) \(again.calls)")
        try await expectSound()
    }

    @Test func anItemThatAFilterNoLongerMeetsIsWithdrawn() async throws {
        try await fill()
        try await meanwhile(puts: [Self.item(1, 5), Self.item(9, 5)])
        var scope = Scope()
        scope.filter = #"{"v":1}"#
        let run = try await a.push(to: b, TestRun(scope: scope, options: Self.small))
        #expect(run.result?.created == 10)
        #expect(try b.ids(.posts).isDisjoint(with: ["i1", "i9"]))
        try await expectSound()
    }

    @Test func aKindThatAppearsMeanwhileComesAlong() async throws {
        try await fill()
        try await meanwhile(puts: [#"{"_id":"p","v":1}"#], kind: .pageItems)
        let run = try await a.push(to: b, Self.run)
        #expect(run.result?.created == 13)
        try await expectEverythingThere(after: run, [.posts, .pageItems])
    }

    @Test func aPullTakesEditsAlongAsWell() async throws {
        try await fill()
        try await meanwhile(puts: [Self.item(3, 2)], removes: ["i4"])
        let run = try await b.pull(from: a, Self.run)
        #expect(run.result?.created == 11)
        #expect(try await b.text(.posts, "i3") == Self.item(3, 2))
        #expect(try await b.text(.posts, "i4") == nil)
        let again = try await b.pull(from: a, Self.run)
        #expect(again.isNoOp)
        try await expectSound()
    }

    @Test func whatOthersLeftStagedIsReplacedByLaterEdits() async throws {
        try await fill()
        var broken = Self.run
        broken.fault = FaultyPeer.Fault(call: 4, isCarriedOut: false)
        await #expect(throws: TestRunFailure.self) { try await a.push(to: b, broken) }
        a.clock.advance(by: .seconds(2 * Limits.leaseSeconds))
        try await meanwhile(puts: (1...12).map { Self.item($0, 2) })
        let run = try await a.push(to: b, Self.run)
        #expect(run.result?.created == 12)
        try await expectEverythingThere(after: run)
    }

    @Test func aPlanOfWhichNothingIsLeftEndsWell() async throws {
        try await fill()
        try await meanwhile(removes: (1...12).map { "i\($0)" })
        let run = try await a.push(to: b, Self.run)
        #expect(run.plan?.operations == 0)
        #expect(try b.ids(.posts) == [])
        try await expectEverythingThere(after: run)
    }

    @Test func observersAreToldOnceOfWhatWent() async throws {
        try await fill()
        try await meanwhile(puts: [Self.item(1, 2), Self.item(9, 2)], removes: ["i2"])
        let run = try await a.push(to: b, Self.run)
        let target = TargetFacts(name: "b", uri: "test:b")
        let event = QueuedEvent(event: .contentAfter, run: run.transfer, direction: .push, target: target)
        var told: [String] = []
        var page = try await a.store.items(of: event)
        while let some = page {
            told += some.items.map(\.body.text)
            page = try await a.store.items(of: event, after: some)
        }
        let there = [Self.item(1, 2), Self.item(9, 2)] + [3, 4, 5, 6, 7, 8, 10, 11, 12].map { Self.item($0) }
        #expect(told.sorted() == there.sorted())
    }

    /// The checkpoint of a kind that did not change moves as well; which handlers were used last must move with it.
    @Test func handlersThatComeLaterAreRemembered() async throws {
        try await fill()
        try await a.put(.pageItems, #"{"_id":"p"}"#)
        try await meanwhile(puts: [Self.item(1, 2)])
        try await a.push(to: b, Self.run)
        a.hooks.install("looks again", version: 2) { _, _ in .unchanged }
        var confirmed = Self.run
        confirmed.confirmations = Confirmations(missingFilters: true)
        let other = try await a.push(to: b, confirmed)
        #expect(other.isNoOp)
        let again = try await a.push(to: b, Self.run)
        #expect(again.isNoOp && again.calls == ["open"], "\(again.outcome) \(again.calls)")
    }

    @Test func idsThatLookAlikeAreTwoItems() async throws {
        let items = ["\u{E9}", "e\u{301}"].map { #"{"_id":"\#($0)","v":1}"# }
        for item in items { try await a.put(.posts, item) }
        let run = try await a.push(to: b, Self.run)
        #expect(run.result?.created == 2 && run.result?.isVerified == true)
    }
}
