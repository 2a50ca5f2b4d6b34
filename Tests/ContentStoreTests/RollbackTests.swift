import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Taking runs back, and for how long that can be done.
@Suite struct RollbackTests {
    private let a: TestInstance
    private let b: TestInstance
    private let c: TestInstance

    init() throws { (a, b, c) = try TestInstance.trio() }

    private func rollback(_ run: String, at instance: TestInstance) async throws -> RollbackResult {
        try await instance.store.rollback(run, as: instance.newID())
    }

    @Test func rowsEditedSinceTheRunAreKeptAndNamed() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#, #"{"_id":"3","v":1}"#)
        try await b.put(.posts, #"{"_id":"1","v":"before"}"#)
        let run = try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"2","v":"edited"}"#)
        let result = try await rollback(run.transfer, at: b)
        #expect(result.restored == 2)
        #expect(result.kept.map(\.id) == ["2"])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":"before"}"#)
        #expect(try await b.text(.posts, "2") == #"{"_id":"2","v":"edited"}"#)
        #expect(try await b.text(.posts, "3") == nil)
        #expect(try b.problems() == [])
    }

    @Test func whatWasTakenBackIsLeftAloneUntilSomebodyAsksForIt() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        let run = try await a.push(to: b)
        _ = try await rollback(run.transfer, at: b)
        let next = try await a.push(to: b)
        #expect(next.isNoOp)
        #expect(next.plan?.kinds.map(\.reverted) == [2])
        try await a.put(.posts, #"{"_id":"3","v":1}"#)
        #expect(try await a.push(to: b).result?.created == 1)
        let asked = try await a.push(to: b, TestRun(options: PlanOptions(includesReverted: true)))
        #expect(asked.result?.created == 2)
        #expect(try await a.push(to: b).isNoOp)
    }

    @Test func aRollbackOfOneSourcesRunDoesNotSilenceAnother() async throws {
        try await a.put(.posts, #"{"_id":"1","from":"a"}"#)
        let run = try await a.push(to: b)
        _ = try await rollback(run.transfer, at: b)
        try await c.put(.posts, #"{"_id":"1","from":"c"}"#, #"{"_id":"2","from":"c"}"#)
        try await c.push(to: b, .mirror)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","from":"c"}"#)
        #expect(try await c.push(to: b, .mirror).isNoOp)
    }

    @Test func aChangeIsSentOnceTheRowThatWasTakenBackWasEditedThere() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let run = try await a.push(to: b)
        _ = try await rollback(run.transfer, at: b)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":"made there"}"#)
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        let next = try await a.push(to: b)
        #expect(next.result?.conflicts.map(\.id) == ["1"])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":2}"#)
    }

    @Test func aDeleteThatWasTakenBackIsNotRepeatedByANewItem() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        let run = try await a.push(to: b, .mirror)
        #expect(run.result?.deleted == 1)
        _ = try await rollback(run.transfer, at: b)
        try await a.put(.posts, #"{"_id":"1","v":"new"}"#)
        let next = try await a.push(to: b)
        #expect(next.isNoOp)
        #expect(next.plan?.kinds.map(\.reverted) == [1])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
    }

    @Test func aRepeatedRollbackAnswersWhatTheFirstDid() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let run = try await a.push(to: b)
        let first = try await b.responder.rollback(transfer: run.transfer)
        let second = try await b.responder.rollback(transfer: run.transfer)
        #expect(first.restored == 1 && first.doneBefore == nil)
        #expect(second.restored == first.restored && second.doneBefore == b.clock.seconds)
    }

    /// An answer that was lost, or waited for, is asked for again under the same name.
    @Test func aRepetitionUnderTheSameNameIsTheSameRollback() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        let run = try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"2","v":"edited"}"#)
        let request = RollBackTransfer(id: b.newID())
        for _ in 1...3 {
            let result = try await b.responder.rollback(transfer: run.transfer, request)
            #expect(result.restored == 1 && result.kept.map(\.id) == ["2"] && result.doneBefore == nil, "\(result)")
            b.clock.advance(by: .seconds(60))
        }
        let detail = try await b.store.runDetail(run.transfer)
        #expect(detail.rollbacks.first == request.id && detail.rollbacks.count == 1)
        #expect(try b.problems() == [])
    }

    @Test func aRunThatWasTakenBackBeforeIsNotTouchedAndThatIsTold() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let run = try await a.push(to: b)
        _ = try await rollback(run.transfer, at: b)
        let moment = b.clock.seconds
        b.clock.advance(by: .seconds(60))
        try await a.push(to: b, TestRun(options: PlanOptions(includesReverted: true)))
        for item in [nil, ItemReference(kind: Kind.posts.name, id: "1")] {
            let request = RollBackTransfer(id: b.newID(), item: item)
            let result = try await b.responder.rollback(transfer: run.transfer, request)
            #expect(result.doneBefore == moment && result.item == item, "\(result)")
        }
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        #expect(try await a.push(to: b).isNoOp)
        #expect(try b.problems() == [])
    }

    @Test func aRollbackCannotTakeTheNameOfSomethingElse() async throws {
        let edit = try await b.put(.posts, #"{"_id":"1","v":"before"}"#)
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let first = try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        let second = try await a.push(to: b)
        let (b, taken) = (b, b.newID())
        _ = try await b.store.rollback(second.transfer, as: taken)
        for name in [edit, first.transfer, second.transfer, taken] {
            await #expect {
                _ = try await b.responder.rollback(transfer: first.transfer, RollBackTransfer(id: name))
            } throws: { ($0 as? TidelockError)?.code == .malformedMessage }
        }
        let item = ItemReference(kind: Kind.posts.name, id: "1")
        await #expect {
            _ = try await b.responder.rollback(transfer: second.transfer, RollBackTransfer(id: taken, item: item))
        } throws: { ($0 as? TidelockError)?.code == .malformedMessage }
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        #expect(try b.problems() == [])
    }

    @Test func aRollbackCanBeRolledBack() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await b.put(.posts, #"{"_id":"1","v":"before"}"#)
        let run = try await a.push(to: b)
        let after = try #require(try b.head(.posts, "1"))
        let id = b.newID()
        _ = try await b.store.rollback(run.transfer, as: id)
        let redone = try await rollback(id, at: b)
        #expect(redone.restored == 1)
        let head = try #require(try b.head(.posts, "1"))
        #expect(head.body == after.body)
        #expect(head.origin == after.origin)
        #expect(head.reverted == nil)
        #expect(try await a.push(to: b).isNoOp)
        #expect(try b.problems() == [])
    }

    @Test func aRunThatIsInForceAgainNamesWhatTakesItBack() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await b.put(.posts, #"{"_id":"1","v":"before"}"#)
        let run = try await a.push(to: b)
        let (first, second, third) = (b.newID(), b.newID(), b.newID())
        _ = try await b.store.rollback(run.transfer, as: first)
        _ = try await b.store.rollback(first, as: second)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        let item = ItemReference(kind: Kind.posts.name, id: "1")
        for item in [nil, item] {
            await #expect {
                _ = try await b.store.rollback(run.transfer, only: item, as: b.newID())
            } throws: {
                guard let error = $0 as? TidelockError else { return false }
                return error.code == .unknownRun && error.hint?.contains(second) == true
            }
        }
        let redone = try #require(try await b.store.runDetail(run.transfer).redone)
        #expect(redone.rollback == first && redone.by == second && !redone.isPartial && redone.canBeUndone)
        #expect(try await b.store.rollback(second, as: third).restored == 1)
        #expect(try await b.store.runDetail(run.transfer).redone == nil)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":"before"}"#)
        // Now the first rollback counts again, and there is nothing to do.
        let again = try await rollback(run.transfer, at: b)
        #expect(again.restored == 1 && again.doneBefore != nil, "\(again)")
        #expect(try b.problems() == [])
    }

    @Test func aRunOfWhichOnlyAPartIsInForceAgainSaysSo() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        let run = try await a.push(to: b)
        let (first, second) = (b.newID(), b.newID())
        _ = try await b.store.rollback(run.transfer, as: first)
        #expect(try await b.store.runDetail(run.transfer).redone == nil)
        _ = try await b.store.rollback(first, only: ItemReference(kind: Kind.posts.name, id: "1"), as: second)
        let detail = try await b.store.runDetail(run.transfer)
        let redone = try #require(detail.redone)
        #expect(redone.rollback == first && redone.by == second && redone.isPartial && redone.canBeUndone)
        #expect(detail.rollbacks == [first] && detail.undo == nil)
        #expect(try b.problems() == [])
    }

    @Test func takingBackALocalEditLeavesTheRowWithItsSource() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        let before = try #require(try b.head(.posts, "1"))
        for edit in [try await b.put(.posts, #"{"_id":"1","v":"edited"}"#), try await b.remove(.posts, "1")].reversed()
        {
            _ = try await rollback(edit, at: b)
        }
        let after = try #require(try b.head(.posts, "1"))
        #expect(after.body == before.body)
        #expect(after.origin == before.origin)
        #expect(after.edited == 0)
        #expect(after.reverted == nil)
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        #expect(try await a.push(to: b).result?.conflicts == [])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":2}"#)
    }

    @Test func whatWasReleasedStaysReleased() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        try await a.put(.posts, #"{"_id":"2","v":2}"#)
        let run = try await a.push(to: b)
        let result = try await rollback(run.transfer, at: b)
        #expect(result.restored == 1)
        #expect(result.kept == [])
        #expect(try await a.push(to: b).isNoOp)
        try await a.put(.posts, #"{"_id":"3","v":1}"#)
        #expect(try await a.push(to: b).result?.created == 1)
    }

    @Test func anAdoptedRowGoesBackToWhoseItWas() async throws {
        try await c.put(.posts, #"{"_id":"1","v":1}"#)
        try await c.push(to: b)
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let run = try await a.push(to: b)
        #expect(run.result?.adopted == 1)
        _ = try await rollback(run.transfer, at: b)
        #expect(try b.head(.posts, "1")?.origin == c.identity.id)
        #expect(try b.problems() == [])
        #expect(try await c.push(to: b).isNoOp)
        #expect(try await a.push(to: b).isNoOp)
    }

    @Test func aRunIsNotTakenBackWhileSomebodyWrites() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let run = try await a.push(to: b)
        _ = try await b.store.grantLease(
            transfer: "t", source: c.identity, initiator: c.identity.id, direction: .push, scope: .everything)
        await #expect(throws: TidelockError.self) { try await rollback(run.transfer, at: b) }
    }

    // MARK: One item

    private func rollback(_ run: String, only id: String, at instance: TestInstance) async throws -> RollbackResult {
        try await instance.store.rollback(
            run, only: ItemReference(kind: "content/posts", id: id), as: instance.newID())
    }

    @Test func oneItemComesBackAndTheRestCanBeTakenBackLater() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#, #"{"_id":"3","v":1}"#)
        try await b.put(.posts, #"{"_id":"1","v":"before"}"#)
        let run = try await a.push(to: b)
        let single = try await rollback(run.transfer, only: "1", at: b)
        #expect(single.restored == 1 && single.item?.id == "1")
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":"before"}"#)
        #expect(try await b.text(.posts, "2") == #"{"_id":"2","v":1}"#)
        #expect(try b.problems() == [])
        // The source leaves alone what was taken back, and keeps the rest in step.
        try await a.put(.posts, #"{"_id":"2","v":2}"#)
        let next = try await a.push(to: b)
        #expect(next.result?.updated == 1)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":"before"}"#)
        let rest = try await rollback(run.transfer, at: b)
        #expect(rest.restored == 1 && rest.kept.map(\.id) == ["2"])
        #expect(try await b.text(.posts, "3") == nil)
        #expect(try b.problems() == [])
    }

    @Test func aRepeatedRollbackOfAnItemAnswersWhatTheFirstDid() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        let run = try await a.push(to: b)
        let moment = b.clock.seconds
        for earlier in [nil, moment] {
            let result = try await rollback(run.transfer, only: "1", at: b)
            #expect(result.restored == 1 && result.doneBefore == earlier)
            b.clock.advance(by: .seconds(60))
        }
        #expect(try await rollback(run.transfer, only: "2", at: b).restored == 1)
        #expect(try await rollback(run.transfer, only: "2", at: b).restored == 1)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM undo WHERE run = '\(run.transfer)'") == 0)
        #expect(try b.problems() == [])
    }

    @Test func anItemEditedSinceStaysAndOneTheRunDidNotTouchIsNamed() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let run = try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":"edited"}"#)
        let result = try await rollback(run.transfer, only: "1", at: b)
        #expect(result.restored == 0 && result.kept.map(\.id) == ["1"])
        for id in ["2", "1'; DROP TABLE head"] {
            await #expect { try await rollback(run.transfer, only: id, at: b) } throws: {
                ($0 as? TidelockError)?.code == .unknownItem
            }
        }
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":"edited"}"#)
    }

    @Test func oneItemOfALocalChangeAndOfAPullComesBack() async throws {
        let edit = try await b.change(
            ["1", "2"].map { id in
                let body = try JSONDocument(validating: "{\"_id\":\"\(id)\"}")
                return .put(kind: .posts, body: body, hash: body.hash)
            })
        let pull = try await a.pull(from: b)
        #expect(try await rollback(pull.transfer, only: "2", at: a).restored == 1)
        #expect(try await a.text(.posts, "1") != nil)
        #expect(try await a.text(.posts, "2") == nil)
        #expect(try await rollback(edit, only: "1", at: b).restored == 1)
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try await b.text(.posts, "2") != nil)
        #expect(try a.problems() + b.problems() == [])
    }

    // MARK: What is known

    @Test func aRunTellsWhatItDidAndWhoTookItBack() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await b.put(.posts, #"{"_id":"1","v":"before"}"#)
        let run = try await a.push(to: b)
        let detail = try await b.store.runDetail(String(run.transfer.prefix(30)))
        #expect(detail.run.id == run.transfer)
        #expect(detail.received?.source == a.identity && detail.received?.phase == .committed)
        #expect(detail.received?.result == run.result)
        #expect(detail.changes.map(\.kind) == ["content/posts"])
        #expect(detail.changes.map(\.created) == [1] && detail.changes.map(\.updated) == [1])
        #expect(detail.conflicts.map(\.id) == ["1"])
        #expect(detail.undo?.rows == 2 && detail.undo?.until == b.clock.seconds + 7 * 86_400)
        #expect(detail.events.map(\.event) == ["sync.receive.finished"])
        let rollbackRun = b.newID()
        _ = try await b.store.rollback(run.transfer, as: rollbackRun)
        let after = try await b.store.runDetail(run.transfer)
        #expect(after.undo == nil && after.rollbacks == [rollbackRun])
        let planned = try await a.store.planSummary(transfer: run.transfer)
        #expect(planned != nil)
        await #expect(throws: TidelockError.self) { try await b.store.runDetail("nothing") }
    }

    // MARK: How long

    @Test func theTenthNextRunFreesTheBodiesOfTheFirst() async throws {
        for version in 1...12 {
            b.clock.advance(by: .seconds(1))
            try await b.deliverEvents()
            try await a.put(.posts, "{\"_id\":\"1\",\"v\":\(version)}")
            try await a.push(to: b)
        }
        // The present item and the ten before it.
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM body") == 11)
        #expect(try b.problems() == [])
    }

    @Test func undoIsFreedAfterAWeek() async throws {
        let old = try await b.put(.posts, #"{"_id":"1","v":1}"#)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        b.clock.advance(by: .seconds(8 * 86_400))
        try await b.put(.posts, #"{"_id":"2","v":1}"#)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM body") == 2)
        await #expect(throws: TidelockError.self) { try await rollback(old, at: b) }
        #expect(try b.problems() == [])
    }

    @Test func freeingTheUndoOfAnAdoptionKeepsTheItem() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await b.put(.posts, #"{"_id":"1","v":1}"#)
        #expect(try await a.push(to: b).result?.adopted == 1)
        b.clock.advance(by: .seconds(8 * 86_400))
        try await b.put(.posts, #"{"_id":"2","v":1}"#)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        #expect(try b.problems() == [])
    }

    @Test func freeingTheUndoOfAReleaseKeepsTheItem() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        #expect(try await a.push(to: b).result?.released == 1)
        b.clock.advance(by: .seconds(8 * 86_400))
        try await b.put(.posts, #"{"_id":"3","v":1}"#)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        #expect(try b.problems() == [])
    }
}
