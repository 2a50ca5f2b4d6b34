import SyncProtocol
import Testing

@Suite("Counting what killed pushes send")
struct PushTrafficTests {
    private static let transfer = "01930000-0000-7000-8000-000000000001"

    private static func staging(_ number: Int, _ bytes: Int) -> RequestCost {
        RequestCost(method: "PUT", path: Endpoint.stageBatch.path(transfer, "\(number)"), bytes: bytes)
    }

    private static func commit(_ bytes: Int, isWorking: Bool = false) -> RequestCost {
        RequestCost(
            method: "POST", path: Endpoint.commit.path(transfer), bytes: bytes, isWorking: isWorking)
    }

    /// So many batches of 10,000 bytes, and a commit.
    private static func undisturbed(batches: Int) -> [RequestCost] {
        (1...batches).map { staging($0, 10_000) } + [commit(5_000)]
    }

    // MARK: The ledger

    @Test func bytesBelongToTheRequestThatIsUnderWayOnTheirConnection() throws {
        var ledger = RequestLedger()
        let head = Array("PUT \(Endpoint.stageBatch.path(Self.transfer, "7"))?fence=1 HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        let state = Array("GET \(Endpoint.transferState.path(Self.transfer)) HTTP/1.1\r\n\r\n".utf8)
        ledger.note(head, connection: 1, isSent: true)
        ledger.note(state, connection: 2, isSent: true)
        ledger.note([0x28, 0xB5, 0x2F, 0xFD], connection: 1, isSent: true)
        ledger.note(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), connection: 1, isSent: false)
        ledger.note(state, connection: 1, isSent: true)
        #expect(ledger.costs.map(\.bytes) == [head.count + 4 + 19, state.count, state.count])
        #expect(ledger.costs.map(\.batch) == [7, nil, nil])
        #expect(ledger.costs[1].isOne(of: .transferState) && !ledger.costs[1].isOne(of: .abandon))
    }

    @Test func bytesOfNoKnownRequestAreCountedToo() {
        var ledger = RequestLedger()
        ledger.note(Array("PUT but not a request".utf8), connection: 1, isSent: true)
        ledger.note([1, 2, 3], connection: 1, isSent: false)
        #expect(ledger.costs == [RequestCost(method: "", path: "", bytes: 24)])
    }

    @Test func anAnswerThatWorkGoesOnIsMarked() {
        var ledger = RequestLedger()
        let request = Array("POST \(Endpoint.commit.path(Self.transfer)) HTTP/1.1\r\n\r\n".utf8)
        for answer in ["HTTP/1.1 202 Accepted\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"] {
            ledger.note(request, connection: 1, isSent: true)
            ledger.note(Array(answer.utf8), connection: 1, isSent: false)
        }
        #expect(ledger.costs.map(\.isWorking) == [true, false])
        #expect(ledger.costs.allSatisfy { $0.isOne(of: .commit) })
    }

    // MARK: What may travel

    @Test func ofEachBatchTheLargestSendingIsNeededAndTheOthersAreRepetitions() {
        let traffic = PushTraffic([
            Self.staging(1, 400), Self.staging(2, 1_000), Self.staging(1, 900), Self.commit(70),
            Self.commit(50, isWorking: true),
        ])
        #expect(traffic.needed == 1_900 && traffic.largestBatch == 1_000 && traffic.repeated == 1)
        #expect(traffic.rest == 70 && traffic.waits == 1 && traffic.bytes == 2_370)
    }

    @Test func aWindowOfBatchesMayTravelAgainForEachKillAndNoMore() throws {
        let whole = PushTraffic(Self.undisturbed(batches: 100))
        // What asking may cost does not pay for batches.
        let asking = try 2 * Standing.fixed + Standing.lists(batches: 100)
        let killed = Self.undisturbed(batches: 100) + [Self.commit(asking)]
        let window = PushTraffic(killed + (1...Limits.window).map { Self.staging($0, 10_000) })
        #expect(window.bytes == (try window.most(breaks: 1, whole: whole)))
        let more = PushTraffic(killed + (1...Limits.window + 1).map { Self.staging($0, 10_000) })
        #expect(more.bytes > (try more.most(breaks: 1, whole: whole)))
    }

    @Test func withoutAKillNothingIsRepeated() throws {
        let whole = PushTraffic(Self.undisturbed(batches: 10))
        #expect(try whole.most(breaks: 0, whole: whole) == whole.bytes + Standing.fixed)
    }

    @Test func aPushOfOtherBatchesIsNotTakenForTheSame() {
        let whole = PushTraffic(Self.undisturbed(batches: 100))
        #expect(PushTraffic(Self.undisturbed(batches: 102)).isAlike(whole))
        #expect(!PushTraffic(Self.undisturbed(batches: 110)).isAlike(whole))
    }

    /// A digest cannot be packed below its 32 bytes, and both the answer to an open and a commit hold one for each
    /// batch.
    @Test func askingHowThingsStandGrowsWithTheBatches() throws {
        let (some, many) = (try Standing.lists(batches: 1_000), try Standing.lists(batches: 3_000))
        #expect((64...120).contains((many - some) / 2_000), "\(many - some) bytes for 2,000 batches")
        #expect(try Standing.lists(batches: 0) == 0)
    }
}
