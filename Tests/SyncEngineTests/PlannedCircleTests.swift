import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Plans say which run would be refused because items of a tree would be inside one another.
@Suite struct PlannedCircleTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    /// What the plan of a run says, and whether the run itself is refused for a circle: they must agree.
    private func refusal(_ direction: Direction, _ scope: Scope = .everything) async throws -> PlanRefusal? {
        let planned = try await move(direction, TestRun(scope: scope, isDryRun: true)).plan?.refusal
        do {
            try await move(direction, TestRun(scope: scope))
            #expect(planned == nil)
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .treeCycle, "\(failure.error)")
            #expect(planned?.code == failure.error.code.rawValue)
        }
        try expectNoProblems()
        return planned
    }

    @Test(arguments: [Direction.push, .pull], [Kind.pageItems, .pages, .assetFolders])
    func aCircleAmongNewItemsIsSaid(_ direction: Direction, _ kind: Kind) async throws {
        let parent = try #require(kind.parentMember)
        try await a.put(
            kind, #"{"_id":"x1","\#(parent)":"x2"}"#, #"{"_id":"x2","\#(parent)":"x3"}"#,
            #"{"_id":"x3","\#(parent)":"x1"}"#, #"{"_id":"x4","\#(parent)":"x1"}"#)
        let said = try #require(try await refusal(direction))
        for name in ["x1", "x2", "x3", kind.name] { #expect(said.message.contains(name), "\(said)") }
        #expect(!said.message.contains("x4"), "\(said)")
        #expect(try StoreInspector(b.store).heads().isEmpty)
    }

    @Test(arguments: [Direction.push, .pull])
    func aCircleThroughItemsThatStayAsTheyAreIsSaid(_ direction: Direction) async throws {
        try await a.put(
            .pageItems, #"{"_id":"x1"}"#, #"{"_id":"x2","_pid":"x1"}"#, #"{"_id":"x3","_pid":"x2"}"#)
        #expect(try await refusal(direction) == nil)
        try await a.put(.pageItems, #"{"_id":"x1","_pid":"x3"}"#)
        #expect(try await refusal(direction) != nil)
        try await a.put(.pageItems, #"{"_id":"x3"}"#)
        #expect(try await refusal(direction) == nil, "sent together, they make no circle")
    }

    @Test func anItemInsideItselfIsSaid() async throws {
        try await a.put(.pages, #"{"_id":"x1","_pid":"x1"}"#)
        #expect(try await refusal(.push)?.message.contains("x1 → x1") == true)
    }

    @Test func longCirclesAreToldInShort() async throws {
        for number in 1...30 { try await a.put(.pageItems, #"{"_id":"x\#(number)","_pid":"x\#(number % 30 + 1)"}"#) }
        #expect(try await refusal(.push)?.message.contains("and 20 more") == true)
    }

    /// What counts is what is sent.
    @Test func whatHandlersDoAgainstACircleCounts() async throws {
        try await a.put(.pageItems, #"{"_id":"x1","_pid":"x2"}"#, #"{"_id":"x2","_pid":"x1"}"#)
        a.hooks.install("opens") { _, item in
            item.id == "x2" ? .changed(try JSONDocument(validating: #"{"_id":"x2"}"#)) : .unchanged
        }
        #expect(try await refusal(.push) == nil)
    }

    @Test func whatIsNotSentClosesNoCircle() async throws {
        try await a.put(.pageItems, #"{"_id":"x1","_pid":"x2"}"#, #"{"_id":"x2","_pid":"x1"}"#)
        #expect(try await refusal(.push, Scope(items: ["content/pages": ["x1"]])) == nil)
    }

    @Test func aGuardThatRefusesSpeaksFirst() async throws {
        for number in 1...20 { try await a.put(.posts, #"{"_id":"\#(number)"}"#) }
        try await a.push(to: b)
        try await a.change((2...20).map { .remove(kind: .posts, id: "\($0)") })
        try await a.put(.pages, #"{"_id":"x1","_pid":"x1"}"#)
        let plan = try await a.push(to: b, TestRun(scope: Scope(mode: .mirror), isDryRun: true)).plan
        #expect(plan?.refusal?.code == ErrorCode.deleteGuard.rawValue)
    }

    @Test func aCircleOfAPeerIsHeldToItsBounds() throws {
        var plan = PlanSummary(kinds: [], batches: [], expectedRoots: [:], handlerCalls: 0)
        func survives() throws -> Bool {
            let body = try WireBody.encode(plan)
            return (try? WireBody.decode(PlanSummary.self, from: body)) != nil
        }
        plan.circle = TreeCircle(kind: "pages", items: ["1", "2"], count: 2)
        #expect(try survives())
        let wrong: [([String], Int)] = [
            ([], 0), (["1"], 0), (["1"], -1), (Array(repeating: "1", count: 11), 11),
        ]
        for (items, count) in wrong {
            plan.circle = TreeCircle(kind: "pages", items: items, count: count)
            #expect(try !survives(), "\(items) \(count)")
        }
    }
}
