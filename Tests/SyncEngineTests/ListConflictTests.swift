import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Conflicts about fields in a list of objects without `_id`, in an original of which something was held back.
@Suite struct ListConflictTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws {
        let made = try TestInstance.make("a", "b")
        (a, b) = (made[0], made[1])
        b.hooks.install("strips") { _, item in
            .changed(try JSONDocument(validating: item.body.text.replacing(#/,"h":"[^"]*"/#, with: "")))
        }
    }

    /// B has the original, and A brings a field that was held back there and edited since.
    private func collide() async throws -> ConflictRecord {
        try await b.put(.posts, #"{"_id":"1","l":[{"v":"v1","h":"B1"},{"v":"v2","h":"B2"}]}"#)
        try await b.push(to: a)
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","l":[{"v":"v1"},{"v":"v2"}]}"#)
        try await a.put(.posts, #"{"_id":"1","l":[{"v":"v1"},{"v":"v2","h":"A2"}],"t":"A"}"#)
        try await b.put(.posts, #"{"_id":"1","l":[{"v":"v1","h":"B1"},{"v":"v2","h":"B2b"}]}"#)
        let run = try await a.push(to: b, TestRun(scope: Scope(policy: .mergeFields)))
        #expect(run.result?.conflicts.map(\.verdict) == [.mergedParked])
        #expect(
            try await b.text(.posts, "1")
                == #"{"_id":"1","l":[{"v":"v1","h":"B1"},{"v":"v2","h":"B2b"}],"t":"A"}"#)
        return try #require(try await b.store.conflicts().first)
    }

    private func applySource(_ conflict: ConflictRecord) async throws {
        let run = b.newID()
        try await b.store.beginRun(id: run, direction: "local", target: "test")
        do {
            try await b.store.applyParked([conflict.id], run: run)
        } catch {
            try await b.store.markUndoable(id: run)
            throw error
        }
        try await b.store.markUndoable(id: run)
    }

    private func expectNoProblems() throws {
        #expect(try a.problems() == [])
        #expect(try b.problems() == [])
    }

    @Test func theSourcesVersionCountsForTheFieldOfTheElement() async throws {
        let conflict = try await collide()
        #expect(conflict.fields == ["l[1].h"])
        try await applySource(conflict)
        #expect(
            try await b.text(.posts, "1")
                == #"{"_id":"1","l":[{"v":"v1","h":"B1"},{"v":"v2","h":"A2"}],"t":"A"}"#)
        #expect(try await b.store.conflicts() == [])
        #expect(try await a.push(to: b).isNoOp)
        try expectNoProblems()
    }

    @Test func whereTheElementIsNotFoundAnyMoreNothingIsResolved() async throws {
        let conflict = try await collide()
        let edited = #"{"_id":"1","l":[{"v":"v2","h":"B2c"}],"t":"A"}"#
        try await b.put(.posts, edited)
        await #expect {
            try await applySource(conflict)
        } throws: { error in
            guard let error = error as? TidelockError else { return false }
            return error.code == .conflicts && error.message.contains("'l[1].h'")
        }
        #expect(try await b.text(.posts, "1") == edited)
        #expect(try await b.store.conflicts().map(\.id) == [conflict.id])
        try expectNoProblems()
        try await b.store.dropConflicts([conflict.id])
        #expect(try await b.text(.posts, "1") == edited)
        #expect(try await b.store.conflicts() == [])
    }
}
