import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What is planned, refused, and remembered.
@Suite struct PlanningTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func fill(_ count: Int, kind: Kind = .posts) async throws {
        let changes = try (1...count).map { number in
            let body = try JSONDocument(validating: "{\"_id\":\"i\(number)\",\"v\":\(number)}")
            return LocalChange.put(kind: kind, body: body, hash: body.hash)
        }
        try await a.change(changes)
    }

    @Test func aChangedFingerprintSendsOnlyChangedOutputs() async throws {
        try await fill(20)
        a.hooks.install("marks", version: 1) { _, _ in .unchanged }
        try await a.push(to: b)
        a.hooks.install("marks", version: 2) { _, _ in .unchanged }
        let same = try await a.push(to: b)
        #expect(same.isNoOp)
        #expect(same.plan?.handlerCalls == 1)
        #expect(try await a.push(to: b).outcome == .inSync)
        a.hooks.install("marks", version: 3) { _, item in
            (item.body.integer("v") ?? 0) > 15
                ? .changed(try JSONDocument(validating: "{\"_id\":\"\(item.id)\",\"v\":0}")) : .unchanged
        }
        let run = try await a.push(to: b)
        #expect(run.plan?.operations == 5)
        #expect(run.result?.updated == 5)
    }

    @Test func droppedItemsLeaveTheDestinationInAMirrorAndStayInAMerge() async throws {
        try await fill(20)
        try await a.push(to: b)
        a.hooks.install("drops") { _, item in item.id == "i1" ? .dropped(reason: "no") : .unchanged }
        let merged = try await a.push(to: b)
        #expect(merged.result?.released == 1)
        #expect(try await b.text(.posts, "i1") != nil)
        #expect(try await a.push(to: b).isNoOp)
        let mirrored = try await a.push(to: b, .mirror)
        #expect(mirrored.result?.deleted == 1)
        #expect(try await b.text(.posts, "i1") == nil)
        #expect(try await a.push(to: b, .mirror).isNoOp)
        a.hooks.clear()
        let back = try await a.push(to: b, TestRun(confirmations: Confirmations(missingFilters: true)))
        #expect(back.result?.created == 1)
    }

    @Test func skippedItemsLeaveTheDestinationAsItIs() async throws {
        try await fill(3)
        try await a.push(to: b)
        a.hooks.install("skips") { _, item in item.id == "i1" ? .skipped(reason: "no") : .unchanged }
        try await a.put(.posts, #"{"_id":"i1","v":100}"#, #"{"_id":"i2","v":100}"#)
        let run = try await a.push(to: b, .mirror)
        #expect(run.plan?.kinds.map(\.skips) == [1])
        #expect(run.result?.updated == 1)
        #expect(try await b.text(.posts, "i1") == #"{"_id":"i1","v":1}"#)
        #expect(try await a.push(to: b, .mirror).isNoOp)
        a.hooks.clear()
        let after = try await a.push(to: b, TestRun(confirmations: Confirmations(missingFilters: true)))
        #expect(after.result?.updated == 1)
        #expect(try await b.text(.posts, "i1") == #"{"_id":"i1","v":100}"#)
    }

    @Test func aMissingFilterStopsTheRunUntilItIsConfirmed() async throws {
        try await fill(2)
        a.hooks.install("strips") { _, _ in .unchanged }
        try await a.push(to: b)
        a.hooks.clear()
        try await a.put(.posts, #"{"_id":"i1","v":100}"#)
        try await refusal(.filterMissing) { try await a.push(to: b) }
        #expect(try await b.text(.posts, "i1") == #"{"_id":"i1","v":1}"#)
        try await a.push(to: b, TestRun(confirmations: Confirmations(missingFilters: true)))
        #expect(try await b.text(.posts, "i1") == #"{"_id":"i1","v":100}"#)
        try await a.put(.posts, #"{"_id":"i1","v":101}"#)
        try await a.push(to: b)
    }

    @Test func aFilterThatOnlyARestrictedRunUsedIsMissedToo() async throws {
        try await fill(2)
        try await a.push(to: b)
        a.hooks.install("strips") { _, _ in .unchanged }
        try await a.put(.posts, #"{"_id":"i1","v":100}"#)
        try await a.push(to: b, TestRun(scope: Scope(filter: #"{"v":100}"#)))
        a.hooks.clear()
        try await a.put(.posts, #"{"_id":"i2","v":100}"#)
        try await refusal(.filterMissing) { try await a.push(to: b) }
    }

    @Test("T52: an empty source deletes nothing")
    func anEmptySourceDeletesNothing() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#)
        try await a.put(.pageItems, #"{"_id":"1"}"#)
        try await refusal(.emptySource) { try await a.push(to: b, .mirror) }
        #expect(try await b.text(.posts, "1") != nil)
        try expectNoProblems()
    }

    @Test func anEmptySourceDeletesWhatItIsConfirmedToDelete() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#)
        try await a.put(.pageItems, #"{"_id":"1"}"#)
        var run = TestRun(scope: Scope(mode: .mirror), confirmations: Confirmations(emptySource: true))
        #expect(try await a.push(to: b, run).result?.deleted == 1)
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try b.problems() == [])
        // It confirms nothing else: how many items may go is asked for by itself.
        for number in 1...6 { try await b.put(.posts, "{\"_id\":\"\(number)\"}") }
        try await refusal(.deleteGuard) { try await a.push(to: b, run) }
        run.confirmations.deletes = 6
        #expect(try await a.push(to: b, run).result?.deleted == 6)
    }

    @Test func aPullTellsTheSourceThatItMayBeEmpty() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await b.put(.pageItems, #"{"_id":"1"}"#)
        let run = TestRun(scope: Scope(mode: .mirror))
        try await refusal(.emptySource) { try await a.pull(from: b, run) }
        var confirmed = run
        confirmed.confirmations.emptySource = true
        #expect(try await a.pull(from: b, confirmed).result?.deleted == 1)
    }

    @Test func itemsDeletedOneByOneDoPropagateToTheLast() async throws {
        try await fill(2)
        try await a.push(to: b)
        try await a.remove(.posts, "i1", "i2")
        let run = try await a.push(to: b, .mirror)
        #expect(run.result?.deleted == 2)
    }

    @Test(arguments: [(40, 5, true), (40, 6, false), (100, 10, true), (100, 11, false)])
    func aMirrorMayDeleteATenthOfAKindOrFive(items: Int, deletes: Int, isAllowed: Bool) async throws {
        try await fill(items)
        try await a.push(to: b)
        try await a.change((1...deletes).map { .remove(kind: .posts, id: "i\($0)") })
        var run = TestRun(scope: Scope(mode: .mirror))
        if !isAllowed {
            try await refusal(.deleteGuard) { try await a.push(to: b, run) }
            run.confirmations.deletes = deletes - 1
            try await refusal(.deleteGuard) { try await a.push(to: b, run) }
            run.confirmations.deletes = deletes
        }
        #expect(try await a.push(to: b, run).result?.deleted == deletes)
    }

    @Test func aPlanSaysThatTheGuardWouldRefuseIt() async throws {
        try await fill(40)
        try await a.push(to: b)
        try await a.change((1...6).map { .remove(kind: .posts, id: "i\($0)") })
        var run = TestRun(scope: Scope(mode: .mirror), isDryRun: true)
        let plan = try #require(try await a.push(to: b, run).plan)
        #expect(plan.refusal?.code == ErrorCode.deleteGuard.rawValue, "\(plan)")
        #expect(plan.refusal?.message.contains("6 of the 40 items") == true, "\(plan)")
        #expect(plan.refusal?.hint?.contains("--allow-deletes 6") == true, "\(plan)")
        run.confirmations.deletes = 6
        let confirmed = try #require(try await a.push(to: b, run).plan)
        #expect(confirmed.deletes == 6 && confirmed.refusal == nil, "\(confirmed)")
    }

    @Test func aMirrorWithAFilterIsRefusedUnlessForcedAndThenSparesForeignRows() async throws {
        try await fill(6)
        try await b.put(.posts, #"{"_id":"own","v":1}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "i1")
        var scope = Scope(mode: .mirror, filter: #"{"v":{"$gte":3}}"#)
        try await refusal(.mirrorWithFilter) { try await a.push(to: b, TestRun(scope: scope)) }
        scope.allowsMirrorWithFilter = true
        let run = try await a.push(to: b, TestRun(scope: scope))
        #expect(run.result?.deleted == 2, "one is gone, the other is left out")
        #expect(try b.ids(.posts) == ["own", "i3", "i4", "i5", "i6"])
    }

    @Test func aForcedMirrorWithAFilterSparesAForeignRowThatTheHandlersDrop() async throws {
        try await fill(6)
        try await b.put(.posts, #"{"_id":"i1","own":true}"#)
        a.hooks.install("drops") { _, item in item.id == "i1" ? .dropped(reason: "no") : .unchanged }
        let scope = Scope(mode: .mirror, filter: #"{"v":{"$gte":1}}"#, allowsMirrorWithFilter: true)
        try await a.push(to: b, TestRun(scope: scope))
        #expect(try await b.text(.posts, "i1") == #"{"_id":"i1","own":true}"#)
    }

    @Test("T10: only the selected models are touched")
    func onlyTheSelectedModelsAreTouched() async throws {
        try await fill(2)
        try await a.put(.pageItems, #"{"_id":"1"}"#)
        try await a.put(.models, #"{"name":"posts"}"#, #"{"name":"pages"}"#)
        try await a.put(.singletons, #"{"_model":"site"}"#)
        try await b.put(.pageItems, #"{"_id":"there"}"#)
        let scope = Scope(models: ["posts"], mode: .mirror)
        let run = try await a.push(to: b, TestRun(scope: scope))
        #expect(run.result?.created == 3)
        #expect(try await b.text(.pageItems, "1") == nil)
        #expect(try await b.text(.pageItems, "there") != nil)
        #expect(try await b.text(.models, "pages") == nil)
        #expect(try await b.text(.singletons, "site") == nil)
        let all = try await a.push(to: b)
        #expect(all.result?.created == 3)
    }

    @Test func anItemEditedWhileThePlanIsMadeIsSentOnce() async throws {
        try await fill(6)
        try await a.push(to: b)
        try await a.change(
            try (1...6).map { number in
                let body = try JSONDocument(validating: "{\"_id\":\"i\(number)\",\"v\":\(number + 10)}")
                return .put(kind: .posts, body: body, hash: body.hash)
            })
        let store = a.store
        let late = try JSONDocument(validating: #"{"_id":"i1","v":99}"#)
        let run = a.newID()
        a.hooks.install("edits") { _, _ in
            _ = try store.writeBlocking([.put(kind: .posts, body: late, hash: late.hash)], run: run)
            return .unchanged
        }
        // The feed is read when the handlers stay the same, so they are used once before.
        try await a.push(to: b, TestRun(options: PlanOptions(batchSize: 2)))
        try await a.put(.posts, #"{"_id":"i1","v":51}"#)
        try await a.put(.posts, #"{"_id":"i2","v":50}"#, #"{"_id":"i3","v":50}"#)
        try await a.push(to: b, TestRun(options: PlanOptions(batchSize: 1)))
        try await a.push(to: b)
        #expect(try await b.text(.posts, "i1") == #"{"_id":"i1","v":99}"#)
        #expect(try await a.push(to: b).isNoOp)
    }

    @Test func anItemDeletedWhileThePlanIsMadeIsDeletedByTheNextRun() async throws {
        try await fill(6)
        try await a.push(to: b)
        let store = a.store
        let run = a.newID()
        a.hooks.install("deletes") { _, item in
            do {
                _ = try store.writeBlocking([.remove(kind: .posts, id: "i1")], run: run)
            } catch let error as TidelockError where error.code == .unknownItem {}
            return .changed(try JSONDocument(validating: "{\"_id\":\"\(item.id)\",\"v\":0}"))
        }
        try await a.push(to: b, .mirror)
        try await a.push(to: b, .mirror)
        #expect(try await b.text(.posts, "i1") == nil)
        #expect(try await a.push(to: b, .mirror).isNoOp)
    }

    @Test func aPlanThatIsAbandonedWhileItIsMadeLeavesNothing() async throws {
        try await fill(6)
        let instance = a
        let other = b
        a.hooks.install("abandons") { _, _ in
            // Blocks the handler until the plan is gone, as a slow handler would be overtaken by a new run.
            try StoreVandal(instance.store).execute("DELETE FROM plan_op; DELETE FROM plan_batch; DELETE FROM plan")
            return .unchanged
        }
        await #expect(throws: TestRunFailure.self) {
            try await instance.push(to: other, TestRun(options: PlanOptions(batchSize: 2)))
        }
        try expectNoProblems()
    }

    @Test func aDryRunLeavesBothSidesAsTheyWere() async throws {
        try await fill(3)
        let run = try await a.push(to: b, TestRun(isDryRun: true))
        #expect(run.plan?.kinds.map(\.creates) == [3])
        #expect(try StoreInspector(b.store).heads().isEmpty)
        #expect(try await b.store.leaseHolder() == nil)
        try expectNoProblems()
        #expect(a.hooks.pinned == 0)
    }
}
