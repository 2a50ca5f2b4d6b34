import ContentModel
import GRDB
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

@testable import ContentStore

/// The statements that large kinds depend on use the keys they were written for.
@Suite struct QueryPlanTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func plan(_ sql: String) async throws -> [String] {
        try await a.store.read { db in
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
            statement.setUncheckedArguments(StatementArguments())
            return try Row.fetchAll(statement).map { $0["detail"] }
        }
    }

    private func query(since: Int64?) -> CandidateQuery {
        CandidateQuery(
            kind: .posts, peer: "b", filters: .none, since: since, upTo: 9, includesReverted: false, after: nil,
            limit: 10)
    }

    @Test func theFeedIsReadByItsIndex() async throws {
        let plan = try await plan(Store.candidateSQL(query(since: 1)))
        #expect(plan.contains { $0.contains("INDEX head_by_sequence (kid=? AND seq>") }, "\(plan)")
        #expect(!plan.contains { $0.contains("SCAN") }, "\(plan)")
    }

    @Test func lookingAtEverythingFollowsTheKeyWithoutSorting() async throws {
        let plan = try await plan(Store.candidateSQL(query(since: nil)))
        #expect(plan.contains { $0.hasPrefix("SEARCH h USING PRIMARY KEY (kid=?") }, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.contains("SCAN") }, "\(plan)")
    }

    @Test func settledRowsFollowTheKeyWithoutSorting() async throws {
        var query = query(since: nil)
        query.isSettled = true
        let plan = try await plan(Store.candidateSQL(query))
        #expect(plan.contains { $0.hasPrefix("SEARCH h USING PRIMARY KEY (kid=?") }, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.contains("SCAN") }, "\(plan)")
    }

    @Test(arguments: [nil, 1] as [Int64?])
    func rowsOfATreeAreFoundByTheirKeys(since: Int64?) async throws {
        var query = query(since: since)
        let rows = try await plan(Trees.rowsSQL(query))
        let index = since == nil ? "SEARCH h USING PRIMARY KEY (kid=?" : "INDEX head_by_sequence (kid=? AND seq>"
        #expect(rows.contains { $0.contains(index) }, "\(rows)")
        query.order = try TreeLevels(of: .posts) { _ in }
        let plan = try await plan(Store.candidateSQL(query))
        #expect(plan.contains { $0.hasPrefix("SEARCH h USING PRIMARY KEY (kid=? AND bucket=? AND id=?") }, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
    }

    @Test func openRowsAreReadByTheirIndexWithoutSorting() async throws {
        let plan = try await plan(Store.openSQL(query(since: 1)))
        #expect(plan.contains { $0.contains("INDEX shadow_open (pid=? AND kid=?") }, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.contains("SCAN") }, "\(plan)")
    }

    @Test func theRowsOfABucketFollowTheKeyWithoutSorting() async throws {
        let plan = try await plan(HeldRows.bucketSQL(EditedRows(of: .posts, in: .everything), .park))
        #expect(plan.contains { $0.contains("SEARCH head USING PRIMARY KEY (kid=? AND bucket=? AND id>") }, "\(plan)")
        #expect(!plan.contains(where: isCostly), "\(plan)")
    }

    @Test(arguments: [false, true])
    func rowsThatSomebodyDecidedAboutAreFoundByTheListOfConflicts(isNamed: Bool) async throws {
        let plan = try await plan(
            HeldRows.decidedConflictSQL(EditedRows(of: .posts, in: .everything), isNamed: isNamed))
        #expect(plan.contains { $0.contains("SEARCH c USING INDEX conflict_by_item (kid=?") }, "\(plan)")
        #expect(plan.contains { $0.contains("SEARCH h USING PRIMARY KEY (kid=? AND bucket=? AND id=?") }, "\(plan)")
    }

    @Test func rowsThatAnotherSourceHasTakenOverAreCountedByTheirIndex() async throws {
        let all = try await plan(TakenOverRows.allSQL)
        #expect(all.contains { $0.contains("COVERING INDEX shadow_taken_over (pid=? AND kid=?") }, "\(all)")
        let present = try await plan(TakenOverRows.presentSQL)
        #expect(present.contains { $0.contains("INDEX shadow_taken_over (pid=? AND kid=?") }, "\(present)")
        #expect(present.contains { $0.contains("SEARCH h USING PRIMARY KEY (kid=? AND bucket=? AND id=?") })
    }

    @Test func aRollbackOfOneItemDoesNotReadAllThatTheRunChanged() async throws {
        let plan = try await plan(UnmergedVersions.takenBackSQL)
        #expect(plan.contains("SEARCH mine USING PRIMARY KEY (run=?)"), "\(plan)")
        #expect(plan.contains("SEARCH u USING PRIMARY KEY (run=? AND kid=? AND bucket=? AND id=?)"), "\(plan)")
    }

    @Test func exchangedRowsAreFoundByTheirKeys() async throws {
        let edited = try await plan(ExchangedRows.editedSQL)
        let sent = try await plan(HeldRows.allSentSQL(KindScope(kind: .posts, ids: nil), .source))
        #expect(edited.contains { $0.contains("INDEX head_drift (kid=? AND origin=?") }, "\(edited)")
        #expect(sent.contains { $0.hasPrefix("SEARCH h USING PRIMARY KEY (kid=?") }, "\(sent)")
        for plan in [edited, sent] {
            #expect(
                plan.contains { $0.contains("SEARCH s USING PRIMARY KEY (pid=? AND kid=? AND bucket=? AND id=?") },
                "\(plan)")
        }
    }

    @Test func itemsThatChangedSinceCopiesWereLookedForAreReadByTheirIndex() async throws {
        let plan = try await plan(AssetCopies.sql(kinds: [1, 2], needles: 1, since: 7))
        #expect(plan.contains { $0.contains("INDEX head_by_sequence (kid=? AND seq>") }, "\(plan)")
        #expect(!plan.contains { $0.contains("SCAN") }, "\(plan)")
    }

    @Test(arguments: [(SchemaRows.present, "h"), (SchemaRows.staying, "h"), (SchemaRows.arriving, "s")])
    func itemsThatADefinitionMayBreakFollowTheKeyWithoutSorting(
        _ rows: SchemaRows.Items, _ table: String
    ) async throws {
        for sql in [rows.page, rows.one] {
            let plan = try await plan(sql)
            #expect(plan.contains { $0.hasPrefix("SEARCH \(table) USING PRIMARY KEY (") }, "\(plan)")
            #expect(!plan.contains(where: isCostly), "\(plan)")
        }
    }

    /// Transfers are few: which of them are of one source may be found by reading them all, once.
    private func isCostly(_ step: String) -> Bool {
        step.contains("TEMP B-TREE") || (step.contains("SCAN") && !step.contains("SCAN transfer"))
    }

    @Test func stagedDefinitionsFollowTheKeyWithoutSorting() async throws {
        let plan = try await plan(SchemaRows.stagedSQL)
        #expect(plan.contains { $0.hasPrefix("SEARCH s USING PRIMARY KEY (transfer=? AND kid=?") }, "\(plan)")
        #expect(!plan.contains(where: isCostly), "\(plan)")
    }

    @Test func theRowsOfAPlanFollowTheKeyWithoutSorting() async throws {
        let plan = try await plan(Store.plannedSQL)
        #expect(plan.contains { $0.contains("SEARCH p USING PRIMARY KEY (transfer=? AND (kid,bucket,id)>") }, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.contains("SCAN") }, "\(plan)")
    }

    /// Tables that hold a row an item, each with the names it has in statements.
    private static let large = [
        "head", "h", "shadow", "s", "sh", "body", "b", "dirty_leaf", "stage", "plan_op", "p", "undo", "u", "mine",
    ]

    /// Everything that the writer of an instance executes while `body` runs.
    private func statements(of instance: TestInstance, _ body: () async throws -> Void) async throws -> Set<String> {
        let seen = Log()
        try await instance.store.pool.writeWithoutTransaction { db in
            db.trace { event in
                if case .statement(let statement) = event { seen.add(statement.sql) }
            }
        }
        try await body()
        try await instance.store.pool.writeWithoutTransaction { $0.trace() }
        return seen.all
    }

    private final class Log: Sendable {
        private let texts = Mutex<Set<String>>([])

        var all: Set<String> { texts.withLock { $0 } }

        func add(_ text: String) {
            texts.withLock { _ = $0.insert(text) }
        }
    }

    private func scans(_ statements: Set<String>) async throws -> [String] {
        var scans: [String] = []
        for sql in statements where ["SELECT", "INSERT", "UPDATE", "DELETE"].contains(where: sql.hasPrefix) {
            for step in try await plan(sql)
            where Self.large.contains(where: { step == "SCAN \($0)" || step.hasPrefix("SCAN \($0) ") }) {
                scans.append("\(step): \(sql)")
            }
        }
        return scans
    }

    @Test func noStatementOfARunReadsATableFromEndToEnd() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        var sent: Set<String> = []
        var received: Set<String> = []
        for version in 2...3 {
            try await a.put(.posts, "{\"_id\":\"1\",\"v\":\(version)}")
            received.formUnion(
                try await statements(of: b) {
                    sent.formUnion(try await statements(of: a) { try await a.push(to: b) })
                })
            try await b.put(.posts, "{\"_id\":\"1\",\"v\":\"edited\"}")
        }
        #expect(sent.count > 20)
        #expect(received.count > 20)
        #expect(try await scans(sent) == [])
        #expect(try await scans(received) == [])
    }

    @Test func aRunThatOnlyAddsTranslationsReadsNoTableFromEndToEnd() async throws {
        let shop = try Kind.translations(of: "shop")
        try await a.put(shop, #"{"key":"1","values":{"en":"a"}}"#, #"{"key":"2","values":{"en":"a"}}"#)
        try await b.put(shop, #"{"key":"1","values":{"en":"b"}}"#)
        let run = TestRun(scope: Scope(translations: TranslationSelection(rule: .missingKeys)))
        let received = try await statements(of: b) {
            try await a.push(to: b, run)
            try await a.push(to: b)
        }
        #expect(received.contains { $0.contains("SET edited = 3") })
        #expect(received.contains { $0.contains("edited IN (1, 6, 3, 4)") })
        #expect(try await scans(received) == [])
    }

    @Test func aRunWithoutChangesAsksForNothingThatGrowsWithTheItems() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        let received = try await statements(of: b) {
            let sent = try await statements(of: a) {
                let run = try await a.push(to: b)
                #expect(run.outcome == .inSync)
            }
            #expect(try await scans(sent) == [])
            #expect(!sent.contains { $0.contains("body") })
        }
        #expect(try await scans(received) == [])
        #expect(!received.contains { $0.contains("body") })
    }

    /// One commit gives all of its rows the same sequence number, so the place of the last row is more than that.
    @Test func theNextItemsForTheSearchIndexAreFoundByTheWholeIndex() async throws {
        try await a.put(.posts, #"{"_id":"1","v":"x"}"#)
        _ = try await a.store.rebuildIndex(model: nil)
        let plan = try await plan(SearchPage.sql)
        #expect(plan.contains { $0.contains("head_by_sequence (kid=? AND (seq,bucket,id)>") }, "\(plan)")
        let executed = try await statements(of: a) {
            try await a.put(.posts, #"{"_id":"2","v":"x"}"#)
            try await a.store.updateIndex()
        }
        #expect(try await scans(executed) == [])
    }

    @Test func theItemsOfAnEventFollowTheKeyWithoutSorting() async throws {
        let plan = try await plan(Store.receivedSQL)
        #expect(plan.contains { $0.contains("SEARCH u USING PRIMARY KEY (run=? AND (kid,bucket,id)>") }, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0.contains("SCAN") }, "\(plan)")
    }

    @Test func tellingAboutARunReadsNoTableFromEndToEnd() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        let executed = try await statements(of: a) { try await a.deliverEvents() }
        #expect(executed.contains { $0.contains("plan_batch") })
        #expect(try await scans(executed) == [])
    }

    @Test func freeingUndoReadsNoTableFromEndToEnd() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        for item in 2...12 { try await b.put(.posts, "{\"_id\":\"\(item)\"}") }
        try await b.deliverEvents()
        b.clock.advance(by: .seconds(8 * 86_400))
        let executed = try await statements(of: b) { try await b.put(.posts, #"{"_id":"13"}"#) }
        #expect(executed.contains { $0.contains("CROSS JOIN base_body AS basis") })
        let freeing = executed.filter { $0.contains("INDEXED BY run_undo") || $0.contains("INDEXED BY undo_by_item") }
        #expect(freeing.count > 3)
        for sql in freeing {
            let plan = try await plan(sql)
            // Instances are few.
            #expect(!plan.contains { $0.contains("SCAN") && !$0.contains("SCAN peer") }, "\(plan): \(sql)")
        }
        #expect(try await scans(executed) == [])
    }

    @Test func aRollbackReadsNoTableFromEndToEnd() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let run = try await a.push(to: b)
        let executed = try await statements(of: b) { _ = try await b.store.rollback(run.transfer, as: b.newID()) }
        #expect(try await scans(executed) == [])
    }
}
