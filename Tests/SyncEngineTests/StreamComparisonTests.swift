import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What a source can tell of how its items are at a destination, and that a plan in between hides nothing of it.
@Suite struct StreamComparisonTests {
    private let a: TestInstance
    private let b: TestInstance
    private let other: TestInstance

    init() throws {
        let made = try TestInstance.make("a", "b", "other")
        (a, b, other) = (made[0], made[1], made[2])
    }

    private func put(_ id: String, _ value: Int) async throws {
        try await a.put(.posts, "{\"_id\":\"\(id)\",\"v\":\(value)}")
    }

    /// What a comparison leaves known at the source; the digests are equal by then.
    private func compare(with peer: TestInstance, isExact: Bool = false) async throws -> StreamFindings {
        let nonce = a.random.bytes(16).hex
        let held = try await StreamComparison(
            of: a.store, with: peer.responder, transfer: a.newID(), initiator: a.identity, scope: .everything,
            nonce: nonce, isExact: isExact
        ).perform()
        let standing = try #require(try await a.store.standing(of: [.posts], toward: peer.identity.id).first)
        #expect(held.state(of: .posts)?.root ?? Digest.empty.masked(by: nonce) == standing.root.masked(by: nonce))
        return try await known(of: peer)
    }

    private func known(of peer: TestInstance) async throws -> StreamFindings {
        try #require(try await a.store.findings(of: [.posts], toward: peer.identity.id).first)
    }

    private func differences(_ findings: StreamFindings) -> [String: StreamFindings.Difference.Sort] {
        Dictionary(uniqueKeysWithValues: findings.differences.map { ($0.id, $0.sort) })
    }

    /// The destination as it was before item 1 was changed and item 3 was made.
    private func restoredDestination() async throws -> TestInstance {
        try await put("1", 1)
        try await put("2", 1)
        try await a.push(to: b)
        let before = try await b.backup()
        try await put("1", 2)
        try await put("3", 1)
        #expect(try await a.push(to: b).result?.created == 1)
        return try before.restored()
    }

    @Test(arguments: [false, true])
    func whatWasLostIsToldAlsoAfterAPlan(isFiltered: Bool) async throws {
        if isFiltered {
            a.hooks.install("mark", kinds: [.posts]) { _, item in
                .changed(item.body.setting("mark", to: JSONDocument(bool: true)))
            }
        }
        let older = try await restoredDestination()
        #expect(try await known(of: older).isUnexplained == false, "nobody has asked yet")
        let plan = try await a.push(to: older, TestRun(isDryRun: true)).plan
        #expect(plan?.kinds.map(\.puts) == [2])
        for round in 1...3 {
            let findings = try await compare(with: older, isExact: round == 3)
            #expect(differences(findings) == ["1": .otherVersion, "3": .missing], "round \(round): \(findings)")
            #expect(findings.missing == 1 && findings.otherVersions == 1 && findings.takenOver == 0)
        }
        let run = try await a.push(to: older)
        #expect(run.result?.created == 1 && run.result?.updated == 1, "\(run)")
        #expect(try await compare(with: older) == StreamFindings())
        #expect(try await a.push(to: older).isNoOp)
        #expect(try a.problems() + older.problems() == [])
    }

