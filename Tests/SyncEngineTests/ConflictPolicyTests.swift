import ContentModel
import ContentStore
import Foundation
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What becomes of edits at the destination, policy by policy.
@Suite struct ConflictPolicyTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private static let first = #"{"_id":"1","t":"first","u":1,"seo":{"d":"x","k":"y"}}"#

    /// The item at the source, sent, and then changed at both sides.
    private func change(here: String, there: String) async throws {
        try await diverge(from: Self.first, here: here, there: there)
    }

    private func collide() async throws {
        try await change(
            here: Self.first.replacing("first", with: "here"), there: Self.first.replacing("first", with: "there"))
    }

    // MARK: target

    @Test func targetKeepsTheEditAndListsItAsDrift() async throws {
        try await collide()
        let run = try await a.push(to: b, .with(.target))
        #expect(run.result?.conflicts.map(\.verdict) == [.keptTarget] && run.result?.kept == 1)
        #expect(try await b.text(.posts, "1")?.contains("there") == true)
        #expect(try await a.push(to: b, .with(.target)).isNoOp)
        let drift = try await b.store.drift(limit: 10)
        #expect(drift.count == 1 && drift.items.map(\.state) == [.kept] && drift.items.map(\.id) == ["1"])
        #expect(try await b.store.conflicts() == [])
        try await a.put(.posts, Self.first.replacing("first", with: "later"))
        #expect(try await a.push(to: b, .with(.target)).result?.kept == 1)
        try expectNoProblems()
    }

    // MARK: merge-fields

    @Test func mergeFieldsTakesWhatEachSideChanged() async throws {
        try await change(
            here: #"{"_id":"1","t":"here","u":1,"seo":{"d":"x","k":"kk"}}"#,
            there: #"{"_id":"1","t":"first","u":2.50,"seo":{"d":"dd","k":"y"}}"#)
        let run = try await a.push(to: b, .with(.mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.merged] && run.result?.updated == 1)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"here","u":2.50,"seo":{"d":"dd","k":"kk"}}"#)
        #expect(try await a.push(to: b, .with(.mergeFields)).isNoOp)
        #expect(try await b.store.conflicts() == [])
        // What was merged is the base of the next merge.
        try await a.put(.posts, #"{"_id":"1","t":"later","u":1,"seo":{"d":"x","k":"kk"}}"#)
        #expect(try await a.push(to: b, .with(.mergeFields)).result?.conflicts.map(\.verdict) == [.merged])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"later","u":2.50,"seo":{"d":"dd","k":"kk"}}"#)
        try expectNoProblems()
    }

    @Test func mergeFieldsParksOnlyTheFieldsChangedOnBothSides() async throws {
        try await change(
            here: #"{"_id":"1","t":"here","u":5,"seo":{"d":"x","k":"y"}}"#,
            there: #"{"_id":"1","t":"there","u":1,"seo":{"d":"x","k":"y"}}"#)
        let run = try await a.push(to: b, .with(.mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.mergedParked])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"there","u":5,"seo":{"d":"x","k":"y"}}"#)
        let open = try await b.store.conflicts()
        #expect(open.map(\.fields) == [["t"]] && open.map(\.hasMoved) == [false] && open.map(\.source) == ["a"])
        let versions = try await b.store.conflict(try #require(open.first).id).versions
        #expect(versions.base?.text == Self.first && versions.source?.string("t") == "here")
        #expect(versions.target?.string("t") == "there")
        // A merge without collisions leaves open what was open.
        try await a.put(.posts, #"{"_id":"1","t":"here","u":6,"seo":{"d":"x","k":"y"}}"#)
        try await a.push(to: b, .with(.mergeFields))
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"there","u":6,"seo":{"d":"x","k":"y"}}"#)
        #expect(try await b.store.conflicts().map(\.fields) == [["t"]])
        try expectNoProblems()
    }

    @Test func mergeFieldsParksItemsThatWereNeverTheSame() async throws {
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        try await a.put(.posts, #"{"_id":"1","u":1}"#)
        let run = try await a.push(to: b, .with(.mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"there"}"#)
        #expect(try await b.store.conflicts().map(\.fields) == [nil])
        try expectNoProblems()
    }

    @Test func mergeFieldsKnowsWhatThisSideSentBefore() async throws {
        try await b.put(.posts, Self.first)
        try await b.push(to: a)
        try await a.put(.posts, Self.first.replacing("first", with: "here"))
        try await b.put(.posts, Self.first.replacing(#""u":1"#, with: #""u":2"#))
        let run = try await a.push(to: b, .with(.mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.merged])
        #expect(
            try await b.text(.posts, "1")
                == Self.first.replacing("first", with: "here").replacing(#""u":1"#, with: #""u":2"#))
        try expectNoProblems()
    }

    @Test func aMergeThatIsTakenBackCanBeMadeAgain() async throws {
        try await change(
            here: Self.first.replacing("first", with: "here"), there: Self.first.replacing(#""u":1"#, with: #""u":2"#))
        let merged = Self.first.replacing("first", with: "here").replacing(#""u":1"#, with: #""u":2"#)
        let run = try await a.push(to: b, .with(.mergeFields))
        #expect(try await b.text(.posts, "1") == merged)
        let id = b.newID()
        _ = try await b.store.rollback(run.transfer, as: id)
        #expect(try await b.text(.posts, "1") == Self.first.replacing(#""u":1"#, with: #""u":2"#))
        try expectNoProblems()
        _ = try await b.store.rollback(id, as: b.newID())
        #expect(try await b.text(.posts, "1") == merged)
        try expectNoProblems()
    }

    @Test func manyConflictsAreMergedPageByPage() async throws {
        let ids = (0..<450).map { "\(1_000 + $0)" }
        func write(_ instance: TestInstance, _ t: Int, _ u: Int) async throws {
            try await instance.change(
                ids.map { id in
                    let body = try JSONDocument(validating: "{\"_id\":\"\(id)\",\"t\":\(t),\"u\":\(u)}")
                    return .put(kind: .posts, body: body, hash: body.hash)
                })
        }
        try await write(a, 1, 1)
        try await a.push(to: b)
        try await write(b, 1, 2)
        try await write(a, 2, 1)
        let run = try await a.push(to: b, .with(.mergeFields))
        #expect(run.result?.conflictCount == 450 && run.result?.updated == 450)
        for id in [ids[0], ids[199], ids[200], ids[449]] {
            #expect(try await b.text(.posts, id) == "{\"_id\":\"\(id)\",\"t\":2,\"u\":2}")
        }
        try expectNoProblems()
    }

    // MARK: fail

    @Test func failStopsBeforeAnythingIsApplied() async throws {
        try await collide()
        try await a.put(.posts, #"{"_id":"2","t":"new"}"#)
        let failure = await #expect(throws: TestRunFailure.self) { try await a.push(to: b, .with(.fail)) }
        let error = try #require(failure?.error)
        #expect(error.code == .conflicts && error.message.contains("content/posts/1"))
        #expect(error.details[RunMachine.mayHaveCommitted] == nil && error.details[ConflictDetails.count] == "1")
        let list = try JSONDecoder().decode(
            [Conflict].self, from: Data(try #require(error.details[ConflictDetails.list]).utf8))
        #expect(list == [Conflict(kind: "content/posts", id: "1", verdict: .stopped)])
        #expect(try await b.text(.posts, "2") == nil)
        #expect(try await b.text(.posts, "1")?.contains("there") == true)
        #expect(try await b.store.leaseHolder() == nil)
        try expectNoProblems()
        #expect(try await a.push(to: b).result?.created == 1)
        try expectNoProblems()
    }

    @Test func failLetsARunWithoutConflictsThrough() async throws {
        try await a.put(.posts, Self.first)
        #expect(try await a.push(to: b, .with(.fail)).result?.created == 1)
        try await a.put(.posts, Self.first.replacing("first", with: "here"))
        #expect(try await a.push(to: b, .with(.fail)).result?.updated == 1)
    }

    @Test func handlersAreAskedBeforeThePolicy() async throws {
        try await collide()
        b.hooks.decide { _ in .source }
        #expect(try await a.push(to: b, .with(.fail)).result?.conflicts.map(\.verdict) == [.replaced])
        #expect(try await b.text(.posts, "1")?.contains("here") == true)
        try expectNoProblems()
    }

    @Test func handlersAreGivenWhatBothVersionsWereMadeOf() async throws {
        try await collide()
        b.hooks.decide { conflict in
            guard let base = conflict.versions.base, let source = conflict.versions.source else { return nil }
            return .item(source.setting("was", to: base.member("t") ?? .null))
        }
        _ = try await a.push(to: b)
        let decided = Self.first.replacing("first", with: "here").replacing(#"y"}}"#, with: #"y"},"was":"first"}"#)
        #expect(try await b.text(.posts, "1") == decided)
        try expectNoProblems()
    }

    @Test func handlersAreGivenWhatThisSideOnceSentWhereBothWereMadeOfThat() async throws {
        try await b.put(.posts, Self.first)
        try await b.push(to: a)
        try await a.put(.posts, Self.first.replacing("first", with: "here"))
        try await b.put(.posts, Self.first.replacing("first", with: "there"))
        b.hooks.decide { $0.versions.base?.text == Self.first ? .target : .source }
        _ = try await a.push(to: b)
        #expect(try await b.text(.posts, "1")?.contains("there") == true)
        try expectNoProblems()
    }

    @Test func handlersAreGivenNothingForVersionsThatNeverWereTheSame() async throws {
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        try await a.put(.posts, #"{"_id":"1","u":1}"#)
        b.hooks.decide { $0.versions.base == nil ? .target : .source }
        _ = try await a.push(to: b)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"there"}"#)
        try expectNoProblems()
    }

    // MARK: park

    private func park() async throws -> ConflictRecord {
        try await collide()
        let run = try await a.push(to: b, .with(.park))
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await b.text(.posts, "1")?.contains("there") == true)
        #expect(try await a.push(to: b, .with(.park)).isNoOp)
        try expectNoProblems()
        return try #require(try await b.store.conflicts().first)
    }

    private func resolutions() async throws -> [String] {
        try await b.store.audit(AuditQuery(action: .resolve, limit: 10)).map { "\($0.target ?? "-") \($0.note ?? "-")" }
    }

    @Test func aParkedVersionCanBeAppliedAndTakenBack() async throws {
        let conflict = try await park()
        let run = try await b.applyParked([conflict.id])
        #expect(try await b.text(.posts, "1")?.contains("here") == true)
        #expect(try await resolutions() == ["content/posts/1 source's version"])
        #expect(try await b.store.conflicts() == [])
        #expect(try await b.store.drift(limit: 10).count == 0)
        #expect(try await a.push(to: b).isNoOp)
        try expectNoProblems()
        #expect(try await b.store.rollback(run, as: b.newID()).restored == 1)
        #expect(try await b.text(.posts, "1")?.contains("there") == true)
        #expect(try await b.store.drift(limit: 10).count == 1)
        try expectNoProblems()
    }

    @Test func aParkedVersionCanBeDropped() async throws {
        let conflict = try await park()
        try await b.store.dropConflicts([conflict.id])
        #expect(try await b.text(.posts, "1")?.contains("there") == true)
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
        await #expect(throws: TidelockError.self) { try await b.store.dropConflicts([conflict.id]) }
        #expect(try await resolutions() == ["content/posts/1 target's version"])
        await #expect(throws: TidelockError.self) { try await b.store.conflict(conflict.id) }
    }

    @Test func anItemThatMovedSinceItWasParkedSaysSoAndCanBeResolved() async throws {
        let conflict = try await park()
        try await b.put(.posts, Self.first.replacing("first", with: "moved"))
        #expect(try await b.store.conflict(conflict.id).record.hasMoved)
        try await b.applyParked([conflict.id])
        #expect(try await b.text(.posts, "1")?.contains("here") == true)
        try expectNoProblems()
    }

    @Test func aNewerVersionTakesThePlaceOfAParkedOne() async throws {
        let conflict = try await park()
        try await a.put(.posts, Self.first.replacing("first", with: "newer"))
        try await a.push(to: b, .with(.park))
        let open = try await b.store.conflicts()
        #expect(open.count == 1 && open[0].id > conflict.id)
        #expect(try await b.store.conflict(open[0].id).versions.source?.string("t") == "newer")
        try await a.put(.posts, Self.first.replacing("first", with: "newest"))
        try await a.push(to: b)
        #expect(try await b.store.conflicts() == [])
        #expect(try await b.text(.posts, "1")?.contains("newest") == true)
        try expectNoProblems()
    }

    @Test func aRollbackOfTheRunClosesWhatItParked() async throws {
        try await collide()
        let run = try await a.push(to: b, .with(.park))
        _ = try await b.store.rollback(run.transfer, as: b.newID())
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
    }

    @Test func moreConflictsThanCanWaitFailTheRun() async throws {
        try await collide()
        try StoreVandal(b.store).execute(
            """
            WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < \(Limits.parkedConflicts))
            INSERT INTO conflict (transfer, pid, kid, bucket, id, seen, created)
            SELECT 'x', 1, 1, 0, 'other ' || n, x'', 0 FROM number
            """)
        let failure = await #expect(throws: TestRunFailure.self) { try await a.push(to: b, .with(.park)) }
        #expect(failure?.error.code == .conflicts)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM conflict") == Limits.parkedConflicts)
        #expect(try await b.text(.posts, "1")?.contains("there") == true)
        try expectNoProblems()
    }

    // MARK: Deletes

    @Test(arguments: [.park, .mergeFields] as [ConflictPolicy])
    func anEditSurvivesADeleteAlsoInLaterMirrors(policy: ConflictPolicy) async throws {
        try await a.put(.posts, Self.first, #"{"_id":"2"}"#)
        try await a.push(to: b)
        try await b.put(.posts, Self.first.replacing("first", with: "there"))
        try await a.remove(.posts, "1")
        let first = try await a.push(to: b, .with(policy, .mirror))
        #expect(first.result?.conflicts.map(\.verdict) == [.parked])
        #expect(first.result?.deleted == 0 && first.result?.isVerified == true)
        let open = try await b.store.conflicts()
        #expect(open.map(\.isDelete) == [true] && open.map(\.item) == ["1"])
        for _ in 0..<2 {
            #expect(try await a.push(to: b, .with(policy, .mirror)).outcome == .inSync)
            #expect(try await b.text(.posts, "1")?.contains("there") == true)
            #expect(try await b.store.conflicts() == open)
            let drift = try await b.store.drift(kind: .posts, source: a.identity.id, limit: 10)
            #expect(drift.count == 1 && drift.items.map(\.id) == ["1"] && drift.items.map(\.state) == [.kept])
            try expectNoProblems()
        }
        let run = try await b.applyParked([try #require(open.first).id])
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try await a.push(to: b, .with(policy, .mirror)).isNoOp)
        try expectNoProblems()
        #expect(try await b.store.rollback(run, as: b.newID()).restored == 1)
        #expect(try await b.text(.posts, "1")?.contains("there") == true)
        try expectNoProblems()
    }

    @Test func anEditThatThePolicyKeepsFromADeleteWaitsForNobody() async throws {
        try await a.put(.posts, Self.first, #"{"_id":"2"}"#)
        try await a.push(to: b)
        try await b.put(.posts, Self.first.replacing("first", with: "there"))
        try await a.remove(.posts, "1")
        let first = try await a.push(to: b, .with(.target, .mirror))
        #expect(first.result?.conflicts.map(\.verdict) == [.keptTarget] && first.result?.deleted == 0, "\(first)")
        for _ in 0..<2 {
            #expect(try await b.store.conflicts() == [])
            let drift = try await b.store.drift(kind: .posts, source: a.identity.id, limit: 10)
            #expect(drift.items.map(\.id) == ["1"] && drift.items.map(\.state) == [.kept])
            for policy in [.target, .park] as [ConflictPolicy] {
                #expect(try await a.push(to: b, .with(policy, .mirror)).outcome == .inSync)
            }
            try expectNoProblems()
        }
        let last = try await a.push(to: b, .with(.source, .mirror))
        #expect(last.result?.deleted == 1 && last.result?.conflicts.map(\.verdict) == [.replaced], "\(last)")
        #expect(try await b.store.drift(limit: 10).count == 0)
        try expectNoProblems()
    }

    @Test func anItemDeletedAtTheDestinationIsDecidedByThePolicyToo() async throws {
        try await a.put(.posts, Self.first)
        try await a.push(to: b)
        try await b.remove(.posts, "1")
        try await a.put(.posts, Self.first.replacing("first", with: "here"))
        #expect(try await a.push(to: b, .with(.park)).result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await b.text(.posts, "1") == nil)
        try expectNoProblems()
        try await b.applyParked([try #require(try await b.store.conflicts().first).id])
        #expect(try await b.text(.posts, "1")?.contains("here") == true)
        #expect(try await a.push(to: b).isNoOp)
        try expectNoProblems()
    }

    // MARK: Space

    @Test func whatNoRowAndNoUndoNeedsIsFreed() async throws {
        try await change(
            here: Self.first.replacing("first", with: "here"), there: Self.first.replacing(#""u":1"#, with: #""u":2"#))
        try await a.push(to: b, .with(.mergeFields))
        try await a.push(to: b)
        for number in 0..<14 {
            a.clock.advance(by: .seconds(1))
            try await b.deliverEvents()
            try await a.put(.posts, "{\"_id\":\"1\",\"t\":\(number)}")
            try await a.push(to: b)
        }
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM base_body") == 0)
        try expectNoProblems()
    }
}

@Suite struct PolicyWordTests {
    @Test func aScopeWithoutAPolicyMeansTheSource() throws {
        let text = #"{"mode":"merge","allowsMirrorWithFilter":false}"#
        #expect(try JSONDecoder().decode(Scope.self, from: Data(text.utf8)) == .everything)
    }

    @Test(arguments: ConflictPolicy.allCases)
    func aPolicySurvivesTheWireAndAJob(policy: ConflictPolicy) throws {
        let scope = Scope(policy: policy)
        #expect(try JSONDecoder().decode(Scope.self, from: JSONEncoder().encode(scope)) == scope)
        #expect(try Job.runs(Job.list(scope)).map(\.scope) == [scope])
    }

    @Test func aJobWithAnUnknownPolicyIsRefused() throws {
        let document = try JSONDocument(validating: #"{"name":"content","syncSettings":{"policy":"newest"}}"#)
        #expect(throws: TidelockError.self) { try Job(document).scope() }
    }
}
