import ContentModel
import Foundation
import FuzzedDecoders
import Testing

@testable import SyncProtocol

/// Decoders under inputs that were valid once: each ends in a value or in an error, and what is a value stays one.
///
/// `TIDELOCK_SEED` and `TIDELOCK_INPUTS` choose other inputs, or more of them.
@Suite("Spoilt inputs")
struct MutatedInputTests {
    private static let seed = number("TIDELOCK_SEED") ?? 1
    private static let inputs = Int(number("TIDELOCK_INPUTS") ?? 20_000)

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    private func spoilt(_ inputs: [[UInt8]], _ body: ([UInt8]) async throws -> Void) async {
        var mutator = Mutator(seed: Self.seed)
        for number in 1...Self.inputs {
            let input = mutator.spoil(inputs)
            do {
                try await body(input)
            } catch is TidelockError {
            } catch {
                Issue.record("TIDELOCK_SEED=\(Self.seed), input \(number): \(error)\n\(input.hex)")
                return
            }
        }
    }

    // MARK: Batches

    private func entries(of payload: [UInt8]) throws -> [BatchEntry] {
        var decoder = try BatchDecoder(payload: payload)
        var entries: [BatchEntry] = []
        while let entry = try decoder.next() { entries.append(entry) }
        return entries
    }

    private func payload(of entries: [BatchEntry]) throws -> [UInt8] {
        var encoder = BatchEncoder()
        for entry in entries { encoder.add(entry) }
        return try encoder.finish(number: 1).payload
    }

