import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Items that handlers held back from an instance: a mirror that comes from there leaves them alone.
@Suite struct HeldBackItemTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws {
        (a, b) = try TestInstance.pair()
        install()
    }

    private func install(version: Int = 1, drops: String = "drop") {
        a.hooks.install("holds", version: version) { _, item in
            switch item.body.string("hold") {
            case drops: .dropped(reason: "not for there")
            case "skip": .skipped(reason: "not now")
            default: .unchanged
            }
        }
    }

    private func putHeldBack() async throws {
        try await a.put(.posts, #"{"_id":"1","hold":"drop"}"#, #"{"_id":"2","hold":"skip"}"#)
    }

    @Test(arguments: [1, 3_000])
    func thePushThatHoldsThemBackSaysSoWhateverElseItSends(size: Int) async throws {
        try await a.put(.posts, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await putHeldBack()
        for sends in [false, true] {
            if sends {
                try await a.put(.posts, #"{"_id":"3","hold":"skip"}"#)
                try await a.put(.posts, "{\"_id\":\"new\",\"v\":\"\(a.random.bytes(size * 100).hex)\"}")
            }
            let run = try await a.push(to: b)
            let plan = try #require(run.plan, "\(run)")
            #expect(
                plan.kinds.reduce(0) { $0 + $1.skips } == 1 && run.result?.created ?? 0 == (sends ? 1 : 0), "\(run)")
            #expect(plan.kinds.reduce(0) { $0 + $1.drops } == (sends ? 0 : 1), "\(run)")
        }
        try expectNoProblems()
    }

    @Test func aMirrorThatComesBackLeavesThemAlone() async throws {
        try await putHeldBack()
        try await a.put(.posts, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        #expect(try b.ids(.posts) == ["keep"])
        for _ in 0..<2 {
            let run = try await a.pull(from: b, .mirror)
            #expect((run.plan?.deletes ?? 0) == 0 && (run.result?.deleted ?? 0) == 0)
            #expect(try a.ids(.posts) == ["1", "2", "keep"])
        }
        try expectNoProblems()
    }

    /// Of a run that looks at everything that it does not remember.
    private func heldBack() async throws -> Int {
        let run = try await a.push(to: b, TestRun(options: PlanOptions(includesReverted: true)))
        #expect(run.isNoOp, "\(run)")
        return run.plan?.kinds.reduce(0) { $0 + $1.skips + $1.drops } ?? 0
    }

    @Test(arguments: ["skip", "drop"])
    func oneThatIsMadeAnewIsLookedAtOnce(hold: String) async throws {
        try await a.put(.posts, #"{"_id":"1"}"#, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        try await a.push(to: b, .mirror)
        try await a.put(.posts, #"{"_id":"1","hold":"\#(hold)"}"#)
        #expect(try await [heldBack(), heldBack()] == [1, 0])
        try await a.put(.posts, #"{"_id":"1","hold":"\#(hold)","v":2}"#)
        #expect(try await [heldBack(), heldBack()] == [1, 0])
        install(version: 2)
        #expect(try await [heldBack(), heldBack()] == [1, 0])
        // Gone and made anew once more.
        try await a.remove(.posts, "1")
        try await a.put(.posts, #"{"_id":"1","hold":"\#(hold)","v":2}"#)
        #expect(try await [heldBack(), heldBack()] == [1, 0])
        try await a.put(.posts, #"{"_id":"1"}"#)
        #expect(try await a.push(to: b).result?.created == 1)
        #expect(try b.ids(.posts) == ["1", "keep"])
        try expectNoProblems()
    }

    @Test func whatWasNeverSentIsDeletedBesideThem() async throws {
        try await putHeldBack()
        try await a.put(.posts, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"own"}"#)
        let run = try await a.pull(from: b, .mirror)
        #expect(run.plan?.deletes == 1 && run.result?.deleted == 1)
        #expect(try a.ids(.posts) == ["1", "2", "keep"])
        try expectNoProblems()
    }

    @Test(arguments: [.source, .park] as [ConflictPolicy])
    func theyDoNotMakeARunWithoutChangesOpenATransfer(policy: ConflictPolicy) async throws {
        let mirror = TestRun(scope: Scope(mode: .mirror, policy: policy))
        try await b.put(.posts, #"{"_id":"there"}"#)
        try await a.pull(from: b)
        try await putHeldBack()
        try await a.push(to: b)
        try await a.pull(from: b, mirror)
        let run = try await a.pull(from: b, mirror)
        #expect(run.outcome == .inSync && run.calls == ["open"], "\(run.outcome) \(run.calls)")
        #expect(try a.ids(.posts) == ["1", "2", "there"])
        try expectNoProblems()
    }

    @Test func oneThatWasSentAndIsDroppedByNowStaysAtHome() async throws {
        try await a.put(.posts, #"{"_id":"1","hold":"later"}"#, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        install(version: 2, drops: "later")
        #expect(try await a.push(to: b, .mirror).result?.deleted == 1)
        #expect(try b.ids(.posts) == ["keep"])
        let run = try await a.pull(from: b, .mirror)
        #expect((run.result?.deleted ?? 0) == 0)
        #expect(try a.ids(.posts) == ["1", "keep"])
        try expectNoProblems()
    }

    @Test func oneThatWasHandedOverAfterAllGoesTheWayOfOthers() async throws {
        try await putHeldBack()
        try await a.put(.posts, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        a.hooks.clear()
        try await a.push(to: b, TestRun(confirmations: Confirmations(missingFilters: true)))
        #expect(try b.ids(.posts) == ["1", "2", "keep"])
        try await b.remove(.posts, "1")
        #expect(try await a.pull(from: b, .mirror).result?.deleted == 1)
        #expect(try a.ids(.posts) == ["2", "keep"])
        try expectNoProblems()
    }

    /// Sends an item, and edits it so that a handler skips it from then on.
    private func skipEdit() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"1","v":2,"hold":"skip"}"#)
        try await a.push(to: b)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
    }

    @Test(arguments: [1, 2])
    func anEditThatIsSkippedMeetsTheDeleteOfWhatWasSentBefore(looks: Int) async throws {
        try await skipEdit()
        if looks == 2 {
            install(version: 2)
            try await a.push(to: b)
        }
        try await b.remove(.posts, "1")
        let failing = TestRun(scope: Scope(mode: .mirror, policy: .fail))
        let failure = await #expect(throws: TestRunFailure.self) { try await a.pull(from: b, failing) }
        #expect(failure?.error.code == .conflicts)
        let run = try await a.pull(from: b, TestRun(scope: Scope(mode: .mirror, policy: .park)))
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":2,"hold":"skip"}"#)
        try expectNoProblems()
    }

    @Test func onceItIsSentItGoesTheWayOfOthers() async throws {
        try await skipEdit()
        a.hooks.clear()
        try await a.push(to: b, TestRun(confirmations: Confirmations(missingFilters: true)))
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":2,"hold":"skip"}"#)
        try await b.remove(.posts, "1")
        let run = try await a.pull(from: b, TestRun(scope: Scope(mode: .mirror, policy: .fail)))
        #expect(run.result?.deleted == 1 && run.result?.conflicts == [])
        try expectNoProblems()
    }

    /// The other side deletes the version that it had.
    @Test func oneThatWasSentAndIsSkippedByNowIsDeletedWithWhatWasSent() async throws {
        try await a.put(.posts, #"{"_id":"1","hold":"later"}"#, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        a.hooks.install("holds", version: 2) { _, item in
            item.body.string("hold") == "later" ? .skipped(reason: "not now") : .unchanged
        }
        try await a.push(to: b)
        try await b.remove(.posts, "1")
        let run = try await a.pull(from: b, TestRun(scope: Scope(mode: .mirror, policy: .fail)))
        #expect(run.result?.deleted == 1 && run.result?.conflicts == [])
        #expect(try a.ids(.posts) == ["keep"])
        try expectNoProblems()
    }
}
