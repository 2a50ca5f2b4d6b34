import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

@Suite struct ConflictDecisionTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    /// One item, sent, and then changed on both sides.
    private func changeOnBothSides() async throws {
        try await diverge(
            from: #"{"_id":"1","t":"first"}"#, here: #"{"_id":"1","t":"here"}"#, there: #"{"_id":"1","t":"there"}"#)
    }

    @Test(arguments: [nil, .source, .target] as [ConflictVerdict?])
    func aRepeatedCommitAnswersAsTheFirst(verdict: ConflictVerdict?) async throws {
        try await changeOnBothSides()
        b.hooks.decide { _ in verdict }
        let result = try await a.push(to: b, TestRun(repeatsCalls: true))
        #expect(result.result?.conflictCount == 1)
        #expect(
            try await b.text(.posts, "1")
                == (verdict == .target ? #"{"_id":"1","t":"there"}"# : #"{"_id":"1","t":"here"}"#))
        #expect(try await a.push(to: b).isNoOp)
        try expectNoProblems()
    }

    @Test func aMergedItemIsAskedAboutAgainWhenTheSourceChangesIt() async throws {
        try await changeOnBothSides()
        let merged = try JSONDocument(validating: #"{"_id":"1","t":"both"}"#)
        b.hooks.decide { _ in .item(merged) }
        try await a.push(to: b)
        #expect(try await b.text(.posts, "1") == merged.text)
        #expect(try await a.push(to: b).isNoOp)
        try await a.put(.posts, #"{"_id":"1","t":"later"}"#)
        let asked = Mutex<[String?]>([])
        b.hooks.decide { conflict in
            asked.withLock { $0.append(conflict.versions.target?.text) }
            return .target
        }
        try await a.push(to: b)
        #expect(asked.withLock { $0 } == [merged.text])
        #expect(try await b.text(.posts, "1") == merged.text)
        try expectNoProblems()
    }

    @Test func aRowThatMovesWhileItIsDecidedIsDecidedAnew() async throws {
        try await changeOnBothSides()
        let seen = Mutex<[String?]>([])
        b.hooks.decide { [b] conflict in
            let isFirst = seen.withLock { seen in
                seen.append(conflict.versions.target?.text)
                return seen.count == 1
            }
            if isFirst { try await b.put(.posts, #"{"_id":"1","t":"meanwhile"}"#) }
            return .target
        }
        try await a.push(to: b)
        #expect(seen.withLock { $0 } == [#"{"_id":"1","t":"there"}"#, #"{"_id":"1","t":"meanwhile"}"#])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"meanwhile"}"#)
        try expectNoProblems()
    }

    @Test func aMergeOfARowThatMovedIsMadeAnew() async throws {
        try await changeOnBothSides()
        let merged = try JSONDocument(validating: #"{"_id":"1","t":"both"}"#)
        let seen = Mutex<[String?]>([])
        b.hooks.decide { [b] conflict in
            let isFirst = seen.withLock { seen in
                seen.append(conflict.versions.target?.text)
                return seen.count == 1
            }
            #expect(conflict.versions.source?.text == #"{"_id":"1","t":"here"}"#)
            if isFirst { try await b.put(.posts, #"{"_id":"1","t":"meanwhile"}"#) }
            return .item(merged)
        }
        try await a.push(to: b)
        #expect(seen.withLock { $0 } == [#"{"_id":"1","t":"there"}"#, #"{"_id":"1","t":"meanwhile"}"#])
        #expect(try await b.text(.posts, "1") == merged.text)
        try expectNoProblems()
    }

    @Test func aRowEditedAfterTheQuestionsIsNotOverwrittenUnasked() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"one"}"#, #"{"_id":"2","t":"two"}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        try await a.put(.posts, #"{"_id":"1","t":"here"}"#, #"{"_id":"2","t":"here"}"#)
        let asked = Mutex<[String]>([])
        b.hooks.decide { [b] conflict in
            asked.withLock { $0.append(conflict.id) }
            if conflict.id == "1" { try await b.put(.posts, #"{"_id":"2","t":"edited late"}"#) }
            return .target
        }
        try await a.push(to: b)
        #expect(asked.withLock { $0 } == ["1", "2"])
        #expect(try await b.text(.posts, "2") == #"{"_id":"2","t":"edited late"}"#)
        try expectNoProblems()
    }

    @Test func aDeleteOfAnEditedRowCanBeRefused() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"one"}"#, #"{"_id":"2","t":"two"}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        try await a.remove(.posts, "1")
        b.hooks.decide { conflict in
            #expect(conflict.versions.source == nil)
            return .target
        }
        let run = try await a.push(to: b, TestRun(scope: Scope(mode: .mirror)))
        #expect(run.result?.conflicts.map(\.verdict) == [.keptTarget])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"there"}"#)
        // It was decided, so nobody has to do that once more.
        #expect(try await b.store.conflicts() == [])
        #expect(try await b.store.drift(limit: 10).items.map(\.id) == ["1"])
        try expectNoProblems()
    }

    @Test func aDeleteThatWaitsIsDecidedByAHandlerThatMeetsItLater() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"one"}"#, #"{"_id":"2","t":"two"}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        try await a.remove(.posts, "1")
        try await a.push(to: b, TestRun(scope: Scope(mode: .mirror, policy: .park)))
        #expect(try await b.store.conflicts().map(\.item) == ["1"])
        b.hooks.decide { _ in .target }
        let run = try await a.push(to: b, TestRun(scope: Scope(mode: .mirror)))
        #expect(run.result?.conflicts.map(\.verdict) == [.keptTarget], "\(run)")
        #expect(try await b.store.conflicts() == [])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"there"}"#)
        b.hooks.decide(nil)
        // It is an edit all the same for a policy that lets the source win.
        #expect(try await a.push(to: b, TestRun(scope: Scope(mode: .mirror))).result?.conflictCount == 1)
        #expect(try await b.text(.posts, "1") == nil)
        try expectNoProblems()
    }
}
