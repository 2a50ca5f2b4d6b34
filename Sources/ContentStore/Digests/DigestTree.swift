internal import ContentModel
internal import GRDB
internal import SyncEngine

/// One of the digest trees: what a peer left here, or what a peer should hold of us, for one kind.
///
/// A leaf covers one bucket, 256 leaves make a node, 256 nodes the root (the dirty-segment rule of Riak's hash
/// trees). A node is stored together with its leaves. A write marks its leaf dirty in the same transaction; dirty
/// leaves are recomputed when a root is asked for.
struct DigestTree {
    enum Role: Int64 {
        /// Rows at this destination, by the output hash that the peer applied.
        case held = 0
        /// Rows of the shadow that the peer holds, edited there or not, by the output hash that it acknowledged.
        case shadowed = 1
    }

    let role: Role
    let pid: Int64
    let kid: Int64

    struct Leaf: Equatable {
        var count: Int
        var digest: Digest

        /// A bucket without rows.
        static let empty = Leaf(count: 0, digest: .empty)
    }

    struct Root: Equatable {
        var count: Int
        var digest: Digest

        static let empty = Root(count: 0, digest: .empty)
    }

    var key: [any DatabaseValueConvertible] { [role.rawValue, pid, kid] }

    // MARK: Marking

    func markDirty(_ db: Database, bucket: Bucket) throws {
        try db.cachedStatement(sql: Self.markSQL + " VALUES (?, ?, ?, ?) " + Self.markConflictSQL)
            .execute(arguments: StatementArguments(key + [Int64(bucket.number)]))
    }

    static let markSQL = "INSERT INTO dirty_leaf (role, pid, kid, bucket)"
    static let markConflictSQL = "ON CONFLICT DO NOTHING"

    // MARK: Roots

    /// The current root, after recomputing what is dirty.
    ///
    /// `buckets` are those whose rows this transaction changed without marking their leaves: a mark that is taken away
    /// again at once costs more than the digest. More than ``mostLookedUp`` stand for all of them.
    func root(_ db: Database, afterChanging buckets: [UInt16] = []) throws -> Root {
        try refresh(db, afterChanging: buckets)
        return Self.root(of: try storedNodes(db))
    }

    /// The nodes that have rows below them, by their numbers.
    func nodes(_ db: Database) throws -> [Int: Digest] {
        try refresh(db)
        return Dictionary(uniqueKeysWithValues: try storedNodes(db).map { ($0.number, $0.leaf.digest) })
    }

    /// The leaves below some nodes that have rows, by the numbers of their buckets.
    func leaves(_ db: Database, below nodes: Set<Int>) throws -> [Int: Digest] {
        try refresh(db)
        var digests: [Int: Digest] = [:]
        for number in nodes {
            for entry in try storedLeaves(db, below: number).entries { digests[Int(entry.bucket)] = entry.leaf.digest }
        }
        return digests
    }

    /// The root the tree will have when the given leaves replace the present ones. Changes nothing but dirt.
    func root(_ db: Database, replacing patch: Leaves) throws -> Root {
        try refresh(db)
        var nodes = Dictionary(uniqueKeysWithValues: try storedNodes(db).map { ($0.number, $0.leaf) })
        for number in patch.nodes {
            let leaves = try storedLeaves(db, below: number).replacing(patch.below(node: number))
            nodes[number] = Self.node(of: leaves.entries[...])
        }
        return Self.root(of: nodes.sorted { $0.key < $1.key }.map { (number: $0.key, leaf: $0.value) })
    }

    /// The root over rows that belong to no peer's tree.
    static func root(of statement: Statement, _ arguments: StatementArguments) throws -> Root {
        let leaves = try LeafBuilder.leaves(of: statement, arguments)
        return root(of: leaves.nodes.map { (number: $0, leaf: node(of: leaves.below(node: $0))) })
    }

    /// The rows of the tree, without an order.
    var rowsSQL: String {
        switch role {
        case .held: "SELECT bucket, id, base FROM head WHERE kid = ? AND origin = ? AND base IS NOT NULL"
        case .shadowed:
            "SELECT bucket, id, out_hash FROM shadow WHERE kid = ? AND pid = ? AND state IN (\(ShadowState.held))"
        }
    }

    var rowsArguments: StatementArguments { [kid, pid] }

    // MARK: Shapes

    static func node(of leaves: ArraySlice<Leaves.Entry>) -> Leaf {
        var count = 0
        var text: [UInt8] = []
        for entry in leaves where entry.leaf.count > 0 {
            count += entry.leaf.count
            text.append(UInt8(truncatingIfNeeded: entry.bucket))
            entry.leaf.digest.withUnsafeBytes { text.append(contentsOf: $0) }
        }
        return count == 0 ? .empty : Leaf(count: count, digest: Digest(over: text))
    }

    private static func root(of nodes: [(number: Int, leaf: Leaf)]) -> Root {
        let present = nodes.filter { $0.leaf.count > 0 }
        let count = present.reduce(0) { $0 + $1.leaf.count }
        guard count > 0 else { return .empty }
        var text: [UInt8] = []
        for node in present {
            text.append(UInt8(truncatingIfNeeded: node.number))
            node.leaf.digest.withUnsafeBytes { text.append(contentsOf: $0) }
        }
        withUnsafeBytes(of: UInt64(count).bigEndian) { text.append(contentsOf: $0) }
        return Root(count: count, digest: Digest(over: text))
    }
}
