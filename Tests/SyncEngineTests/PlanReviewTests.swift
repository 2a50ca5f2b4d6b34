import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

/// Plans that are looked at row by row and field by field, before they are given up.
@Suite struct PlanReviewTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    /// What was seen of a plan.
    private struct Seen: Sendable {
        var rows: [PlannedRow] = []
        var excluded: [ExcludedItem] = []
        var comparisons: [ItemKey: ItemComparison] = [:]

        /// Fields of an item of `posts`, each as `path old new`; nil where they are not told.
        func fields(_ id: String) -> [String]? {
            guard case .fields(let difference, _)? = comparisons[ItemKey(.posts, id)] else { return nil }
            return difference.fields.map { "\($0.path) \($0.old?.text ?? "-") \($0.new?.text ?? "-")" }
        }

        func isPartial(_ id: String) -> Bool? {
            guard case .fields(_, let isPartial)? = comparisons[ItemKey(.posts, id)] else { return nil }
            return isPartial
        }
    }

    private func look(_ direction: Direction, scope: Scope = .everything, upTo limit: Int = 10_000) async throws -> Seen
    {
        let seen = Mutex(Seen())
        var run = TestRun(scope: scope, isDryRun: true)
        run.review = { review in
            let (rows, excluded) = try await review.rows(upTo: limit)
            var comparisons: [ItemKey: ItemComparison] = [:]
            try await review.compare(rows, limit: 100) { comparisons[$0] = $1 }
            seen.withLock { [comparisons] in
                $0 = Seen(rows: rows, excluded: excluded, comparisons: comparisons)
            }
        }
        switch direction {
        case .push: try await a.push(to: b, run)
        case .pull: try await a.pull(from: b, run)
        }
        return seen.withLock { $0 }
    }

    private func strip(_ field: String, at instance: TestInstance) {
        instance.hooks.install("strips \(field)") { _, item in
            item.body.member(field) == nil ? .unchanged : .changed(item.body.removing(field))
        }
    }

    // MARK: Pushes

    @Test func anUpdateShowsTheFieldsOfWhatIsSentAndOfNothingElse() async throws {
        strip("_s", at: a)
        try await a.put(.posts, #"{"_id":"1","v":1,"_s":"x"}"#, #"{"_id":"2","v":1,"_s":"x"}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"1","v":2,"_s":"y","w":3}"#, #"{"_id":"2","v":1,"_s":"y"}"#)
        let seen = try await look(.push)
        #expect(seen.rows.map(\.id) == ["1"] && seen.rows.first?.destination.holder == .source)
        #expect(seen.fields("1") == ["v 1 2", "w - 3"])
        #expect(seen.isPartial("1") == false)
    }

    @Test func theHandlersOfTheDestinationComeFirst() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":"there","secret":"x"}"#, #"{"_id":"2","v":"there"}"#)
        try await a.put(.posts, #"{"_id":"1","v":2}"#, #"{"_id":"2","v":2}"#)
        b.hooks.install("keeps") { _, item in
            item.id == "2" ? .dropped(reason: "ours") : .changed(item.body.removing("secret"))
        }
        let seen = try await look(.push)
        #expect(seen.rows.map(\.destination.holder) == [.edited, .edited])
        #expect(seen.fields("1") == [#"v "there" 2"#] && seen.isPartial("1") == true)
        #expect(seen.comparisons[ItemKey(.posts, "2")] == .withheld)
    }

    @Test func whatTheDestinationHasOfItsOwnIsComparedAndWhatItLacksIsNot() async throws {
        try await b.put(.posts, #"{"_id":"1","v":"there"}"#)
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        let seen = try await look(.push)
        #expect(seen.fields("1") == [#"v "there" 1"#])
        #expect(seen.comparisons[ItemKey(.posts, "2")] == .absent)
    }

    @Test func nothingIsWrittenOrKeptAtTheDestination() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        let before = try StoreInspector(b.store).heads()
        let sequence = try await b.store.sequence()
        _ = try await look(.push)
        #expect(try StoreInspector(b.store).heads() == before)
        #expect(try await b.store.sequence() == sequence)
        #expect(try await b.store.leaseHolder() == nil)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM transfer WHERE phase = 'plan_only'") == 0)
        #expect(a.hooks.pinned == 0 && b.hooks.pinned == 0)
        #expect(try await a.push(to: b).result?.updated == 1)
    }

    @Test func itemsComeInPagesOfBoundedSize() async throws {
        let text = String(repeating: "x", count: Limits.outputBytes / 7)
        for version in 1...2 {
            for id in 0..<20 { try await a.put(.posts, #"{"_id":"\#(id)","v":\#(version),"t":"\#(text)"}"#) }
            if version == 1 { try await a.push(to: b) }
        }
        let seen = try await look(.push)
        #expect(seen.comparisons.count == 20)
        for id in 0..<20 { #expect(seen.fields("\(id)") == ["v 1 2"], "\(id)") }
    }

    @Test func manyRowsComeInPages() async throws {
        let count = Limits.plannedRows + Limits.outputItems + 7
        for version in 1...2 {
            let changes = try (0..<count).map { id -> LocalChange in
                let body = try JSONDocument(validating: #"{"_id":"\#(id)","v":\#(version)}"#)
                return .put(kind: .posts, body: body, hash: body.hash)
            }
            try await a.change(changes)
            if version == 1 { try await a.push(to: b) }
        }
        let seen = try await look(.push)
        #expect(Set(seen.rows.map(\.id)).count == count && seen.rows.count == count)
        #expect(seen.comparisons.count == count)
        #expect(try await look(.push, upTo: 5).comparisons.count == 5)
    }

    @Test func anItemThatIsTooLargeIsNotCompared() async throws {
        let text = String(repeating: "x", count: Limits.outputBytes)
        try await b.put(.posts, #"{"_id":"1","t":"\#(text)"}"#, #"{"_id":"2","v":0}"#)
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        let seen = try await look(.push)
        #expect(seen.comparisons[ItemKey(.posts, "1")] == .tooLarge)
        #expect(seen.fields("2") == ["v 0 1"])
    }

    @Test func handlersThatMakeMoreOfItemsDoNotMakeMoreOfAPage() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#, #"{"_id":"2"}"#, #"{"_id":"3"}"#)
        let text = JSONDocument(string: String(repeating: "x", count: Limits.outputBytes / 2))
        b.hooks.install("grows") { _, item in .changed(item.body.setting("t", to: text)) }
        let open = try await openLook()
        let page = try await b.responder.outputs(
            transfer: open.id, ReadOutputs(kind: Kind.posts.name, ids: ["1", "2", "3"]))
        #expect(page.items.map(\.id) == ["1"])
    }

    @Test func aDestinationWhoseHandlerIsGoneShowsNothing() async throws {
        strip("secret", at: b)
        try await b.put(.posts, #"{"_id":"1","v":1,"secret":"x"}"#)
        try await a.pull(from: b)
        b.hooks.clear()
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        await #expect {
            try await look(.push)
        } throws: { ($0 as? TestRunFailure)?.error.code == .filterMissing }
    }

    // MARK: Who may look at what

    /// A plan-only push from `a` that was opened at `b` to look at its items.
    private func openLook(scope: Scope = .everything, comparing: Bool = true) async throws -> OpenTransfer {
        var open = OpenTransfer(
            id: a.newID(), direction: .push, initiator: a.identity, scope: scope, nonce: "n",
            offer: SourceOffer(kinds: [Kind.posts.name], root: "", isQuiet: false, reverted: 0), isPlanOnly: true)
        open.comparesItems = comparing
        _ = try await b.responder.open(open)
        return open
    }

    private func expectRefusal(_ code: ErrorCode, _ open: OpenTransfer, _ kind: Kind, _ ids: String...) async {
        await #expect {
            try await b.responder.outputs(transfer: open.id, ReadOutputs(kind: kind.name, ids: ids))
        } throws: { ($0 as? TidelockError)?.code == code }
    }

    @Test func itemsOutsideOfTheScopeAreNotShown() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#, #"{"_id":"2"}"#)
        try await b.put(.pageItems, #"{"_id":"1"}"#)
        let model = try await openLook(scope: Scope(models: ["posts"]))
        await expectRefusal(.permissionDenied, model, .pageItems, "1")
        let item = try await openLook(scope: Scope(items: [Kind.posts.name: ["1"]]))
        await expectRefusal(.permissionDenied, item, .posts, "1", "2")
        let page = try await b.responder.outputs(
            transfer: item.id, ReadOutputs(kind: Kind.posts.name, ids: ["1"]))
        #expect(page.items.map(\.form) == [.whole])
    }

    @Test func onlyAPlanThatWasOpenedToLookAtItemsShowsThem() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#)
        let plain = try await openLook(comparing: false)
        await expectRefusal(.permissionDenied, plain, .posts, "1")
        let open = try await openLook()
        await expectRefusal(.tooLarge, open, .posts)
        try await b.responder.abandon(transfer: open.id)
        await expectRefusal(.permissionDenied, open, .posts, "1")
        #expect(b.hooks.pinned == 0)
    }

    @Test func lookersThatNeverComeBackDoNotAddUp() async throws {
        var opens: [OpenTransfer] = []
        for _ in 1...(3 * Limits.plansOnly) { opens.append(try await openLook()) }
        #expect(b.hooks.pinned == Limits.plansOnly)
        _ = try await b.responder.open(opens[opens.count - 1])
        #expect(b.hooks.pinned == Limits.plansOnly)
    }

    @Test func aLookerThatNeverComesBackIsForgotten() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#)
        let gone = try await openLook()
        b.clock.advance(by: .seconds(Limits.lookSeconds - 1))
        let busy = try await openLook()
        b.clock.advance(by: .seconds(2))
        try await b.responder.forgetUntouched()
        #expect(b.hooks.pinned == 1)
        await expectRefusal(.permissionDenied, gone, .posts, "1")
        _ = try await b.responder.outputs(transfer: busy.id, ReadOutputs(kind: Kind.posts.name, ids: ["1"]))
        b.clock.advance(by: .seconds(Limits.lookSeconds - 1))
        try await b.responder.forgetUntouched()
        #expect(b.hooks.pinned == 1, "whoever asks is remembered")
        b.clock.advance(by: .seconds(2))
        _ = try await openLook(comparing: false)
        #expect(b.hooks.pinned == 0, "the next open forgets as well")
    }

    // MARK: Pulls

    @Test func aPullThatIsNeitherDoneNorGivenUpIsForgotten() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#)
        let open = OpenTransfer(
            id: a.newID(), direction: .pull, initiator: a.identity, scope: .everything, nonce: "n")
        _ = try await b.responder.open(open)
        #expect(b.hooks.pinned == 1)
        b.clock.advance(by: .seconds(Limits.transferSeconds + 1))
        try await b.responder.forgetUntouched()
        #expect(b.hooks.pinned == 0)
        let request = MakePlan(
            held: try await a.store.held(of: b.identity.id, scope: .everything, sourceKinds: [], nonce: "n"))
        await #expect {
            try await b.responder.plan(transfer: open.id, request)
        } throws: { ($0 as? TidelockError)?.code == .unknownTransfer }
    }

    @Test func aPullNamesItsRowsAndWhatHandlersOfTheSourceLeaveOut() async throws {
        strip("_s", at: b)
        try await b.put(.posts, #"{"_id":"1","v":1,"_s":"x"}"#)
        try await a.pull(from: b)
        b.hooks.install("drops", version: 2) { _, item in
            item.id == "3" ? .dropped(reason: "not for everybody") : .changed(item.body.removing("_s"))
        }
        try await b.put(
            .posts, #"{"_id":"1","v":2,"_s":"y"}"#, #"{"_id":"2","v":1,"_s":"y"}"#, #"{"_id":"3","_s":"z"}"#)
        var run = TestRun(confirmations: Confirmations(missingFilters: true), isDryRun: true)
        let seen = Mutex(Seen())
        run.review = { review in
            let (rows, excluded) = try await review.rows(upTo: 100)
            seen.withLock { $0 = Seen(rows: rows, excluded: excluded) }
        }
        try await a.pull(from: b, run)
        let found = seen.withLock { $0 }
        #expect(Set(found.rows.map(\.id)) == ["1", "2"])
        #expect(found.rows.first { $0.id == "1" }?.destination.holder == .source)
        #expect(found.rows.first { $0.id == "2" }?.destination.holder == .nobody)
        #expect(found.excluded.map(\.id) == ["3"] && found.excluded.first?.reason == "not for everybody")
        // Whoever knows the rest of an item could try what was stripped from it against the hash of the whole.
        #expect(found.rows.allSatisfy { $0.source == nil && $0.output != nil })
        #expect(b.hooks.pinned == 0)
    }

    @Test func aPullShowsTheFieldsThatItChangesHere() async throws {
        strip("_s", at: b)
        try await b.put(.posts, #"{"_id":"1","v":1,"_s":"x"}"#)
        try await a.pull(from: b)
        try await a.put(.posts, #"{"_id":"1","v":1,"mine":true}"#)
        try await b.put(.posts, #"{"_id":"1","v":2,"_s":"y"}"#)
        let seen = try await look(.pull)
        #expect(seen.rows.first?.destination.holder == .edited)
        #expect(seen.fields("1") == ["v 1 2", "mine true -"] && seen.isPartial("1") == false)
    }

    /// What never left this side is not removed by what comes back, so it is no difference.
    @Test func whatWasHeldBackFromTheSourceOfAPullIsNoDifference() async throws {
        strip("_s", at: a)
        try await a.put(.posts, #"{"_id":"1","v":1,"_s":"x"}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        let seen = try await look(.pull)
        #expect(seen.fields("1") == ["v 1 2"] && seen.isPartial("1") == true)
        try await a.pull(from: b)
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":2,"_s":"x"}"#)
        #expect(a.hooks.pinned == 0 && b.hooks.pinned == 0)
    }

    @Test func aPlanThatIsGoneIsNotAnEmptyOne() async throws {
        await #expect {
            try await a.store.plannedRows(transfer: "never", ListPlanned(limit: 10))
        } throws: { ($0 as? TidelockError)?.code == .fenced }
        try await a.store.beginPlanOnly(
            transfer: "looked at", peer: b.identity, initiator: a.identity.id, direction: .push, scope: .everything)
        await #expect {
            try await a.store.plannedRows(transfer: "looked at", ListPlanned(limit: 10))
        } throws: { ($0 as? TidelockError)?.code == .fenced }
    }
}
