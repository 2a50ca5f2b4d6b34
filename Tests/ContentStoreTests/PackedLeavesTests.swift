import ContentModel
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

@testable import ContentStore

/// Leaves as they stand in the row of their node.
@Suite struct PackedLeavesTests {
    private static let digest = Digest(over: [1, 2, 3])

    private func unpacked(_ bytes: [UInt8], node: UInt8 = 0) -> Leaves? {
        bytes.withUnsafeBytes { Leaves(unpacking: $0, node: node) }
    }

    private static func entry(_ low: UInt8, count: [UInt8] = [0, 0, 0, 1]) -> [UInt8] {
        [low] + count + digest.bytes
    }

    @Test func whatIsPackedIsUnpacked() throws {
        var leaves = Leaves()
        for (bucket, count) in [(0xAB00, 1), (0xAB01, 0x0102_0304), (0xABFF, Int(UInt32.max))] {
            leaves.append(UInt16(bucket), DigestTree.Leaf(count: count, digest: Digest(over: [UInt8(bucket & 0xFF)])))
        }
        let bytes = Leaves.packed(leaves.entries[...])
        #expect(bytes.count == 63)
        #expect(Array(bytes[21..<26]) == [1, 1, 2, 3, 4])
        #expect(unpacked(bytes, node: 0xAB)?.entries == leaves.entries)
    }

    @Test func aWholeNodeIsUnpacked() throws {
        let bytes = (UInt8.min...UInt8.max).flatMap { Self.entry($0) }
        let leaves = try #require(unpacked(bytes, node: 0xFF))
        #expect(leaves.entries.map(\.bucket) == [UInt16](0xFF00...0xFFFF))
        #expect(Leaves.packed(leaves.entries[...]) == bytes)
    }

    @Test func leavesWithoutRowsAreNotPacked() {
        var leaves = Leaves()
        leaves.append(1, .empty)
        #expect(Leaves.packed(leaves.entries[...]) == [])
        #expect(unpacked([])?.entries == [])
    }

    private static func joined(_ parts: [UInt8]...) -> [UInt8] { parts.flatMap { $0 } }

    private static let unreadable: [[UInt8]] = [
        [0], Array(entry(1).prefix(20)), joined(entry(1), [0]),
        // Not in order.
        joined(entry(1), entry(1)), joined(entry(2), entry(1)), joined(entry(255), entry(0)),
        // Without rows.
        entry(1, count: [0, 0, 0, 0]), joined(entry(1), entry(2, count: [0, 0, 0, 0])),
    ]

    @Test(arguments: unreadable)
    func nothingElseIsUnpacked(bytes: [UInt8]) {
        #expect(unpacked(bytes)?.entries == nil)
    }

    @Test func aDifferenceIsALeafThatOnlyOneHasOrThatBothHaveOtherwise() {
        func leaves(_ counts: KeyValuePairs<UInt16, Int>) -> Leaves {
            var leaves = Leaves()
            for (bucket, count) in counts { leaves.append(bucket, DigestTree.Leaf(count: count, digest: Self.digest)) }
            return leaves
        }
        #expect(leaves([1: 1, 2: 1, 4: 1, 9: 1]).differences(from: leaves([0: 1, 2: 1, 4: 2])) == [0, 1, 4, 9])
        #expect(leaves([:]).differences(from: leaves([:])) == [])
    }
}

/// Trees that are made anew from the rows are those that were there before.
@Suite struct RemadeTreesTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func fill(_ count: Int) async throws {
        try await a.change(
            try (1...count).map { number in
                let body = try JSONDocument(validating: "{\"_id\":\"\(number)\",\"v\":1}")
                return .put(kind: .posts, body: body, hash: body.hash)
            })
        try await a.push(to: b)
    }

    private func roots(_ source: Store, _ destination: Store) async throws -> [String] {
        let standing = try await source.standing(of: [.posts], toward: b.identity.id)
        let held = try await destination.held(of: a.identity.id, scope: .everything, sourceKinds: [], nonce: "n")
        return standing.map { "\($0.root) \($0.held)" } + held.kinds.map { "\($0.root) \($0.held)" }
    }

    private func marks(_ instance: TestInstance) throws -> Int {
        try StoreInspector(instance.store).count("SELECT count(*) FROM dirty_leaf")
    }

    @Test(arguments: [3, 1_500])
    func afterTheirNodesWereLost(items: Int) async throws {
        try await fill(items)
        let before = try await roots(a.store, b.store)
        for instance in [a, b] {
            try StoreVandal(instance.store).execute("DELETE FROM node; \(StoreVandal.markAll)")
            #expect(try marks(instance) > 0)
        }
        #expect(try await roots(a.store, b.store) == before)
        for instance in [a, b] {
            #expect(try marks(instance) == 0)
            #expect(try instance.problems() == [])
        }
        #expect(try await a.push(to: b).outcome == .inSync)
    }

    /// The store as another process opens it.
    private func reopened(_ instance: TestInstance) throws -> Store {
        try Store.open(
            in: instance.folder.url, name: instance.name, clock: instance.clock, random: instance.random)
    }

    @Test(arguments: [3, 1_500])
    func afterTheirTablesWereChanged(items: Int) async throws {
        try await fill(items)
        try await b.put(.posts, #"{"_id":"2","v":"edited"}"#)
        try await b.put(.pageItems, #"{"_id":"own"}"#)
        let before = try await roots(a.store, b.store)
        // Before leaves stood with their nodes.
        for instance in [a, b] {
            try instance.store.close()
            try EarlierStore.restore(in: instance.folder.url, upTo: "v017-committed-stages")
        }
        // A bucket that does not exist is damage, and is not marked.
        try StoreVandal(b.store).execute(
            """
            INSERT INTO head (kid, bucket, id, base, origin, seq, arrived, deleted)
            SELECT kid, 65536, 'stray', zeroblob(32), origin, seq, 0, 1 FROM head WHERE origin <> 0 LIMIT 1
            """)
        let (source, destination) = (try reopened(a), try reopened(b))
        #expect(try StoreInspector(destination).count("SELECT count(*) FROM dirty_leaf WHERE bucket > 65535") == 0)
        #expect(try await roots(source, destination) == before)
        #expect(try await source.verify(isDeep: true).problems == [])
    }
}
