import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Conflicts about some fields of an item, decided for the source's version.
@Suite struct FieldConflictTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private static let merging = TestRun.with(.mergeFields)

    /// One item at both sides, changed at both, and merged as far as that goes.
    private func collide(from first: String, here: String, there: String) async throws -> ConflictRecord {
        try await diverge(from: first, here: here, there: there)
        #expect(try await a.push(to: b, Self.merging).result?.conflicts.map(\.verdict) == [.mergedParked])
        try expectNoProblems()
        return try #require(try await b.store.conflicts().first)
    }

    private func applySource(_ conflict: ConflictRecord) async throws -> String {
        let run = try await b.applyParked([conflict.id])
        try expectNoProblems()
        return run
    }

    private func collideAboutOne() async throws -> ConflictRecord {
        try await collide(
            from: #"{"_id":"1","t":0,"n":0}"#, here: #"{"_id":"1","t":"A","n":0}"#,
            there: #"{"_id":"1","t":"B","n":9,"extra":"mine"}"#)
    }

    @Test func theSourcesVersionCountsForTheFieldsInConflictAlone() async throws {
        let conflict = try await collideAboutOne()
        #expect(conflict.fields == ["t"])
        let run = try await applySource(conflict)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"A","n":9,"extra":"mine"}"#)
        #expect(try await b.store.conflicts() == [])
        // What was edited here stays an edit that was kept on purpose.
        #expect(try await b.store.drift(limit: 10).items.map(\.state) == [.kept])
        #expect(try await a.push(to: b).isNoOp)
        try await a.put(.posts, #"{"_id":"1","t":"A2","n":0}"#)
        #expect(try await a.push(to: b, Self.merging).result?.conflicts.map(\.verdict) == [.merged])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"A2","n":9,"extra":"mine"}"#)
        try expectNoProblems()
        #expect(try await b.store.rollback(run, as: b.newID()).kept.map(\.id) == ["1"])
    }

    @Test func theDecisionCanBeTakenBack() async throws {
        let run = try await applySource(try await collideAboutOne())
        #expect(try await b.store.rollback(run, as: b.newID()).restored == 1)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"B","n":9,"extra":"mine"}"#)
        try expectNoProblems()
    }

    @Test func whatWasEditedSinceStaysAsWell() async throws {
        let conflict = try await collideAboutOne()
        try await b.put(.posts, #"{"_id":"1","t":"B2","n":10,"extra":"mine","more":1}"#)
        _ = try await applySource(conflict)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"A","n":10,"extra":"mine","more":1}"#)
        #expect(try await b.store.drift(limit: 10).items.map(\.state) == [.edited])
    }

    @Test func anItemDeletedSinceComesBackAsTheSourceHasIt() async throws {
        let conflict = try await collideAboutOne()
        try await b.remove(.posts, "1")
        _ = try await applySource(conflict)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"A","n":0}"#)
        #expect(try await b.store.drift(limit: 10).count == 0)
        #expect(try await a.push(to: b).isNoOp)
    }

    @Test func aFieldThatAloneDifferedLeavesNoEdit() async throws {
        let conflict = try await collide(
            from: #"{"_id":"1","t":0}"#, here: #"{"_id":"1","t":"A"}"#, there: #"{"_id":"1","t":"B"}"#)
        _ = try await applySource(conflict)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"A"}"#)
        #expect(try await b.store.drift(limit: 10).count == 0)
    }

    @Test func aFieldThatTheSourceDeletedGoes() async throws {
        let conflict = try await collide(
            from: #"{"_id":"1","t":0,"n":0}"#, here: #"{"_id":"1","n":0}"#, there: #"{"_id":"1","t":"B","n":9}"#)
        #expect(conflict.fields == ["t"])
        _ = try await applySource(conflict)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","n":9}"#)
    }

    @Test func elementsOfListsAreDecidedAboutByThemselves() async throws {
        let conflict = try await collide(
            from: #"{"_id":"1","blocks":[{"_id":"b1","x":0},{"_id":"b2","x":0,"y":0}]}"#,
            here: #"{"_id":"1","blocks":[{"_id":"b1","x":0},{"_id":"b2","x":"A","y":0}]}"#,
            there: #"{"_id":"1","blocks":[{"_id":"b1","x":"B"},{"_id":"b2","x":"B","y":"B"},{"_id":"b3"}]}"#)
        #expect(conflict.fields == ["blocks[b2].x"])
        _ = try await applySource(conflict)
        #expect(
            try await b.text(.posts, "1")
                == #"{"_id":"1","blocks":[{"_id":"b1","x":"B"},{"_id":"b2","x":"A","y":"B"},{"_id":"b3"}]}"#)
    }

    @Test func fieldsThatAnEarlierRunLeftOpenAreTakenToo() async throws {
        _ = try await collideAboutOne()
        // Merges again, without a collision: the base of that merge has the source's value already.
        try await a.put(.posts, #"{"_id":"1","t":"A","n":0,"s":1}"#)
        try await a.push(to: b, Self.merging)
        let conflict = try #require(try await b.store.conflicts().first)
        #expect(conflict.fields == ["t"])
        _ = try await applySource(conflict)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"A","n":9,"extra":"mine","s":1}"#)
    }
}
