import ContentModel
import Testing

@testable import SyncProtocol

@Suite("Control messages")
struct WireBodyTests {
    @Test func smallBodiesTravelAsTheyAre() throws {
        let packed = try WireBody.pack([1, 2, 3])
        #expect(packed.bytes == [1, 2, 3])
        #expect(packed.coding == nil)
    }

    @Test func largeBodiesArePackedAndComeBack() throws {
        let body = [UInt8](repeating: 7, count: Limits.uncompressedBytes + 1)
        let packed = try WireBody.pack(body)
        #expect(packed.bytes.count < body.count)
        #expect(try WireBody.unpack(packed.bytes, coding: packed.coding) == body)
    }

    @Test func unknownCodingsAreRefused() {
        #expect { try WireBody.unpack([1], coding: "br") } throws: { ($0 as? TidelockError)?.code == .malformedMessage }
    }

    @Test func aWrongMessageIsNamedByItsMemberAndNotByItsContents() {
        let body = Array(#"{"kind":"content/posts","part":"hunter2"}"#.utf8)
        #expect {
            try WireBody.decode(ListHeld.self, from: body)
        } throws: { error in
            guard let error = error as? TidelockError else { return false }
            return error.code == .malformedMessage && error.message.contains("part")
                && !"\(error)".contains("hunter2")
        }
    }

