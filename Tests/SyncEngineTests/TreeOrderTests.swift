import ContentModel
import ContentStore
import HookCatalog
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

/// Who is told of the items of a tree is told of parents first.
@Suite final class TreeOrderTests: Sendable, PairSuite {
    let a: TestInstance
    let b: TestInstance
    /// Ids of the items that handlers of B saw on arrival, in their order.
    private let arrived = Mutex<[String]>([])
    /// Batches of three items, so that most children are in other batches than their parents.
    private static let small = TestRun(options: PlanOptions(batchSize: 3))

    init() throws { (a, b) = try TestInstance.pair() }

    private func watchArrivals() {
        b.hooks.inspect { [weak self] _, items in
            self?.arrived.withLock { $0 += items.map(\.id) }
            return [:]
        }
    }

    private static let definition = #"{"name":"pages","type":"tree","fields":[]}"#

    private static func item(_ number: Int, below parent: Int?, _ kind: Kind = .pageItems, version: Int = 1) -> String {
        let member = kind.parentMember ?? "_pid"
        return #"{"_id":"i\#(number)","\#(member)":\#(parent.map { "\"i\($0)\"" } ?? "null"),"v":\#(version)}"#
    }

    /// Each item is below the one of half its number: neither ids nor their hashes are in that order.
    private func plant(_ numbers: ClosedRange<Int>, _ kind: Kind = .pageItems, version: Int = 1) async throws {
        for number in numbers {
            try await a.put(kind, Self.item(number, below: number > 1 ? number / 2 : nil, kind, version: version))
        }
    }

    private func plantTree(_ numbers: ClosedRange<Int> = 1...60) async throws {
        try await a.put(.models, Self.definition)
        try await plant(numbers)
    }

