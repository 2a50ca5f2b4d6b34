import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Versions that wait as a whole, and what their source sends after them: neither was made of the other at both sides.
@Suite struct WaitingVersionTests: PairSuite {
    let a: TestInstance
    let b: TestInstance
    private static let first = #"{"_id":"1","t":"first","n":1}"#

    init() throws { (a, b) = try TestInstance.pair() }

    /// The field `t` was changed at both sides, and the version of `a` waits at `b`.
    private func park() async throws {
        try await diverge(from: Self.first, here: #"{"_id":"1","t":"A","n":1}"#, there: #"{"_id":"1","t":"B","n":1}"#)
        #expect(try await a.push(to: b, .with(.park)).result?.conflicts.map(\.verdict) == [.parked])
    }

    private func openConflict() async throws -> (record: ConflictRecord, versions: ConflictVersions) {
        let open = try await b.store.conflicts()
        #expect(open.count == 1)
        return try await b.store.conflict(try #require(open.first).id)
    }

    @Test func whatWasChangedOnBothSidesWaitsOnWhenFieldsAreMerged() async throws {
        try await park()
        try await a.put(.posts, #"{"_id":"1","t":"A","n":9}"#)
        let run = try await a.push(to: b, .with(.mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.mergedParked])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"B","n":9}"#)
        let conflict = try await openConflict()
        #expect(conflict.record.fields == ["t"] && conflict.versions.base?.text == Self.first)
        #expect(conflict.versions.source?.text == #"{"_id":"1","t":"A","n":9}"#)
        try expectNoProblems()
        try await b.applyParked([conflict.record.id])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"A","n":9}"#)
        try expectNoProblems()
    }

    @Test func whatTheSourceTookBackDoesNotWaitAnyMore() async throws {
        try await park()
        try await a.put(.posts, #"{"_id":"1","t":"first","n":9}"#)
        let run = try await a.push(to: b, .with(.mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.merged])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"B","n":9}"#)
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
    }

    @Test func theNextOneThatWaitsIsShownBesideWhatBothHadInCommon() async throws {
        try await park()
        for number in 2...3 {
            try await a.put(.posts, #"{"_id":"1","t":"A\#(number)","n":1}"#)
            #expect(try await a.push(to: b, .with(.park)).result?.conflicts.map(\.verdict) == [.parked])
            let conflict = try await openConflict()
            #expect(conflict.versions.base?.text == Self.first)
            #expect(conflict.versions.source?.string("t") == "A\(number)")
            #expect(conflict.versions.target?.string("t") == "B")
            try expectNoProblems()
        }
    }

    @Test func editsHereWhileItWaitsAreMergedWithWhatComesNext() async throws {
        try await park()
        try await b.put(.posts, #"{"_id":"1","t":"B","n":1,"more":true}"#)
        try await a.put(.posts, #"{"_id":"1","t":"A","n":9}"#)
        let run = try await a.push(to: b, .with(.mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.mergedParked])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"B","n":9,"more":true}"#)
        #expect(try await openConflict().record.fields == ["t"])
        try expectNoProblems()
    }

    @Test func whereNothingIsInCommonAllOfTheNextOneWaits() async throws {
        try await b.put(.posts, #"{"_id":"1","t":"B"}"#)
        for text in [#"{"_id":"1","n":1}"#, #"{"_id":"1","n":2}"#] {
            try await a.put(.posts, text)
            #expect(try await a.push(to: b, .with(.mergeFields)).result?.conflicts.map(\.verdict) == [.parked])
            #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"B"}"#)
            let conflict = try await openConflict()
            #expect(conflict.versions.source?.text == text && conflict.versions.base == nil)
            #expect(conflict.record.fields == nil)
            try expectNoProblems()
        }
    }

    @Test func whatThisSideSentBeforeIsInCommonAlsoWhileSomethingWaits() async throws {
        try await b.put(.posts, Self.first)
        try await b.push(to: a)
        try await a.put(.posts, #"{"_id":"1","t":"A","n":1}"#)
        try await b.put(.posts, #"{"_id":"1","t":"B","n":1}"#)
        #expect(try await a.push(to: b, .with(.park)).result?.conflicts.map(\.verdict) == [.parked])
        try await a.put(.posts, #"{"_id":"1","t":"A","n":9}"#)
        #expect(try await a.push(to: b, .with(.mergeFields)).result?.conflicts.map(\.verdict) == [.mergedParked])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"B","n":9}"#)
        #expect(try await openConflict().record.fields == ["t"])
        try expectNoProblems()
    }
}
