import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// A run that is limited to the rows of a plan made before.
@Suite struct AppliedPlanTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func item(_ id: String, _ value: Int) throws -> JSONDocument {
        try JSONDocument(validating: "{\"_id\":\"\(id)\",\"v\":\(value)}")
    }

    private func put(_ id: String, _ value: Int) async throws {
        let body = try item(id, value)
        try await a.change([.put(kind: .posts, body: body, hash: body.hash)])
    }

    /// The row of an item whose version 1, where there is one, is at the destination, and whose version 2 is to follow.
    private func row(_ id: String, isNew: Bool = false) throws -> PlannedRow {
        let hash = try item(id, 2).hash.hex
        let there =
            isNew
            ? StandingRow(holder: .nobody, base: nil)
            : StandingRow(holder: .source, base: try item(id, 1).hash.hex)
        return PlannedRow(
            kind: Kind.posts.name, id: id, operation: .put, source: hash, output: hash, destination: there)
    }

    private func apply(_ rows: [PlannedRow]) async throws -> (run: TestRunResult, expected: ExpectedRows) {
        let expected = try ExpectedRows(rows)
        var options = PlanOptions()
        options.expected = expected
        options.isExact = true
        return (try await a.push(to: b, TestRun(options: options)), expected)
    }

    private func prepare() async throws -> [PlannedRow] {
        for id in ["1", "2", "3"] { try await put(id, 1) }
        try await a.push(to: b)
        for id in ["1", "2", "3", "4", "5"] { try await put(id, 2) }
        return [try row("1"), try row("2"), try row("3"), try row("4", isNew: true)]
    }

    @Test func exactlyTheRowsOfThePlanAreApplied() async throws {
        let (run, expected) = try await apply(try await prepare())
        #expect(run.result?.updated == 3 && run.result?.created == 1 && run.result?.isVerified == true, "\(run)")
        #expect(expected.moved.isEmpty)
        #expect(try await b.text(.posts, "5") == nil)
        #expect(try await a.push(to: b).result?.created == 1)
        try expectNoProblems()
    }

    @Test func rowsWhoseIdsOnlyLookAlikeAreSeveral() async throws {
        let ids = ["caf\u{e9}", "cafe\u{301}"]
        for id in ids { try await put(id, 2) }
        let (run, expected) = try await apply(try ids.map { try row($0, isNew: true) })
        #expect(run.result?.created == 2 && expected.moved.isEmpty, "\(run)")
    }

    @Test func rowsThatMovedAreLeftOutAndNamedAndTheOthersApplied() async throws {
        let rows = try await prepare()
        try await b.put(.posts, #"{"_id":"1","v":"there"}"#)
        try await put("2", 3)
        try await b.put(.posts, #"{"_id":"4","v":"there"}"#)
        let (run, expected) = try await apply(rows)
        #expect(run.result?.updated == 1 && run.result?.created == 0 && run.result?.isVerified == true, "\(run)")
        #expect(expected.moved.map(\.item.id) == ["1", "2", "4"])
        #expect(expected.moved.map(\.cause) == [.destination, .source, .destination])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":"there"}"#)
        #expect(try await b.text(.posts, "2") == #"{"_id":"2","v":1}"#)
        #expect(try await b.text(.posts, "3") == #"{"_id":"3","v":2}"#)
        #expect(try await b.text(.posts, "4") == #"{"_id":"4","v":"there"}"#)
    }

    @Test func otherHandlersMoveARow() async throws {
        let rows = try await prepare()
        a.hooks.install("changes") { _, item in
            item.id == "3" ? .changed(try JSONDocument(validating: #"{"_id":"3"}"#)) : .unchanged
        }
        let (run, expected) = try await apply(rows)
        #expect(run.result?.updated == 2 && run.result?.created == 1, "\(run)")
        #expect(expected.moved.map(\.item.id) == ["3"])
        #expect(expected.moved.map(\.cause) == [.output])
    }

    @Test func aPlanThatWasAppliedHasNothingLeftToDo() async throws {
        let rows = try await prepare()
        _ = try await apply(rows)
        let (run, expected) = try await apply(rows)
        #expect(run.isNoOp)
        #expect(expected.moved.count == 4)
    }
}
