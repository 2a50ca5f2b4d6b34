import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Runs that find nothing to do, with a destination where a rollback took rows back.
@Suite struct RevertedInSyncTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func move(isPush: Bool, models: [String]? = nil) async throws -> TestRunResult {
        let run = TestRun(scope: Scope(models: models))
        return try await a.move(to: b, isPush: isPush, run)
    }

    @Test(arguments: [true, false])
    func tellHowManyThereAreInOneRoundTrip(isPush: Bool) async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.put(.pageItems, #"{"_id":"p"}"#)
        #expect(try await move(isPush: isPush, models: ["pages"]).result?.created == 1)
        let run = try await move(isPush: isPush)
        #expect(run.result?.created == 2)
        _ = try await b.store.rollback(run.transfer, as: b.newID())
        let next = try await move(isPush: isPush)
        let left = (next.plan?.kinds ?? []).reduce(0) { $0 + $1.reverted }
        #expect(next.isNoOp && left == 2, "\(next)")
        for _ in 1...2 {
            let quiet = try await move(isPush: isPush)
            #expect(quiet.outcome == .inSync && quiet.calls == ["open"], "\(quiet)")
            #expect(quiet.reverted == 2 && quiet.unchanged == 1, "\(quiet)")
        }
        let elsewhere = try await move(isPush: isPush, models: ["pages"])
        #expect(elsewhere.outcome == .inSync && elsewhere.reverted == 0, "\(elsewhere)")
    }

    @Test(arguments: [true, false])
    func areOneRoundTripAlsoWhereRowsAreAskedForThatNobodyTookBack(isPush: Bool) async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let run = try await move(isPush: isPush)
        let asking = TestRun(options: PlanOptions(includesReverted: true))
        #expect(try await move(isPush: isPush).isNoOp)
        let idle = try await a.move(to: b, isPush: isPush, asking)
        #expect(idle.outcome == .inSync && idle.calls == ["open"], "\(idle)")
        _ = try await b.store.rollback(run.transfer, as: b.newID())
        #expect(try await a.move(to: b, isPush: isPush, asking).result?.created == 1)
        #expect(try await move(isPush: isPush).isNoOp)
        #expect(try await a.move(to: b, isPush: isPush, asking).outcome == .inSync)
    }

    @Test(arguments: [true, false])
    func tellNothingOnceTheRowsCameAgain(isPush: Bool) async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let run = try await move(isPush: isPush)
        _ = try await b.store.rollback(run.transfer, as: b.newID())
        let asking = TestRun(options: PlanOptions(includesReverted: true))
        try await a.move(to: b, isPush: isPush, asking)
        #expect(try await move(isPush: isPush).isNoOp)
        let quiet = try await move(isPush: isPush)
        #expect(quiet.outcome == .inSync && quiet.reverted == 0 && quiet.unchanged == 1, "\(quiet)")
    }
}
