import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

/// Differences that the feed does not know of, found through nodes, leaves and buckets.
@Suite struct DescentTests: PairSuite {
    private static let items = 1_500
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func fill(_ count: Int = DescentTests.items) async throws {
        try await a.change(
            try (1...count).map { number in
                let body = try JSONDocument(validating: "{\"_id\":\"\(number)\",\"v\":1}")
                return .put(kind: .posts, body: body, hash: body.hash)
            })
        try await a.push(to: b)
    }

    /// Takes rows away from a destination as an older backup would.
    private func lose(_ ids: [Int]) throws {
        let list = ids.map { "'\($0)'" }.joined(separator: ", ")
        try StoreVandal(b.store).execute(
            """
            DELETE FROM body WHERE rid IN (SELECT rid FROM head WHERE id IN (\(list)));
            DELETE FROM head WHERE id IN (\(list));
            \(StoreVandal.markAll)
            """)
    }

    private func expectEqual() async throws {
        try expectNoProblems()
        #expect(try await a.push(to: b).outcome == .inSync)
    }

    @Test func tenLostRowsAreFoundInThreeStepsAndAFewKilobytes() async throws {
        try await fill()
        try lose(Array(101...110))
        let peer = CountingPeer(b.responder)
        let run = try await a.push(to: peer, named: "b", TestRun())
        #expect(run.result?.created == 10)
        #expect(run.plan?.operations == 10)
        #expect(peer.parts == ["nodes", "leaves", "buckets"])
        #expect(peer.bytes < 16_384, "\(peer.bytes) bytes")
        try await expectEqual()
    }

    @Test func aPullFindsTheSame() async throws {
        try await fill()
        try lose([7, 8, 9])
        let run = try await b.pull(from: a)
        #expect(run.result?.created == 3)
        #expect(run.plan?.operations == 3)
        // Asked what it needs, then handed nodes, leaves and buckets, and asked for the plan.
        #expect(run.calls.count { $0 == "plan" } == 5)
        #expect(try await b.pull(from: a).outcome == .inSync)
    }