    /// Those who read them add them up.
    @Test(arguments: [Int.max, Int.min, -1, 1 << 43])
    func numbersThatNobodyCanHaveAreRefused(number: Int) throws {
        var result = CommitResult(created: 1)
        let counts: [WritableKeyPath<CommitResult, Int>] = [
            \.created, \.updated, \.deleted, \.released, \.adopted, \.kept, \.conflictCount,
        ]
        for count in counts { #expect(isRefused(result, with: number, at: count)) }
        result.resumedBatches = number
        #expect(isRefused(result))
        #expect(isRefused(DanglingLinks(count: number, links: [])))
        #expect(isRefused(PlanSummary(kinds: [], batches: [], expectedRoots: [:], handlerCalls: number)))
        let state = KindState(kind: "models", root: "00", held: 1, foreign: 2, edited: 3, reverted: 4)
        for count in [\KindState.held, \.foreign, \.edited, \.reverted] {
            #expect(isRefused(state, with: number, at: count))
        }
        var told = state
        for count in [\UnseenRows.others, \.othersEdited, \.othersDeleted, \.kept, \.keptDeleted] {
            var unseen = UnseenRows()
            unseen[keyPath: count] = number
            told.unseen = unseen
            #expect(isRefused(told))
        }
        told = state
        told.decided = DecidedRows(parked: number, kept: 0)
        #expect(isRefused(told))
        told.decided = DecidedRows(parked: 0, kept: number)
        #expect(isRefused(told))
        var opened = TransferOpened(status: .inSync, responder: InstanceIdentity(id: "a", name: "A"))
        #expect(isRefused(opened, with: number, at: \.unchanged))
        opened.leftToOthers = number
        #expect(isRefused(opened))
        var kind = KindPlan(kind: "models")
        kind.possibleOverwrites = number
        #expect(isRefused(PlanSummary(kinds: [kind], batches: [], expectedRoots: [:], handlerCalls: 0)))
        kind.possibleOverwrites = nil
        kind.goneThere = number
        #expect(isRefused(PlanSummary(kinds: [kind], batches: [], expectedRoots: [:], handlerCalls: 0)))
        kind.goneThere = nil
        kind.openReleases = number
        #expect(isRefused(PlanSummary(kinds: [kind], batches: [], expectedRoots: [:], handlerCalls: 0)))
        kind.openReleases = nil
        kind.openCreates = number
        #expect(isRefused(PlanSummary(kinds: [kind], batches: [], expectedRoots: [:], handlerCalls: 0)))
        #expect(!isRefused(state) && !isRefused(CommitResult(created: 1 << 42)))
    }

    private func isRefused<Message: Codable>(
        _ message: Message, with number: Int, at count: WritableKeyPath<Message, Int>
    ) -> Bool {
        var message = message
        message[keyPath: count] = number
        return isRefused(message)
    }

    private func isRefused<Message: Codable>(_ message: Message) -> Bool {
        do {
            _ = try WireBody.decode(Message.self, from: try WireBody.encode(message))
            return false
        } catch {
            return (error as? TidelockError)?.code == .malformedMessage
        }
    }

    @Test func messagesSurviveTheJourney() throws {
        let open = OpenTransfer(
            id: "0190", direction: .push, initiator: InstanceIdentity(id: "a", name: "A"),
            scope: Scope(models: ["posts"], mode: .mirror), nonce: "n",
            offer: SourceOffer(kinds: ["models"], root: "00", isQuiet: true, reverted: 0))
        let bytes = try WireBody.encode(open)
        #expect(try WireBody.encode(WireBody.decode(OpenTransfer.self, from: bytes)) == bytes)
        let answers: [PlanAnswer] = [
            .needs([ListHeld(kind: "models", onlyDrift: false, after: ListPosition(bucket: 3, id: "x"))]),
            .needs([
                ListHeld(kind: "models", part: .nodes, nonce: "n"), ListHeld(kind: "models", part: .leaves(of: [3])),
                ListHeld(kind: "models", part: .buckets([768])),
            ]),
            .working(done: 5), .ready(PlanSummary(kinds: [], batches: [], expectedRoots: [:], handlerCalls: 0)),
        ]
        for answer in answers {
            let bytes = try WireBody.encode(answer)
            #expect(try WireBody.encode(WireBody.decode(PlanAnswer.self, from: bytes)) == bytes)
        }
    }

    @Test func answersToAnOpenSurviveTheJourney() throws {
        var opened = TransferOpened(
            status: .resolved, responder: InstanceIdentity(id: "b", name: "B"), lease: LeaseGrant(fence: 1, expires: 2),
            held: DestinationState(
                source: "a", destination: InstanceIdentity(id: "b", name: "B"), root: "00", kinds: []),
            unchanged: 3, result: CommitResult(created: 4), items: ["models": ["posts"]])
        opened.leftToOthers = 5
        opened.staged = ["00"]
        opened.heldBack = []
        opened.unknown = UnknownName(.model, "post")
        opened.memory = TransferMemory(instance: "a", own: "1", others: "2")
        let answered = try WireBody.encode(opened)
        #expect(try WireBody.encode(WireBody.decode(TransferOpened.self, from: answered)) == answered)
    }

    /// Peers that do not know the member never see it, unless somebody asks for what it says.
    @Test func anOpenSaysNothingOfWhatWasTakenBackUnlessItIncludesThat() throws {
        var open = OpenTransfer(
            id: "0190", direction: .pull, initiator: InstanceIdentity(id: "a", name: "A"), scope: .everything,
            nonce: "n")
        let plain = try WireBody.encode(open)
        open.includesReverted = true
        let asking = try WireBody.encode(open)
        #expect(plain.count < asking.count)
        #expect(try !WireBody.decode(OpenTransfer.self, from: plain).includesReverted)
        #expect(try WireBody.decode(OpenTransfer.self, from: asking).includesReverted)
        open.includesReverted = false
        #expect(try WireBody.encode(open) == plain)
    }

    @Test func anOpenAsksAboutNamesOnlyWhereItSaysSo() throws {
        var open = OpenTransfer(
            id: "0190", direction: .pull, initiator: InstanceIdentity(id: "a", name: "A"), scope: .everything,
            nonce: "n")
        let plain = try WireBody.encode(open)
        open.asksAboutNames = true
        #expect(try WireBody.decode(OpenTransfer.self, from: WireBody.encode(open)).asksAboutNames)
        #expect(try !WireBody.decode(OpenTransfer.self, from: plain).asksAboutNames)
    }

    @Test func everyMemberOfAPlanSurvivesTheJourney() throws {
        var kind = KindPlan(kind: "content/posts")
        kind.creates = 2
        let batch = BatchInfo(number: 1, digest: "ab", operations: 2, bytes: 30)
        var plan = PlanSummary(
            kinds: [kind], batches: [batch], expectedRoots: ["content/posts": "cd"], handlerCalls: 4, notes: ["n"])
        plan.requiredModels = ["posts"]
        plan.schemaChanges = SchemaChanges(count: 3)
        plan.refusal = PlanRefusal(code: "delete_guard", message: "No.", hint: "Do not.")
        plan.files = FileTotals(count: 2, bytes: 1 << 40)
        plan.circle = TreeCircle(kind: "pages", items: ["a", "b"], count: 2)
        plan.leftToOthers = 5
        #expect(Mirror(reflecting: plan).children.allSatisfy { "\($0.value)" != "nil" })
        #expect(try WireBody.decode(PlanSummary.self, from: WireBody.encode(plan)) == plan)
    }

    @Test func everyMemberOfAResultSurvivesTheJourney() throws {
        var result = CommitResult(isVerified: true)
        result.resumedBatches = 1
        result.dangling = DanglingLinks(
            count: 1,
            links: [DanglingLink(kind: "content/posts", id: "1", missingKind: "content/news", missingID: "2")])
        result.uncheckedLinks = 3
        result.schemaChanges = SchemaChanges(count: 3)
        #expect(Mirror(reflecting: result).children.allSatisfy { "\($0.value)" != "nil" })
        #expect(try WireBody.decode(CommitResult.self, from: WireBody.encode(result)) == result)
    }

    @Test(arguments: [[2], [1, 3], [2, 1], [1, 1], [0, 1]])
    func plansWithGapsInTheirBatchesAreRefused(_ numbers: [Int]) throws {
        let batches = numbers.map { BatchInfo(number: $0, digest: "ab", operations: 2, bytes: 30) }
        let bytes = try WireBody.encode(
            PlanSummary(kinds: [], batches: batches, expectedRoots: [:], handlerCalls: 0))
        #expect { try WireBody.decode(PlanSummary.self, from: bytes) } throws: { error in
            (error as? TidelockError)?.code == .malformedMessage
        }
    }

    @Test func failedChecksHaveTheDocumentedShape() throws {
        let good = try WireBody.encode(CheckAnswer(version: "1.0"))
        #expect(String(decoding: good, as: UTF8.self) == #"{"success":true,"version":"1.0"}"#)
        let bad = try WireBody.encode(CheckAnswer(failure: TidelockError(.unknownKey, "No.")))
        #expect(
            String(decoding: bad, as: UTF8.self)
                == #"{"error":{"code":"unknown_key","message":"No."},"success":false}"#)
    }
}
