import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

/// A pull that is limited to the rows of a plan made before, which its destination has kept.
@Suite struct AppliedPullTests: PairSuite {
    /// Has the items.
    let a: TestInstance
    /// Pulls them.
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func put(_ instance: TestInstance, _ id: String, _ value: Int) async throws {
        try await instance.put(.posts, "{\"_id\":\"\(id)\",\"v\":\(value)}")
    }

    private func text(_ id: String, at instance: TestInstance) async throws -> String? {
        try await instance.text(.posts, id)
    }

    /// Items 1 to 3 are at both sides and have changed at the source since, where 4 is new.
    private func prepare() async throws {
        for id in ["1", "2", "3"] { try await put(a, id, 1) }
        try await b.pull(from: a)
        for id in ["1", "2", "3", "4"] { try await put(a, id, 2) }
    }

    /// The plan of a pull, as its destination writes it down.
    private func plan(
        _ scope: Scope = .everything, _ options: PlanOptions = PlanOptions()
    ) async throws -> [PlannedRow] {
        let seen = Mutex<[PlannedRow]>([])
        var run = TestRun(scope: scope, options: options, isDryRun: true)
        run.review = { review in
            let rows = try await review.rows(upTo: .max).rows
            seen.withLock { $0 = rows }
        }
        try await b.pull(from: a, run)
        let rows = seen.withLock { $0 }
        let standing = try await b.store.standingRows(
            rows.map { ItemKey(try Kind($0.kind), $0.id) }, from: a.identity.id)
        return try rows.map { row in
            var row = row
            row.destination = try #require(standing[ItemKey(try Kind(row.kind), row.id)])
            return row
        }
    }

    private func apply(
        _ rows: [PlannedRow], scope: Scope = .everything, confirmations: Confirmations = Confirmations(),
        as planned: PlanOptions = PlanOptions()
    ) async throws -> (run: TestRunResult, expected: ExpectedRows) {
        let expected = try ExpectedRows(rows, keptBy: .destination)
        var options = planned
        options.expected = expected
        let run = TestRun(scope: scope, options: options, confirmations: confirmations)
        return (try await b.pull(from: a, run), expected)
    }

    private func expectSound() async throws {
        try expectNoProblems()
        #expect(a.hooks.pinned == 0 && b.hooks.pinned == 0)
        #expect(try await b.store.leaseHolder() == nil)
    }

    // MARK: What is applied

    @Test func exactlyTheRowsOfThePlanAreApplied() async throws {
        try await prepare()
        let rows = try await plan()
        #expect(rows.map(\.id).sorted() == ["1", "2", "3", "4"])
        try await put(a, "5", 2)
        let (run, expected) = try await apply(rows)
        #expect(run.result?.updated == 3 && run.result?.created == 1 && run.result?.isVerified == true, "\(run)")
        #expect(expected.moved.isEmpty)
        #expect(try await text("5", at: b) == nil)
        #expect(try await b.pull(from: a).result?.created == 1)
        #expect(try await b.pull(from: a).isNoOp)
        try await expectSound()
    }

    @Test func rowsThatWereTakenBackAreAppliedWhereThePlanIncludesThem() async throws {
        try await prepare()
        let pull = try await b.pull(from: a)
        _ = try await b.store.rollback(pull.transfer, as: b.newID())
        #expect(try await plan().isEmpty)
        let options = PlanOptions(includesReverted: true)
        let rows = try await plan(.everything, options)
        #expect(rows.map(\.id).sorted() == ["1", "2", "3", "4"])
        let (run, expected) = try await apply(rows, as: options)
        #expect(run.result?.updated == 3 && run.result?.created == 1, "\(run)")
        #expect(expected.moved.isEmpty)
        #expect(try await b.pull(from: a).isNoOp)
        try await expectSound()
    }

    @Test func rowsThatMovedAreLeftOutAndNamedAndTheOthersApplied() async throws {
        try await prepare()
        let rows = try await plan()
        try await put(b, "1", 100)
        try await put(a, "2", 3)
        try await put(b, "4", 100)
        let (run, expected) = try await apply(rows)
        #expect(run.result?.updated == 1 && run.result?.created == 0 && run.result?.isVerified == true, "\(run)")
        #expect(expected.moved.map(\.item.id) == ["1", "2", "4"])
        #expect(expected.moved.map(\.cause) == [.destination, .output, .destination])
        #expect(try await text("1", at: b) == #"{"_id":"1","v":100}"#)
        #expect(try await text("2", at: b) == #"{"_id":"2","v":1}"#)
        #expect(try await text("3", at: b) == #"{"_id":"3","v":2}"#)
        #expect(try await text("4", at: b) == #"{"_id":"4","v":100}"#)
        try await expectSound()
    }

