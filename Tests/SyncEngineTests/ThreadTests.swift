import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What people lost with other tools, thread by thread: deletes nobody wanted, successes that were none, runs that
/// never end. The numbers are those of the list of threads in the research on sync engines.
///
/// Here are those that need no more than two instances. `StallThreadTests`, `SuccessThreadTests` and `FullDiskTests` hold
/// more, and tests of other suites carry the numbers in their names. Those without a test of that name:
///
/// * T26, T55 (waiting for ever, or not at all): `BackoffTests`
/// * T76 (only the first error is told): `LinkCheckTests`
/// * T13, T68, T90 (an event for every item, in the way of everybody): `DeliveryTests`, `OutboxTests`
/// * T20 (an order that makes differences): `CanonicalFormTests`; T36 (models must be identical): `SchemaReportTests`
/// * T56, T57, T58 (a copy that cannot be restored): `VerifyTests`, `BackupTests`, `KillTests`
/// * T59, T75, T96, T97 (time, memory and locks that grow with the number of items): `scripts/bench sync` measures them
///
/// And those that cannot happen here, or are no complaint about what a run does:
///
/// * T14 (a reset of everything): there is none. T45, T46, T47 (a checkpoint or a request for each change): a run has
///   one checkpoint, in its commit, and `SimulationTests` count the calls of a run that finds nothing
/// * T65 (an index of 28 TB is migrated): a store holds what a site has
/// * T11, T22, T30, T77, T80, T93: requests for what other tools do not do
@Suite struct ThreadTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func fill(_ count: Int, version: Int = 1) async throws {
        try await a.change(
            try (1...count).map { number in
                let body = try JSONDocument(validating: "{\"_id\":\"i\(number)\",\"v\":\(version)}")
                return .put(kind: .posts, body: body, hash: body.hash)
            })
    }

    /// A push whose destination answers so from some call on.
    private func push(refusedFrom call: Int, with code: ErrorCode) async throws -> TestRunFailure? {
        let peer = FaultyPeer(
            b.responder, successor: .init(call: call, peer: RefusingPeer(error: TidelockError(code, "refused"))))
        do {
            try await a.push(to: peer, named: "b", TestRun(options: PlanOptions(batchSize: 2)))
            return nil
        } catch let failure as TestRunFailure {
            return failure
        }
    }

    @Test(
        "T9, T64: a destination that says that its disk is full keeps what it had, and so says the run",
        arguments: 1...6)
    func aFullDiskIsNoSuccess(call: Int) async throws {
        try await fill(7)
        try await a.push(to: b)
        try await fill(7, version: 2)
        let before = try b.items()
        // By way of batches: what travels with the open is one call.
        let failure = try await push(refusedFrom: call, with: .diskFull)
        if let failure {
            #expect(failure.error.code == .diskFull)
            #expect(try b.items() == before)
        } else {
            #expect(try b.items() == a.items())
        }
        a.clock.advance(by: .seconds(2 * Limits.leaseSeconds))
        try await a.push(to: b)
        #expect(try b.items() == a.items())
    }

    @Test("T12: an error of the database is told, not swallowed")
    func anErrorOfTheDatabaseIsTold() async throws {
        try await fill(3)
        try StoreVandal(b.store).execute("ALTER TABLE stage RENAME TO hidden")
        do {
            try await a.push(to: b)
            Issue.record("a push into a broken store succeeded")
        } catch let failure as TestRunFailure {
            #expect(failure.error.code.traits.exitStatus == 74, "\(failure.error)")
            #expect(!failure.error.message.isEmpty)
        }
        #expect(try b.items().isEmpty)
    }

    @Test("T16: two items that exchange a unique value arrive in one run")
    func twoItemsExchangeAUniqueValue() async throws {
        try await a.put(.posts, #"{"_id":"x","slug":"one"}"#, #"{"_id":"y","slug":"two"}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"x","slug":"two"}"#, #"{"_id":"y","slug":"one"}"#)
        let run = try await a.push(to: b, TestRun(options: PlanOptions(batchSize: 1)))
        #expect(run.result?.updated == 2)
        #expect(try b.items() == a.items())
    }

    @Test("T17, T18, T19: items that link to one another in a circle arrive at the first attempt")
    func aCircleOfLinksNeedsOneRun() async throws {
        for number in 1...5 {
            let next = number % 5 + 1
            try await a.put(
                .posts, "{\"_id\":\"i\(number)\",\"next\":{\"_model\":\"posts\",\"_id\":\"i\(next)\"}}")
        }
        let run = try await a.push(to: b, TestRun(options: PlanOptions(batchSize: 1)))
        #expect(run.result?.created == 5)
        #expect(try b.items() == a.items())
        #expect(try await a.push(to: b).isNoOp)
    }

    @Test("T27, T92: everything arrives, not the first page of it")
    func everythingArrives() async throws {
        try await fill(2 * Limits.batchItems + 1)
        let run = try await a.push(to: b)
        #expect(run.result?.created == 2 * Limits.batchItems + 1)
        #expect(try b.items() == a.items())
    }

    @Test("T33: one item that cannot be sent is no success with errors, it stops the run")
    func oneFailingItemStopsTheRun() async throws {
        try await fill(20)
        a.hooks.install("fails") { _, item in
            guard item.id != "i13" else { throw TidelockError(.hookFailed, "Handler 'fails' failed at i13.") }
            return .unchanged
        }
        do {
            try await a.push(to: b)
            Issue.record("a push with an item that cannot be sent succeeded")
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .hookFailed)
            #expect(failure.error.message.contains("i13"))
        }
        #expect(try b.items().isEmpty)
    }

    @Test("T41, T42: a filter that lets nothing through is looked at once, and never again")
    func aFilterThatLetsNothingThroughMakesProgress() async throws {
        try await fill(50)
        a.hooks.install("drops") { _, _ in .dropped(reason: "all") }
        let first = try await a.push(to: b)
        #expect(first.isNoOp)
        #expect(first.plan?.handlerCalls ?? 0 > 0)
        let second = try await a.push(to: b)
        #expect(second.isNoOp)
        #expect(second.plan?.handlerCalls ?? 0 == 0, "\(second.outcome)")
    }

    @Test("T43: after a restart only what changed is sent")
    func aRestartIsNoReasonToBeginAnew() async throws {
        try await fill(20)
        try await b.pull(from: a)
        let restarted = a.restarted()
        try await a.put(.posts, #"{"_id":"i3","v":"edited"}"#)
        let run = try await b.pull(from: restarted, named: "a", TestRun())
        #expect(run.plan?.operations == 1)
        #expect(try b.items() == a.items())
    }

    @Test("T49: a run that was refused for a moment needs nothing but another run", arguments: 1...6)
    func aRefusalLeavesNoStateToRepair(call: Int) async throws {
        try await fill(7)
        for code in [ErrorCode.badToken, .expiredToken, .rateLimited, .databaseBusy, .shuttingDown] {
            _ = try await push(refusedFrom: call, with: code)
        }
        try await a.push(to: b)
        #expect(try b.items() == a.items())
        #expect(try await a.push(to: b).isNoOp)
        #expect(try b.problems() == [])
    }

    @Test("T61: the list has as many entries as the count says")
    func countAndListAgree() async throws {
        try await fill(9)
        try await a.push(to: b)
        try await fill(9, version: 2)
        for number in 1...4 { try await b.put(.posts, "{\"_id\":\"i\(number)\",\"v\":\"edited\"}") }
        let run = try await a.push(to: b)
        #expect(run.result?.conflictCount == 4)
        #expect(run.result?.conflicts.count == 4)
    }

    @Test("T62: a batch that was damaged on its way changes nothing")
    func aDamagedBatchChangesNothing() async throws {
        try await fill(3)
        let lease = try await b.store.grantLease(
            transfer: a.newID(), source: a.identity, initiator: a.identity.id, direction: .push, scope: .everything)
        var encoder = BatchEncoder()
        let body = try JSONDocument(validating: #"{"_id":"i1","v":1}"#)
        encoder.add(BatchEntry(kind: .posts, id: "i1", operation: .put(body: body, output: body.hash)))
        var batch = try encoder.finish(number: 1)
        batch.payload[batch.payload.count / 2] ^= 0x40
        let transfer = try #require(try StoreInspector(b.store).texts("SELECT transfer FROM lease").first)
        await #expect(throws: TidelockError.self) {
            try await b.responder.stage(transfer: transfer, fence: lease.fence, batch)
        }
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM stage") == 0)
        #expect(try b.items().isEmpty)
    }

    @Test("T72: an item that is older than the other side's arrives all the same")
    func anOlderItemArrives() async throws {
        try await a.put(.posts, #"{"_id":"x","_modified":2000,"v":1}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"x","_modified":1000,"v":2}"#)
        let run = try await a.push(to: b)
        #expect(run.result?.updated == 1)
        #expect(try b.items() == a.items())
    }

    @Test("T81: what was planned before a newer run took over does not bring the old state back")
    func aSupersededPlanIsFenced() async throws {
        try await fill(5)
        try await a.push(to: b)
        let old = try await b.store.grantLease(
            transfer: a.newID(), source: a.identity, initiator: a.identity.id, direction: .push, scope: .everything)
        let transfer = try #require(try StoreInspector(b.store).texts("SELECT transfer FROM lease").first)
        try await fill(5, version: 2)
        try await a.push(to: b)
        let after = try b.items()
        do {
            _ = try await b.responder.commit(
                transfer: transfer,
                CommitTransfer(fence: old.fence, batches: [], expectedRoots: [:], confirmations: Confirmations()))
            Issue.record("a superseded transfer was committed")
        } catch let error as TidelockError {
            #expect(error.code == .fenced)
        }
        #expect(try b.items() == after)
    }

    @Test("T84: a run says that it applied something when the destination shows it, and then only")
    func successMeansThatItIsThere() async throws {
        try await fill(8)
        let run = try await a.push(to: b)
        let result = try #require(run.result)
        #expect(result.isVerified && result.created == 8)
        #expect(try b.items() == a.items())
        #expect(try await a.push(to: b).result == nil)
    }
}

/// A peer that answers everything with one error.
private struct RefusingPeer: Peer {
    let error: TidelockError

    func open(_ request: OpenTransfer) async throws -> TransferOpened { throw error }
    func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer { throw error }
    func batch(transfer: String, number: Int) async throws -> EncodedBatch { throw error }
    func acknowledge(transfer: String, _ result: CommitResult) async throws { throw error }
    func list(transfer: String, _ request: ListHeld) async throws -> HeldPage { throw error }
    func survey(transfer: String, _ request: SurveySchema) async throws -> SchemaPage { throw error }
    func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt { throw error }
    func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult { throw error }
    func renew(transfer: String, fence: Int64) async throws -> LeaseGrant { throw error }
    func state(transfer: String) async throws -> TransferState { throw error }
    func rollback(transfer: String, _ request: RollBackTransfer) async throws -> RollbackResult { throw error }
    func abandon(transfer: String) async throws { throw error }
}