    private func samplePayload() throws -> [UInt8] {
        let posts = try Kind.content("posts")
        let (body, hash) = try JSONDocument.intake(Array(#"{"_id":"a\"b","n":1.5,"t":"ü","e":[],"o":{"x":null}}"#.utf8))
        return try payload(of: [
            BatchEntry(kind: posts, id: "a\"b", operation: .put(body: body, output: hash)),
            BatchEntry(kind: .models, id: "old", operation: .delete, isContested: true),
            BatchEntry(kind: .singletons, id: "line\nbreak", operation: .release),
        ])
    }

    @Test func linesOfBatches() async throws {
        let lines = try Zstandard.decompress(try samplePayload(), limit: Limits.decompressedBytes)
        await spoilt([lines]) { input in
            let entries = try entries(of: try Zstandard.compress(input))
            #expect(try self.entries(of: try payload(of: entries)) == entries)
        }
    }

    @Test func packedBatches() async throws {
        await spoilt([try samplePayload()]) { _ = try entries(of: $0) }
    }

    // MARK: Messages

    /// What decodes is written as bytes that decode to the same: writing it once more gives the same bytes.
    private func messages<Message: Codable>(
        like message: Message, _ use: (Message) -> Void = { _ in }
    ) async throws {
        await spoilt([try WireBody.encode(message)]) { input in
            let decoded = try WireBody.decode(Message.self, from: input)
            use(decoded)
            let written = try WireBody.encode(decoded)
            #expect(try WireBody.encode(try WireBody.decode(Message.self, from: written)) == written)
        }
    }

    private let instance = InstanceIdentity(id: "0190", name: "staging")

    private var state: DestinationState {
        DestinationState(
            source: "0190", destination: instance, root: "00ff",
            kinds: [KindState(kind: "content/posts", root: "aa", held: 3, foreign: 1, edited: 2, reverted: 0)])
    }

    private var list: SuppliedList {
        var page = HeldPage(
            items: [HeldItem(id: "a", base: "00", isEdited: true, isReverted: false, run: 0)],
            next: ListPosition(bucket: 9, id: "b"))
        (page.runs, page.isWhole) = (["0190"], true)
        return SuppliedList(
            request: ListHeld(kind: "content/posts", onlyDrift: true, after: ListPosition(bucket: 7, id: "a")),
            page: page)
    }

    private var plan: PlanSummary {
        var kind = KindPlan(kind: "content/posts")
        (kind.creates, kind.updates, kind.deletes) = (3, 4, 1)
        return PlanSummary(
            kinds: [kind, kind], batches: [BatchInfo(number: 1, digest: "ab", operations: 8, bytes: 900)],
            expectedRoots: ["content/posts": "ff"], handlerCalls: 2, notes: ["a note"])
    }

    @Test func opens() async throws {
        let commit = CommitTransfer(
            fence: 3, batches: plan.batches, expectedRoots: plan.expectedRoots, confirmations: Confirmations(deletes: 5)
        )
        var request = OpenTransfer(
            id: "0190", direction: .push, initiator: instance,
            scope: Scope(models: ["posts"], mode: .mirror, filter: #"{"v":{"$gt":1}}"#, items: ["posts": ["a"]]),
            nonce: "00", offer: SourceOffer(kinds: ["models"], root: "aa", isQuiet: false, reverted: 0), held: state)
        request.offer?.received = ["content/posts": "bb"]
        request.sent = ["content/posts": "bb"]
        request.includesReverted = true
        let batch = EncodedBatch(info: plan.batches[0], payload: [1, 2, 3])
        request.inline = InlinePlan(destination: "0191", batches: [batch], commit: commit)
        try await messages(like: request) { _ = $0.inline?.batches }
    }

    @Test func requestsForPlans() async throws {
        try await messages(like: MakePlan(held: state, supplied: list, confirmations: Confirmations(deletes: 9)))
    }

    @Test func plans() async throws {
        try await messages(like: PlanAnswer.ready(plan)) { answer in
            if case .ready(let plan) = answer { _ = (plan.operations, plan.deletes, plan.bytes) }
        }
    }

    @Test func pagesOfLists() async throws {
        try await messages(like: list) { list in
            for item in list.page.items { _ = list.page.run(of: item) }
        }
    }

    @Test(arguments: [-1, 1, Int.max, .min])
    func aRowNamesNoRunThatItsPageDoesNotList(number: Int) {
        var page = HeldPage(
            items: [HeldItem(id: "a", base: "00", isEdited: false, isReverted: false, run: number)], next: nil)
        #expect(page.run(of: page.items[0]) == nil)
        page.runs = ["0190"]
        #expect(page.run(of: page.items[0]) == nil)
    }

    @Test func pagesOfPlans() async throws {
        let row = PlannedRow(
            kind: "content/posts", id: "a", operation: .put, source: nil, output: "00",
            destination: StandingRow(holder: .edited, base: "ff"))
        let excluded = ExcludedItem(kind: "content/posts", id: "b", isDropped: true, reason: "not for everybody")
        let page = PlannedPage(
            rows: [row, row], next: PlanPosition(kind: "content/posts", bucket: 7, id: "a"), excluded: [excluded])
        let request = ListPlanned(after: page.next, limit: 2)
        try await messages(like: page) { try? $0.check(answering: request) }
    }

    @Test func pagesOfExpectedRows() async throws {
        let output = String(repeating: "0a", count: 32)
        let page = ExpectRows(rows: [
            ExpectedRow(kind: "content/posts", id: "a", operation: .put, output: output),
            ExpectedRow(kind: "models", id: "old", operation: .delete, output: nil),
        ])
        try await messages(like: page)
        #expect(try WireBody.decode(ExpectRows.self, from: WireBody.encode(page)).rows == page.rows)
    }

    @Test(arguments: [
        ExpectedRow(kind: "models", id: "a", operation: .put, output: nil),
        ExpectedRow(kind: "models", id: "a", operation: .put, output: "0a"),
        ExpectedRow(kind: "models", id: "a", operation: .delete, output: String(repeating: "0a", count: 32)),
        ExpectedRow(kind: "models", id: "", operation: .delete, output: nil),
        ExpectedRow(
            kind: "models", id: String(repeating: "x", count: Kind.longestName + 1), operation: .delete, output: nil),
        ExpectedRow(
            kind: String(repeating: "x", count: 2 * Kind.longestName + 1), id: "a", operation: .delete, output: nil),
    ])
    func aRowThatNoPlanCanHaveIsRefused(row: ExpectedRow) throws {
        let bytes = try WireBody.encode(ExpectRows(rows: [row]))
        #expect(throws: TidelockError.self) { _ = try WireBody.decode(ExpectRows.self, from: bytes) }
    }

    @Test func pagesOfItems() async throws {
        let body = try JSONDocument(validating: #"{"_id":"a","t":"ü\n","n":1.50}"#)
        let page = OutputPage(items: [
            ShownItem(id: "a", form: .whole, body: body), ShownItem(id: "b", form: .withheld),
        ])
        let request = ReadOutputs(kind: "content/posts", ids: ["a", "b", "c"])
        try await messages(like: page) { try? $0.check(answering: request) }
    }

    @Test func anItemOnAPageKeepsItsBytes() throws {
        let body = try JSONDocument(validating: #"{"_id":"a","t":"\u00fc\/","n":1.50,"big":12345678901234567890123}"#)
        let page = OutputPage(items: [ShownItem(id: "a", form: .whole, body: body)])
        let arrived = try WireBody.decode(OutputPage.self, from: WireBody.encode(page))
        #expect(arrived.items.first?.body == body)
    }

    @Test(arguments: [
        #"{"items":[]}"#, #"{"items":[{"id":"b","form":"absent"}]}"#, #"{"items":[{"id":"a","form":"whole"}]}"#,
        #"{"items":[{"id":"a","form":"withheld","body":"{}"}]}"#,
        #"{"items":[{"id":"a","form":"absent"},{"id":"b","form":"absent"}]}"#,
    ])
    func aPageOfOtherItemsThanWereAskedForIsNoAnswer(text: String) throws {
        let page = try WireBody.decode(OutputPage.self, from: Array(text.utf8))
        #expect(throws: TidelockError.self) { try page.check(answering: ReadOutputs(kind: "models", ids: ["a"])) }
    }

    @Test func aPageOfAPlanThatNeverEndsIsNoAnswer() throws {
        let position = PlanPosition(kind: "models", bucket: 1, id: "a")
        let endless = PlannedPage(rows: [], next: position)
        #expect(throws: TidelockError.self) { try endless.check(answering: ListPlanned(limit: 5)) }
        let row = PlannedRow(
            kind: "models", id: "a", operation: .delete, source: nil, output: nil,
            destination: StandingRow(holder: .nobody, base: nil))
        let long = PlannedPage(rows: [row, row], next: nil)
        #expect(throws: TidelockError.self) { try long.check(answering: ListPlanned(limit: 1)) }
        try long.check(answering: ListPlanned(limit: 2))
    }

    // MARK: The rest

    @Test func tokens() async throws {
        let fixture = TokenFixture()
        let token = try await fixture.token()
        await spoilt([Array(token.utf8)]) { input in
            let text = String(decoding: input, as: UTF8.self)
            let refusal = try await fixture.refusal(of: text)
            #expect(refusal != nil || text == token)
        }
    }

    @Test func contentFilters() async throws {
        let filters = [
            #"{"price":{"$gte":10,"$lt":20.5},"tags":{"$in":["a","b"]},"$or":[{"a":null},{"b.0.c":{"$exists":true}}]}"#,
            #"{"t":{"$regex":"^a.*(b|c)+$","$options":"i"},"n":{"$mod":[4,1]},"l":{"$size":2,"$not":{"$all":[1,2]}}}"#,
            #"{"blocks":{"$elemMatch":{"type":"x","$nor":[{"y":{"$type":"string"}}]}}}"#,
        ]
        let item = try JSONDocument(
            validating: #"{"price":12,"tags":["a"],"t":"abc","n":5,"l":[1,2],"blocks":[{"type":"x","y":1}]}"#)
        await spoilt(filters.map { Array($0.utf8) }) { input in
            do {
                let filter = try ContentFilter(text: String(decoding: input, as: UTF8.self))
                #expect(filter.matches(item) == filter.matches(item))
            } catch is ContentFilterProblem {}
        }
    }
}