    /// What was edited here before the plan was made is in the plan; what was edited since is not.
    @Test func anEditThatThePlanKnewIsReplacedAndALaterOneIsNot() async throws {
        try await prepare()
        for id in ["1", "2"] { try await put(b, id, 100) }
        let rows = try await plan()
        try await put(b, "2", 101)
        let (run, expected) = try await apply(rows)
        #expect(run.result?.conflicts.map(\.id) == ["1"], "\(run)")
        #expect(expected.moved.map(\.item.id) == ["2"])
        #expect(try await text("1", at: b) == #"{"_id":"1","v":2}"#)
        #expect(try await text("2", at: b) == #"{"_id":"2","v":101}"#)
        try await expectSound()
    }

    @Test func otherHandlersOfTheSourceMoveARow() async throws {
        try await prepare()
        let rows = try await plan()
        a.hooks.install("changes") { _, item in
            item.id == "3" ? .changed(try JSONDocument(validating: #"{"_id":"3"}"#)) : .unchanged
        }
        let (run, expected) = try await apply(rows)
        #expect(run.result?.updated == 2 && run.result?.created == 1, "\(run)")
        #expect(expected.moved.map(\.item.id) == ["3"] && expected.moved.map(\.cause) == [.output])
        try await expectSound()
    }

    @Test func aPlanThatWasAppliedHasNothingLeftToDo() async throws {
        try await prepare()
        let rows = try await plan()
        _ = try await apply(rows)
        let (run, expected) = try await apply(rows)
        #expect(run.isNoOp && expected.moved.count == 4, "\(run)")
        try await expectSound()
    }

    @Test func aPlanOfWhichEveryRowHasMovedChangesNothing() async throws {
        try await prepare()
        let rows = try await plan()
        for id in ["1", "2", "3", "4"] { try await put(b, id, 100) }
        let (run, expected) = try await apply(rows)
        #expect(run.isNoOp && expected.moved.count == 4, "\(run)")
        for id in ["1", "2", "3", "4"] { #expect(try await text(id, at: b) == "{\"_id\":\"\(id)\",\"v\":100}") }
        try await expectSound()
    }

    @Test func rowsArriveInPages() async throws {
        let count = Limits.plannedRows + 3
        let changes = try (0..<count).map { number in
            let body = try JSONDocument(validating: "{\"_id\":\"\(number)\"}")
            return LocalChange.put(kind: .posts, body: body, hash: body.hash)
        }
        try await a.change(changes)
        let (run, expected) = try await apply(try await plan())
        #expect(run.result?.created == count && expected.moved.isEmpty)
        try await expectSound()
    }

    // MARK: Guards

    @Test func deletesAreGuarded() async throws {
        for number in 1...20 { try await put(a, "\(number)", 1) }
        try await b.pull(from: a)
        for number in 1...12 { try await a.remove(.posts, "\(number)") }
        let mirror = Scope(mode: .mirror)
        let rows = try await plan(mirror)
        #expect(rows.count == 12 && rows.allSatisfy { $0.operation == .delete })
        await #expect {
            _ = try await apply(rows, scope: mirror)
        } throws: { ($0 as? TestRunFailure)?.error.code == .deleteGuard }
        #expect(try b.ids(.posts).count == 20)
        try await put(b, "1", 100)
        let (run, expected) = try await apply(rows, scope: mirror, confirmations: Confirmations(deletes: 11))
        #expect(run.result?.deleted == 11 && expected.moved.map(\.item.id) == ["1"], "\(run)")
        #expect(try b.ids(.posts).count == 9)
        try await expectSound()
    }

    @Test func aSourceThatWasEmptiedDeletesNothing() async throws {
        for id in ["1", "2", "3"] { try await put(a, id, 1) }
        try await b.pull(from: a)
        try await a.remove(.posts, "1")
        let mirror = Scope(mode: .mirror)
        let rows = try await plan(mirror)
        try StoreVandal(a.store).execute(
            """
            DELETE FROM body WHERE rid IN (SELECT rid FROM head);
            DELETE FROM head;
            \(StoreVandal.markAll)
            """)
        try await a.put(.pageItems, #"{"_id":"p"}"#)
        await #expect {
            _ = try await apply(rows, scope: mirror, confirmations: Confirmations(deletes: 100))
        } throws: { ($0 as? TestRunFailure)?.error.code == .emptySource }
        #expect(try b.ids(.posts) == ["1", "2", "3"])
    }

    // MARK: What happens meanwhile

    /// The last moment at which somebody may edit: after everything was compared, and before the commit.
    @Test func aRowThatIsEditedWhileThePlanIsCarriedOutIsNotOverwritten() async throws {
        try await prepare()
        try await put(b, "1", 100)
        let rows = try await plan()
        let b = b
        b.hooks.decide { _ in
            try await b.put(.posts, #"{"_id":"3","v":100}"#)
            return .source
        }
        await #expect {
            _ = try await apply(rows)
        } throws: { ($0 as? TestRunFailure)?.error.code == .movedMeanwhile }
        b.hooks.decide(nil)
        #expect(try await text("1", at: b) == #"{"_id":"1","v":100}"#)
        #expect(try await text("3", at: b) == #"{"_id":"3","v":100}"#)
        let (run, expected) = try await apply(rows)
        #expect(run.result?.isVerified == true && expected.moved.map(\.item.id) == ["3"], "\(run)")
        try await expectSound()
    }

    @Test func anotherInstanceAtTheAddressIsToldNothing() async throws {
        try await prepare()
        let rows = try await plan()
        var run = TestRun()
        run.options.expected = try ExpectedRows(rows, keptBy: .destination)
        run.expectedSource = "another"
        let other = run
        await #expect {
            _ = try await b.pull(from: a, other)
        } throws: { ($0 as? TestRunFailure)?.error.code == .planOutdated }
        #expect(try await text("1", at: b) == #"{"_id":"1","v":1}"#)
        try await expectSound()
    }

    // MARK: The far side

    /// It may say so, or tell of the rows that it was asked for and send others.
    @Test(arguments: [true, false])
    func aSourceThatDoesMoreIsRefusedBeforeAnythingIsStaged(isHonest: Bool) async throws {
        try await prepare()
        let rows = try await plan().filter { $0.id == "1" }
        var run = TestRun()
        run.options.expected = try ExpectedRows(rows, keptBy: .destination)
        let limited = run
        let source = Heedless(a.responder, told: isHonest ? nil : rows)
        await #expect {
            _ = try await b.pull(from: source, named: "a", limited)
        } throws: { ($0 as? TestRunFailure)?.error.code == .malformedMessage }
        for id in ["1", "2", "3"] { #expect(try await text(id, at: b) == "{\"_id\":\"\(id)\",\"v\":1}") }
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM stage") == 0)
        try await expectSound()
    }

    @Test func rowsComeBeforeThePlanAndOnlyForRuns() async throws {
        try await prepare()
        let page = ExpectRows(rows: [ExpectedRow(kind: Kind.posts.name, id: "1", operation: .delete, output: nil)])
        let (a, b) = (a, b)
        func open(isPlanOnly: Bool) async throws -> OpenTransfer {
            let open = OpenTransfer(
                id: b.newID(), direction: .pull, initiator: b.identity, scope: .everything, nonce: "n",
                isPlanOnly: isPlanOnly)
            _ = try await a.responder.open(open)
            return open
        }
        let looking = try await open(isPlanOnly: true)
        await #expect { try await a.responder.expect(transfer: looking.id, page) } throws: { code($0) == .fenced }
        let running = try await open(isPlanOnly: false)
        try await a.responder.expect(transfer: running.id, page)
        try await a.responder.expect(transfer: running.id, page)
        let held = try await b.store.held(of: a.identity.id, scope: .everything, sourceKinds: [], nonce: "n")
        _ = try await a.responder.plan(transfer: running.id, MakePlan(held: held))
        await #expect { try await a.responder.expect(transfer: running.id, page) } throws: { code($0) == .fenced }
        await #expect { try await a.responder.expect(transfer: "never", page) } throws: {
            code($0) == .unknownTransfer
        }
        for id in [looking.id, running.id] { try await a.responder.abandon(transfer: id) }
        #expect(a.hooks.pinned == 0)
    }