    @Test func anEditOfWhatWentBackHidesNothing() async throws {
        let older = try await restoredDestination()
        try await older.put(.posts, #"{"_id":"1","v":"edited"}"#)
        for _ in 1...2 {
            let findings = try await compare(with: older, isExact: true)
            #expect(differences(findings) == ["1": .otherVersion, "3": .missing], "\(findings)")
        }
    }

    @Test func whatAnotherSourceHasTakenOverIsExplained() async throws {
        try await put("1", 1)
        try await put("2", 1)
        try await a.push(to: b)
        try await other.put(.posts, #"{"_id":"1","v":9}"#)
        try await other.push(to: b)
        for _ in 1...2 {
            let findings = try await compare(with: b)
            #expect(findings.takenOver == 1 && !findings.isUnexplained, "\(findings)")
        }
        #expect(try await a.push(to: b).isNoOp)
        #expect(try await compare(with: b).takenOver == 1, "also when a run has told of it")
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":9}"#)
    }

    @Test func whatBecameTheDestinationsOwnAndIsDeletedThereIsExplained() async throws {
        try await put("1", 1)
        try await b.pull(from: a)
        try await other.put(.posts, #"{"_id":"1","v":"other"}"#)
        try await other.push(to: b, .with(.target))
        try await b.put(.posts, #"{"_id":"1","v":"b"}"#)
        try await b.push(to: a)
        try await b.remove(.posts, "1")
        try await a.push(to: b)
        for _ in 1...2 {
            let findings = try await compare(with: b)
            #expect(!findings.isUnexplained, "\(findings)")
        }
    }

    @Test func whatHandlersKeepFromTheDestinationIsExplained() async throws {
        try await put("1", 1)
        try await put("2", 1)
        a.hooks.install("drop", kinds: [.posts]) { _, item in
            item.id == "1" ? .dropped(reason: "a draft") : .unchanged
        }
        try await a.push(to: b)
        let findings = try await compare(with: b)
        #expect(findings.heldBack == 1 && !findings.isUnexplained, "\(findings)")
    }

    @Test func whatWasKeptOrParkedThereIsCountedThere() async throws {
        for id in ["1", "2", "3"] { try await put(id, 1) }
        try await a.push(to: b)
        for (id, policy) in [("1", ConflictPolicy.park), ("2", .target)] {
            try await b.put(.posts, "{\"_id\":\"\(id)\",\"v\":\"there\"}")
            try await put(id, 2)
            try await a.push(to: b, .with(policy))
        }
        #expect(try await decided(in: .everything) == DecidedRows(parked: 1, kept: 1))
        #expect(try await decided(in: Scope(items: ["content/posts": ["2"]])) == DecidedRows(parked: 0, kept: 1))
        #expect(try await decided(in: Scope(items: ["content/posts": ["3"]])) == nil)
        #expect(try await compare(with: b) == StreamFindings())
    }

    @Test(arguments: [
        (ConflictPolicy.park, DecidedRows(parked: 1, kept: 0)), (.target, DecidedRows(parked: 0, kept: 1)),
    ])
    func aDeleteThatWasNotCarriedOutIsCountedThere(policy: ConflictPolicy, rows: DecidedRows) async throws {
        for id in ["1", "2"] { try await put(id, 1) }
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":"there"}"#)
        try await a.remove(.posts, "1")
        try await a.push(to: b, .with(policy, .mirror))
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":"there"}"#)
        #expect(try await decided(in: .everything) == rows)
    }

    private func decided(in scope: Scope) async throws -> DecidedRows? {
        try await b.store.held(of: a.identity.id, scope: scope, sourceKinds: [], nonce: "n").state(of: .posts)?.decided
    }

    @Test func whatIsGoneOnBothSidesIsNoDifference() async throws {
        let older = try await restoredDestination()
        #expect(try await compare(with: older).missing == 1)
        try await a.remove(.posts, "3")
        #expect(differences(try await compare(with: older)) == ["1": .otherVersion])
    }

    @Test func aSourceThatForgotWhatItSentSaysThatItDoesNotKnowIt() async throws {
        try await put("1", 1)
        try await a.push(to: b)
        let before = try await a.backup()
        try await put("1", 2)
        try await a.push(to: b)
        let source = try before.restored()
        let nonce = "n"
        _ = try await StreamComparison(
            of: source.store, with: b.responder, transfer: source.newID(), initiator: source.identity,
            scope: .everything, nonce: nonce, isExact: false
        ).perform()
        let findings = try await source.store.findings(of: [.posts], toward: b.identity.id)
        #expect(findings.map(\.otherVersions) == [1])
    }

    @Test func nothingStaysBehindAndNobodyIsInTheWay() async throws {
        let older = try await restoredDestination()
        a.hooks.install("never", kinds: [.posts]) { _, _ in
            throw TidelockError(.hookFailed, "A comparison calls no handler.")
        }
        _ = try await compare(with: older)
        for instance in [a, older] {
            let store = try StoreInspector(instance.store)
            let plans = try store.count("SELECT count(*) FROM plan WHERE phase = 'looking'")
            let open = try store.count("SELECT count(*) FROM transfer WHERE phase IN ('open', 'plan_only')")
            #expect(plans == 0 && open == 0, "\(instance.name)")
        }
        #expect(try await older.store.activity().isSyncing == false)
        #expect(try await older.text(.posts, "3") == nil)
        #expect(try a.problems() + older.problems() == [])
    }
}