    @Test func aRowThatAnotherSourceTookOverIsFoundAndLeftAlone() async throws {
        try await fill()
        let c = try TestInstance("c", clock: a.clock, random: a.random)
        try await c.put(.posts, #"{"_id":"5","from":"c"}"#)
        try await c.push(to: b)
        let peer = CountingPeer(b.responder)
        #expect(try await a.push(to: peer, named: "b", TestRun()).isNoOp)
        #expect(peer.parts == ["nodes", "leaves", "buckets"])
        #expect(try await b.text(.posts, "5") == #"{"_id":"5","from":"c"}"#)
        try await expectEqual()
    }

    @Test func editsAreListedBesideTheDescent() async throws {
        try await fill()
        try lose([1])
        try await b.put(.posts, #"{"_id":"2","v":"edited"}"#)
        let peer = CountingPeer(b.responder)
        let run = try await a.push(to: peer, named: "b", TestRun())
        #expect(run.result?.created == 1)
        #expect(run.result?.conflicts.map(\.id) == ["2"])
        #expect(Set(peer.parts) == ["nodes", "leaves", "buckets", "drift"])
        try await expectEqual()
    }

    @Test func aRowThatWasLostHereAndThereIsLetGo() async throws {
        try await fill()
        // The source lost the item with no tombstone, and the destination says that it holds another output.
        try StoreVandal(a.store).execute(
            "DELETE FROM body WHERE rid IN (SELECT rid FROM head WHERE id = '3'); DELETE FROM head WHERE id = '3'")
        try StoreVandal(b.store).execute(
            "UPDATE head SET base = zeroblob(32), edited = 1 WHERE id = '3'; \(StoreVandal.markAll)")
        #expect(try await a.push(to: b, .mirror).result?.deleted == 1)
        #expect(try await b.text(.posts, "3") == nil)
        try await expectEqual()
    }

    /// What cannot be read is made of the rows, for a comparison and for a plan, and where the run changes something.
    @Test func unreadableLeavesAreMadeOfTheRows() async throws {
        try await fill()
        try lose([7, 8])
        try StoreVandal(a.store).execute("UPDATE node SET leaves = x'00'")
        let peer = CountingPeer(b.responder)
        #expect(try await a.push(to: peer, named: "b", TestRun()).result?.created == 2)
        #expect(peer.parts == ["nodes", "leaves", "buckets"])
        for instance in [a, b] { try StoreVandal(instance.store).execute("UPDATE node SET leaves = x'00'") }
        try await a.put(.posts, #"{"_id":"9","v":2}"#)
        #expect(try await a.push(to: b).result?.updated == 1)
        for instance in [a, b] { #expect(try await instance.store.repairDigests() > 0) }
        try await expectEqual()
    }

    @Test func smallKindsAreListedAtOnce() async throws {
        try await fill(Limits.rowsWithoutDigests)
        try lose([1])
        let peer = CountingPeer(b.responder)
        #expect(try await a.push(to: peer, named: "b", TestRun()).result?.created == 1)
        #expect(peer.parts == ["all"])
    }

    @Test func aRunThatDiesAfterTheDescentLeavesItsFindingsToTheNext() async throws {
        try await fill()
        try lose([1, 2])
        let planned = try await a.push(to: b, TestRun(isDryRun: true))
        #expect(planned.plan?.operations == 2)
        // The trees are equal to the source from now on, and it knows that something waits all the same.
        let peer = CountingPeer(b.responder)
        #expect(try await a.push(to: peer, named: "b", TestRun()).result?.created == 2)
        #expect(peer.parts == [])
        try await expectEqual()
    }

    @Test func anOpenRowThatIsDeletedMeanwhileDoesNotKeepTheSourceBusy() async throws {
        try await fill()
        try lose([1])
        try await a.push(to: b, TestRun(isDryRun: true))
        try await a.remove(.posts, "1")
        #expect(try await a.push(to: b).isNoOp)
        try await expectEqual()
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func theDescentFindsWhatTheWholeListFinds(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        try await fill()
        let lost = (1...Self.items).shuffled(using: &random).prefix(Int.random(in: 2...120, using: &random))
        let half = lost.count / 2
        try lose(Array(lost.prefix(half)))
        let released = lost.dropFirst(half).map { "'\($0)'" }.joined(separator: ", ")
        try StoreVandal(b.store).execute(
            """
            UPDATE head SET origin = 0, base = NULL, edited = 0 WHERE id IN (\(released));
            \(StoreVandal.markAll)
            """)
        let whole = try await shadowAfterWholeList()
        let peer = CountingPeer(b.responder)
        _ = try await a.push(to: peer, named: "b", TestRun(isDryRun: true))
        #expect(peer.parts == ["nodes", "leaves", "buckets"], "seed \(seed)")
        #expect(try shadow() == whole, "seed \(seed)")
        #expect(try await a.push(to: b).result?.created == half, "seed \(seed)")
        #expect(try await a.push(to: b).outcome == .inSync, "seed \(seed)")
    }

    /// What the source knows after it has seen every row; afterwards it knows what it knew before.
    private func shadowAfterWholeList() async throws -> [String] {
        try StoreVandal(a.store).execute("CREATE TABLE kept AS SELECT * FROM shadow")
        let request = ListHeld(kind: Kind.posts.name, part: .all)
        let transfer = a.newID()
        _ = try await b.store.grantLease(
            transfer: transfer, source: a.identity, initiator: a.identity.id, direction: .push, scope: .everything)
        let page = try await b.store.heldPage(transfer: transfer, request)
        try await a.store.beginPlan(
            transfer: transfer, peer: b.identity, initiator: a.identity.id, direction: .push, scope: .everything)
        try await a.store.reconcile(
            transfer: transfer, page, request: request, kind: .posts, peer: b.identity.id)
        try await a.store.abandonPlan(transfer: transfer)
        try await b.store.abandonTransfer(transfer: transfer)
        let whole = try shadow()
        try StoreVandal(a.store).execute(
            """
            DELETE FROM shadow; INSERT INTO shadow SELECT * FROM kept; DROP TABLE kept;
            \(StoreVandal.markAll)
            """)
        return whole
    }

    private func shadow() throws -> [String] {
        try StoreInspector(a.store).texts(
            "SELECT id || ' ' || state || ' ' || hex(out_hash) || ' ' || open FROM shadow ORDER BY bucket, id")
    }
}

/// What a hostile or mistaken peer may ask for.
@Suite struct DigestRequestTests {
    private let store: Store

    init() async throws {
        let instance = try TestInstance.make("b")[0]
        store = instance.store
        let source = InstanceIdentity(id: String(repeating: "a", count: 32), name: "a")
        _ = try await store.grantLease(
            transfer: "t", source: source, initiator: source.id, direction: .push, scope: .everything)
    }

    @Test(arguments: [nil, "", String(repeating: "n", count: 10_000)])
    func digestsNeedANonceOfReasonableLength(nonce: String?) async throws {
        await #expect(throws: TidelockError.self) {
            try await store.heldPage(transfer: "t", ListHeld(kind: Kind.posts.name, part: .nodes, nonce: nonce))
        }
    }

    @Test func nodesThatDoNotExistHaveNoLeaves() async throws {
        let request = ListHeld(kind: Kind.posts.name, part: .leaves(of: [-1, 256, .max, .min]), nonce: "n")
        #expect(try await store.heldPage(transfer: "t", request).digests == [])
    }

    @Test func tooManyBucketsAreRefused() async throws {
        let buckets = (0...UInt16(Limits.listedBuckets)).map { $0 }
        await #expect(throws: TidelockError.self) {
            try await store.heldPage(transfer: "t", ListHeld(kind: Kind.posts.name, part: .buckets(buckets)))
        }
    }
}

/// A peer that notes which lists it is asked for, and how many bytes they are on the wire.
private final class CountingPeer: PeerInBetween {
    let peer: any Peer
    private let record = Mutex((parts: [String](), bytes: 0))

    init(_ peer: any Peer) {
        self.peer = peer
    }

    var parts: [String] { record.withLock { $0.parts } }

    /// Requests and answers together, without headers.
    var bytes: Int { record.withLock { $0.bytes } }

    func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        let page = try await peer.list(transfer: transfer, request)
        let bodies = try [WireBody.encode(request), WireBody.encode(page)]
        let size = try bodies.reduce(0) { $0 + (try WireBody.pack($1).bytes.count) }
        let name = "\(request.part)".prefix { $0 != "(" }
        record.withLock {
            $0.parts.append(String(name))
            $0.bytes += size
        }
        return page
    }
}
