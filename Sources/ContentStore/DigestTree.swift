internal import ContentModel
internal import GRDB

/// One of the digest trees: what a peer left here, or what a peer should hold of us, for one kind.
///
/// A leaf covers one bucket, 256 leaves make a node, 256 nodes the root (the dirty-segment rule of Riak's hash
/// trees). A write marks its leaf dirty in the same transaction; dirty leaves are recomputed when a root is asked
/// for.
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
    }

    struct Root: Equatable {
        var count: Int
        var digest: Digest

        static let empty = Root(count: 0, digest: .empty)
    }

    /// Above this many dirty leaves one scan over the kind is cheaper than a look-up per leaf.
    private static let scanThreshold = 1_024

    private var key: [any DatabaseValueConvertible] { [role.rawValue, pid, kid] }

    // MARK: Marking

    func markDirty(_ db: Database, bucket: Bucket) throws {
        try db.cachedStatement(sql: Self.markSQL + " VALUES (?, ?, ?, ?, 0, x'', 1) " + Self.markConflictSQL)
            .execute(arguments: StatementArguments(key + [Int64(bucket.number)]))
    }

    static let markSQL = "INSERT INTO leaf (role, pid, kid, bucket, count, digest, dirty)"
    static let markConflictSQL = "ON CONFLICT (role, pid, kid, bucket) DO UPDATE SET dirty = 1"

    // MARK: Roots

    /// The current root, after recomputing what is dirty.
    ///
    /// `buckets` are those whose rows this transaction changed without marking their leaves: a mark that is taken away
    /// again at once costs more than the digest.
    func root(_ db: Database, afterChanging buckets: [UInt16] = []) throws -> Root {
        try refresh(db, afterChanging: buckets)
        let nodes = try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT number, count, digest FROM node WHERE role = ? AND pid = ? AND kid = ? ORDER BY number"),
            arguments: StatementArguments(key))
        return Self.root(
            of: nodes.map { (number: $0[0] as Int, leaf: Leaf(count: $0[1], digest: Digest(bytes: $0.bytes(2)!))) })
    }

    /// The nodes that have rows below them, by their numbers.
    func nodes(_ db: Database) throws -> [Int: Digest] {
        try refresh(db)
        let rows = try Row.fetchAll(
            db.cachedStatement(sql: "SELECT number, digest FROM node WHERE role = ? AND pid = ? AND kid = ?"),
            arguments: StatementArguments(key))
        return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as Int, Digest(bytes: $0.bytes(1)!)) })
    }

    /// The leaves below some nodes that have rows, by the numbers of their buckets.
    func leaves(_ db: Database, below nodes: Set<Int>) throws -> [Int: Digest] {
        try refresh(db)
        var digests: [Int: Digest] = [:]
        for number in nodes {
            for (bucket, leaf) in try leaves(db, ofNode: number) { digests[Int(bucket)] = leaf.digest }
        }
        return digests
    }

    /// The root the tree will have when the given leaves replace the present ones. Changes nothing but dirt.
    func root(_ db: Database, replacing patch: [UInt16: Leaf]) throws -> Root {
        try refresh(db)
        let touched = Set(patch.keys.map { Int($0 >> 8) })
        var nodes: [(number: Int, leaf: Leaf)] = []
        let rows = try Row.fetchAll(
            db.cachedStatement(sql: "SELECT number, count, digest FROM node WHERE role = ? AND pid = ? AND kid = ?"),
            arguments: StatementArguments(key))
        for row in rows where !touched.contains(row[0]) {
            nodes.append((row[0], Leaf(count: row[1], digest: Digest(bytes: row.bytes(2)!))))
        }
        for number in touched {
            var leaves = try self.leaves(db, ofNode: number)
            for (bucket, leaf) in patch where Int(bucket >> 8) == number { leaves[bucket] = leaf }
            nodes.append((number, Self.node(of: leaves)))
        }
        return Self.root(of: nodes.sorted { $0.number < $1.number })
    }

    // MARK: Recomputing

    private func refresh(_ db: Database, afterChanging buckets: [UInt16] = []) throws {
        let dirty = try Int.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT bucket FROM leaf INDEXED BY leaf_dirty
                    WHERE role = ? AND pid = ? AND kid = ? AND dirty = 1
                    """),
            arguments: StatementArguments(key))
        let stale = Set(buckets).union(dirty.map { UInt16($0) })
        guard !stale.isEmpty else { return }
        try persist(db, try computeLeaves(db, buckets: stale.sorted()))
        for number in Set(stale.map { Int($0 >> 8) }) {
            try persistNode(db, number: number)
        }
    }

    /// The leaves of some buckets, from the rows themselves.
    private func computeLeaves(_ db: Database, buckets: [UInt16]) throws -> [UInt16: Leaf] {
        var leaves = Dictionary(uniqueKeysWithValues: buckets.map { ($0, Leaf(count: 0, digest: .empty)) })
        if buckets.count > Self.scanThreshold {
            var builder = LeafBuilder { bucket, leaf in
                if leaves[bucket] != nil { leaves[bucket] = leaf }
            }
            try builder.add(db.cachedStatement(sql: rowsSQL + " ORDER BY bucket, id"), rowsArguments)
        } else {
            let statement = try db.cachedStatement(sql: rowsSQL + " AND bucket = ? ORDER BY bucket, id")
            for bucket in buckets {
                var builder = LeafBuilder { leaves[$0] = $1 }
                try builder.add(statement, rowsArguments + [Int64(bucket)])
            }
        }
        return leaves
    }

    private var rowsSQL: String {
        switch role {
        case .held: "SELECT bucket, id, base FROM head WHERE kid = ? AND origin = ? AND base IS NOT NULL"
        case .shadowed: "SELECT bucket, id, out_hash FROM shadow WHERE kid = ? AND pid = ? AND state IN (1, 4)"
        }
    }

    private var rowsArguments: StatementArguments { [kid, pid] }

    private func persist(_ db: Database, _ leaves: [UInt16: Leaf]) throws {
        let keep = try RowStatement(
            db,
            sql: """
                INSERT INTO leaf (role, pid, kid, bucket, count, digest, dirty) VALUES (?, ?, ?, ?, ?, ?, 0)
                ON CONFLICT (role, pid, kid, bucket) DO UPDATE SET
                    count = excluded.count, digest = excluded.digest, dirty = 0
                """)
        let remove = try RowStatement(
            db, sql: "DELETE FROM leaf WHERE role = ? AND pid = ? AND kid = ? AND bucket = ?")
        for (bucket, leaf) in leaves.sorted(by: { $0.key < $1.key }) {
            try (leaf.count == 0 ? remove : keep).run { values in
                values.add(role.rawValue)
                values.add(pid)
                values.add(kid)
                values.add(Int64(bucket))
                if leaf.count > 0 {
                    values.add(Int64(leaf.count))
                    values.add(leaf.digest.bytes)
                }
            }
        }
    }

    private func persistNode(_ db: Database, number: Int) throws {
        let node = Self.node(of: try leaves(db, ofNode: number))
        if node.count == 0 {
            try db.cachedStatement(sql: "DELETE FROM node WHERE role = ? AND pid = ? AND kid = ? AND number = ?")
                .execute(arguments: StatementArguments(key + [number]))
        } else {
            try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO node (role, pid, kid, number, count, digest) VALUES (?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: StatementArguments(key + [number, node.count, node.digest.data]))
        }
    }

    private func leaves(_ db: Database, ofNode number: Int) throws -> [UInt16: Leaf] {
        var leaves: [UInt16: Leaf] = [:]
        let statement = try db.cachedStatement(
            sql: """
                SELECT bucket, count, digest FROM leaf
                WHERE role = ? AND pid = ? AND kid = ? AND bucket BETWEEN ? AND ?
                """)
        leaves.reserveCapacity(256)
        let rows = try Row.fetchCursor(
            statement, arguments: StatementArguments(key + [number << 8, number << 8 | 255]))
        while let row = try rows.next() {
            leaves[row[0]] = Leaf(count: row[1], digest: Digest(bytes: row.bytes(2)!))
        }
        return leaves
    }

    // MARK: Shapes

    private static func node(of leaves: [UInt16: Leaf]) -> Leaf {
        let present = leaves.filter { $0.value.count > 0 }.sorted { $0.key < $1.key }
        guard !present.isEmpty else { return Leaf(count: 0, digest: .empty) }
        var text: [UInt8] = []
        for (bucket, leaf) in present {
            text.append(UInt8(truncatingIfNeeded: bucket))
            text.append(contentsOf: leaf.digest.bytes)
        }
        return Leaf(count: present.reduce(0) { $0 + $1.value.count }, digest: Digest(over: text))
    }

    private static func root(of nodes: [(number: Int, leaf: Leaf)]) -> Root {
        let present = nodes.filter { $0.leaf.count > 0 }
        let count = present.reduce(0) { $0 + $1.leaf.count }
        guard count > 0 else { return .empty }
        var text: [UInt8] = []
        for node in present {
            text.append(UInt8(truncatingIfNeeded: node.number))
            text.append(contentsOf: node.leaf.digest.bytes)
        }
        withUnsafeBytes(of: UInt64(count).bigEndian) { text.append(contentsOf: $0) }
        return Root(count: count, digest: Digest(over: text))
    }
}

extension DigestTree {
    /// Leaves from rows that are not in the tables this tree reads, for `root(_:replacing:)`.
    static func leaves(
        of statement: Statement, _ arguments: StatementArguments, emptying buckets: [UInt16]
    ) throws -> [UInt16: Leaf] {
        var leaves = Dictionary(uniqueKeysWithValues: buckets.map { ($0, Leaf(count: 0, digest: .empty)) })
        var builder = LeafBuilder { leaves[$0] = $1 }
        try builder.add(statement, arguments)
        return leaves
    }
}

extension DigestTree {
    /// The root over rows that belong to no peer's tree.
    static func root(of statement: Statement, _ arguments: StatementArguments) throws -> Root {
        var nodes: [Int: [UInt16: Leaf]] = [:]
        var builder = LeafBuilder { nodes[Int($0 >> 8), default: [:]][$0] = $1 }
        try builder.add(statement, arguments)
        return root(of: nodes.sorted { $0.key < $1.key }.map { (number: $0.key, leaf: node(of: $0.value)) })
    }
}

extension DigestTree {
    /// Leaves and nodes that are not what the rows give, and how many rows there are. What is marked dirty is left out:
    /// it is recomputed before anybody looks at it.
    func differences(_ db: Database) throws -> (leaves: [UInt16], nodes: [Int], rows: Int) {
        var real: [UInt16: Leaf] = [:]
        var builder = LeafBuilder { real[$0] = $1 }
        try builder.add(db.cachedStatement(sql: rowsSQL + " ORDER BY bucket, id"), rowsArguments)
        var unseen = Set(real.keys)
        var leaves: [UInt16] = []
        var dirty: Set<Int> = []
        let stored = try Row.fetchCursor(
            db, sql: "SELECT bucket, count, digest, dirty FROM leaf WHERE role = ? AND pid = ? AND kid = ?",
            arguments: StatementArguments(key))
        while let row = try stored.next() {
            let bucket = UInt16(truncatingIfNeeded: row[0] as Int)
            unseen.remove(bucket)
            if row[3] {
                dirty.insert(Int(bucket >> 8))
            } else if real[bucket] != Self.leaf(row, 1) {
                leaves.append(bucket)
            }
        }
        let nodes = try wrongNodes(db, of: real).filter { !dirty.contains($0) }
        return ((leaves + unseen).sorted(), nodes.sorted(), real.values.reduce(0) { $0 + $1.count })
    }

    private func wrongNodes(_ db: Database, of leaves: [UInt16: Leaf]) throws -> [Int] {
        var real = Dictionary(grouping: leaves, by: { Int($0.key >> 8) }).mapValues { members in
            Self.node(of: Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value) }))
        }
        var wrong: [Int] = []
        let stored = try Row.fetchCursor(
            db, sql: "SELECT number, count, digest FROM node WHERE role = ? AND pid = ? AND kid = ?",
            arguments: StatementArguments(key))
        while let row = try stored.next() {
            if real.removeValue(forKey: row[0]) != Self.leaf(row, 1) { wrong.append(row[0]) }
        }
        return wrong + real.keys
    }

    /// A leaf or node as it is stored; one of no rows, which is never stored, for bytes that are no digest.
    private static func leaf(_ row: Row, _ column: Int) -> Leaf {
        guard let bytes = row.bytes(column + 1), bytes.count == Digest.length else {
            return Leaf(count: -1, digest: .empty)
        }
        return Leaf(count: row[column], digest: Digest(bytes: bytes))
    }
}
