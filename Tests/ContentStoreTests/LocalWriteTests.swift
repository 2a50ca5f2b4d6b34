import ContentModel
import ContentStore
import SyncEngine
import Testing
import TidelockTestSupport

/// Changes made at the instance itself.
@Suite struct LocalWriteTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func put(_ text: String) throws -> LocalChange {
        let body = try JSONDocument(validating: text)
        return .put(kind: .posts, body: body, hash: body.hash)
    }

    @Test func theSameItemInOtherWordsChangesNothing() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let before = try a.head(.posts, "1")
        let report = try a.store.writeBlocking([try put(#"{"v":1.0,"_id":"1"}"#)], run: a.newID())
        #expect(report.unchanged == 1)
        #expect(try a.head(.posts, "1") == before)
    }

    @Test func whatIsTakenInTogetherLiesInTheOrderInWhichRunsReadIt() async throws {
        let changes = try (0..<200).map { try put("{\"_id\":\"\($0)\"}") }
        let report = try a.store.writeBlocking(changes, run: a.newID())
        #expect(report.created == 200)
        let buckets = try StoreInspector(a.store).texts("SELECT bucket FROM head ORDER BY rid").compactMap { Int($0) }
        #expect(buckets.count == 200 && buckets == buckets.sorted())
    }

    @Test func ofSeveralChangesOfOneItemTheLastOneCounts() async throws {
        let texts = (1...40).flatMap { version in
            ["a", "b", "c"].map { "{\"_id\":\"\($0)\",\"v\":\(version)}" }
        }
        try await a.change(try texts.map(put))
        for id in ["a", "b", "c"] { #expect(try await a.text(.posts, id) == "{\"_id\":\"\(id)\",\"v\":40}") }
        #expect(try a.problems() == [])
    }

    @Test func whatIsDecidedInAWriteIsDecidedAboutWhatIsThere() async throws {
        try await a.put(.posts, #"{"_id":"caf\u00e9","v":1}"#, #"{"_id":"gone","v":1}"#)
        try await a.remove(.posts, "gone")
        let items = ["caf\u{e9}", "cafe\u{301}", "gone"].map { ItemKey(.posts, $0) }
        let run = a.newID()
        try await a.store.beginRun(id: run, direction: "local", target: "test")
        let report = try a.store.writeBlocking(reading: items, run: run) { present in
            #expect(present.mapValues(\.text) == [items[0]: #"{"_id":"caf\u00e9","v":1}"#])
            return [try put(#"{"_id":"caf\u00e9","v":2}"#), try put(#"{"_id":"new"}"#)]
        }
        #expect(report.updated == 1 && report.created == 1)

        let head = try a.head(.posts, "new")
        #expect(throws: CancellationError.self) {
            try a.store.writeBlocking(reading: items, run: run) { _ in throw CancellationError() }
        }
        let nothing = try a.store.writeBlocking(reading: items, run: run) { _ in [] }
        #expect(nothing == LocalWriteReport())
        #expect(try a.head(.posts, "new") == head)
        try await a.store.markUndoable(id: run)
        try await a.store.endRun(id: run, phase: "committed", report: nil)
        #expect(try a.problems() == [])
    }

    @Test func aRunThatChangesARowTwiceGoesBackToTheFirstState() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let run = try await a.change([
            try put(#"{"_id":"1","v":2}"#), .remove(kind: .posts, id: "1"), try put(#"{"_id":"1","v":3}"#),
            try put(#"{"_id":"2","v":1}"#), .remove(kind: .posts, id: "2"),
        ])
        #expect(try a.problems() == [])
        _ = try await a.store.rollback(run, as: a.newID())
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        #expect(try await a.text(.posts, "2") == nil)
        #expect(try a.problems() == [])
    }

    @Test func aSyncInTheMiddleOfAnImportLosesNothing() async throws {
        let run = a.newID()
        try await a.store.beginRun(id: run, direction: "import", target: "test")
        _ = try a.store.writeBlocking([try put(#"{"_id":"1","v":"imported"}"#)], run: run)
        try await b.put(.posts, #"{"_id":"1","v":"synced"}"#)
        let sync = try await b.push(to: a)
        _ = try a.store.writeBlocking([try put(#"{"_id":"1","v":"imported again"}"#)], run: run)
        try await a.store.markUndoable(id: run)
        try await a.store.endRun(id: run, phase: "committed", report: nil)
        #expect(try a.problems() == [])
        _ = try await a.store.rollback(run, as: a.newID())
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":"synced"}"#)
        _ = try await a.store.rollback(sync.transfer, as: a.newID())
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":"imported"}"#)
        #expect(try a.problems() == [])
    }

    @Test func goingBackToWhatTheSourceSentIsNoEditAnyMore() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        #expect(try b.head(.posts, "1")?.edited == 1)
        try await b.put(.posts, #"{"_id":"1","v":1}"#)
        #expect(try b.head(.posts, "1")?.edited == 0)
        try await b.remove(.posts, "1")
        #expect(try b.head(.posts, "1")?.edited == 1)
        #expect(try b.problems() == [])
    }

    @Test func removingWhatIsNotThereIsAnError() async throws {
        await #expect(throws: TidelockError.self) { try await a.remove(.posts, "1") }
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.remove(.posts, "1")
        await #expect(throws: TidelockError.self) { try await a.remove(.posts, "1") }
    }

    @Test func anItemWithoutAUsableIDIsRefused() throws {
        for text in [
            #"{"v":1}"#, #"{"_id":""}"#, #"{"_id":7}"#, "[]", #"{"_id":"a\u0007"}"#,
            "{\"_id\":\"\(String(repeating: "x", count: 256))\"}",
        ] {
            let body = try JSONDocument(validating: text)
            #expect(throws: TidelockError.self) { try itemID(of: body, kind: .posts) }
        }
    }
}