    @Test func moreRowsThanAreRememberedAreRefused() async throws {
        let a = a
        let open = OpenTransfer(
            id: b.newID(), direction: .pull, initiator: b.identity, scope: .everything, nonce: "n")
        try await put(a, "1", 1)
        _ = try await a.responder.open(open)
        func page(_ numbers: Range<Int>) -> ExpectRows {
            ExpectRows(
                rows: numbers.map {
                    ExpectedRow(kind: Kind.posts.name, id: "\($0)", operation: .delete, output: nil)
                })
        }
        for start in stride(from: 0, to: Limits.expectedRows, by: Limits.plannedRows) {
            try await a.responder.expect(transfer: open.id, page(start..<start + Limits.plannedRows))
        }
        let more = page(Limits.expectedRows..<Limits.expectedRows + 1)
        await #expect {
            try await a.responder.expect(transfer: open.id, more)
        } throws: { code($0) == .tooLarge }
        try await a.responder.expect(transfer: open.id, page(0..<1))
        try await a.responder.abandon(transfer: open.id)
    }

    private func code(_ error: any Error) -> ErrorCode? { (error as? TidelockError)?.code }
}

/// A source that takes rows in and plans everything all the same.
private struct Heedless: PeerInBetween, ExpectationPort {
    private let instance: LocalInstance
    /// What it says that it plans; nil where it says the truth.
    private let told: [PlannedRow]?

    init(_ instance: LocalInstance, told: [PlannedRow]?) {
        self.instance = instance
        self.told = told
    }

    var peer: any Peer { instance }

    func expect(transfer: String, _ page: ExpectRows) async throws {}

    func planned(transfer: String, _ request: ListPlanned) async throws -> PlannedPage {
        if let told { return PlannedPage(rows: told, next: nil) }
        return try await instance.planned(transfer: transfer, request)
    }

    func outputs(transfer: String, _ request: ReadOutputs) async throws -> OutputPage {
        try await instance.outputs(transfer: transfer, request)
    }
}