    /// The items that come before one that is above them.
    private func early(_ ids: [String], above: (Int) -> Int? = { $0 > 1 ? $0 / 2 : nil }) -> [String] {
        let ranks = Dictionary(ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return ids.filter { id in
            guard let number = Int(id.dropFirst()), let parent = above(number), let rank = ranks["i\(parent)"] else {
                return false
            }
            return rank > ranks[id] ?? 0
        }
    }

    private func move(_ direction: Direction, _ run: TestRun = small) async throws -> TestRunResult {
        try await a.move(to: b, isPush: direction == .push, run)
    }

    /// The ids of the items of a kind that observers are shown of a run.
    private func shown(_ run: TestRunResult, _ direction: Direction, _ kind: Kind = .pageItems) async throws -> [String]
    {
        let store = direction == .push ? a.store : b.store
        let event = QueuedEvent(
            event: direction == .push ? .itemPushed : .itemPulled, run: run.transfer, direction: direction)
        var ids: [String] = []
        var page = try await store.items(of: event)
        while let current = page {
            ids += current.items.filter { $0.kind == kind }.compactMap { $0.body.string("_id") }
            page = try await store.items(of: event, after: current)
        }
        return ids
    }

    @Test(arguments: [Direction.push, .pull])
    func parentsArriveBeforeTheirChildren(_ direction: Direction) async throws {
        watchArrivals()
        try await plantTree()
        let run = try await move(direction)
        #expect(run.result?.created == 61 && run.result?.isVerified == true)
        let ids = arrived.withLock { $0 }
        #expect(ids.count == 60 && Set(ids).count == 60)
        #expect(early(ids) == [])
        let told = try await shown(run, direction)
        #expect(Set(told).count == 60 && told.count == 60)
        #expect(early(told) == [])
        #expect(try await move(direction).isNoOp)
        try expectNoProblems()
    }

    @Test(arguments: [Direction.push, .pull], [Kind.pages, .assetFolders])
    func observersAreToldOfPagesAndFoldersInTheirOrder(_ direction: Direction, _ kind: Kind) async throws {
        try await plant(1...40, kind)
        let run = try await move(direction)
        let told = try await shown(run, direction, kind)
        #expect(told.count == 40)
        #expect(early(told) == [])
        try expectNoProblems()
    }

    /// The items of another kind stand before and behind those of the tree.
    @Test func observersOfAPullAreToldOfEverythingOnce() async throws {
        try await a.put(.models, Self.definition)
        for number in 1...20 {
            try await a.put(.posts, #"{"_id":"p\#(number)"}"#)
            try await plant(number...number)
            try await a.put(.locales, #"{"i18n":"l\#(number)"}"#)
        }
        let run = try await move(.pull)
        #expect(run.result?.created == 61)
        #expect(try await shown(run, .pull, .posts).count == 20)
        #expect(early(try await shown(run, .pull)) == [])
        let event = QueuedEvent(event: .itemPulled, run: run.transfer, direction: .pull)
        var (count, numbers): (Int, [Int]) = (0, [])
        var page = try await b.store.items(of: event)
        while let current = page {
            count += current.items.count
            numbers.append(current.number)
            page = try await b.store.items(of: event, after: current)
        }
        #expect(count == 61)
        #expect(numbers == Array(1...numbers.count))
    }

    @Test func aFewChangesTravelInTheOrderOfTheTree() async throws {
        try await plantTree(1...30)
        _ = try await move(.push)
        watchArrivals()
        // The deepest first: the feed has them in this order.
        for number in stride(from: 60, through: 16, by: -1) {
            try await a.put(.pageItems, Self.item(number, below: number / 2, version: 2))
        }
        let run = try await move(.push)
        #expect(run.result?.updated == 15 && run.result?.created == 30)
        #expect(early(arrived.withLock { $0 }) == [])
        #expect(early(try await shown(run, .push)) == [])
    }

    @Test func rowsThatDriftedAreSentInTheOrderOfTheTree() async throws {
        try await plantTree(1...30)
        _ = try await move(.push)
        for number in 1...7 { try await b.put(.pageItems, Self.item(number, below: nil, version: 9)) }
        try await plant(8...30, version: 2)
        watchArrivals()
        let run = try await move(.push)
        #expect(run.result?.isVerified == true)
        let ids = arrived.withLock { $0 }
        #expect(ids.count == 30)
        #expect(early(ids) == [])
        for number in 1...30 { #expect(try await a.text(.pageItems, "i\(number)") == b.text(.pageItems, "i\(number)")) }
        #expect(try await move(.push).isNoOp)
        try expectNoProblems()
    }

    @Test(arguments: [Direction.push, .pull])
    func oneItemWithItsLinksTravelsBehindWhatIsAboveIt(_ direction: Direction) async throws {
        try await plantTree()
        watchArrivals()
        var run = TestRun(options: PlanOptions(batchSize: 1))
        run.scope = Scope(items: ["content/pages": ["i59"]], itemRule: .linked)
        #expect(try await move(direction, run).result != nil)
        #expect(arrived.withLock { $0 } == ["i1", "i3", "i7", "i14", "i29", "i59"])
    }

    @Test func whatIsNotSentDoesNotMatter() async throws {
        try await plantTree(1...30)
        try await a.put(.pageItems, Self.item(140, below: 199), Self.item(280, below: 140))
        a.hooks.install("drops") { _, item in
            ["i1", "i5"].contains(item.id) ? .dropped(reason: "no") : .unchanged
        }
        watchArrivals()
        let run = try await move(.push)
        #expect(run.result?.isVerified == true)
        let ids = arrived.withLock { $0 }
        #expect(ids.count == 30)
        #expect(early(ids) == [])
    }

    @Test func whatIsEditedMeanwhileComesInTheOrderOfTheTreeToo() async throws {
        try await plantTree(1...30)
        a.hooks.install("looks", kinds: [.pageItems]) { _, _ in .unchanged }
        watchArrivals()
        let changes = try stride(from: 100, through: 31, by: -1).map { number in
            let body = try JSONDocument(validating: Self.item(number, below: number / 2))
            return LocalChange.put(kind: .pageItems, body: body, hash: body.hash)
        }
        let (store, run) = (a.store, a.newID())
        try await store.beginRun(id: run, direction: "local", target: "test")
        a.hooks.meanwhile { _ = try store.writeBlocking(changes, run: run) }
        #expect(try await move(.push).result?.created == 101)
        try await store.markUndoable(id: run)
        let ids = arrived.withLock { $0 }
        #expect(ids.count == 100)
        #expect(early(ids) == [])
        try expectNoProblems()
    }

    @Test(.timeLimit(.minutes(1)))
    func aCircleAtTheSourceEndsNoRunInALoop() async throws {
        try await plantTree(1...10)
        try await a.put(.pageItems, Self.item(2, below: 5))
        await #expect(throws: TestRunFailure.self) { try await move(.push) }
        a.hooks.install("drops") { _, item in item.id == "i5" ? .dropped(reason: "no") : .unchanged }
        let run = try await move(.push)
        #expect(run.result?.created == 10 && run.result?.isVerified == true)
    }

    @Test func mirrorsDeleteWholeTrees() async throws {
        try await plantTree(1...40)
        _ = try await move(.push)
        try await a.change((2...40).map { .remove(kind: .pageItems, id: "i\($0)") })
        var run = TestRun.mirror
        run.options.batchSize = 3
        #expect(try await move(.push, run).result?.deleted == 39)
        #expect(try b.ids(.pageItems) == ["i1"])
        try expectNoProblems()
    }
}
