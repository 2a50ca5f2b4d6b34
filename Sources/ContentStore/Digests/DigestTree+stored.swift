internal import ContentModel
internal import GRDB

extension DigestTree {
    /// Above this many dirty leaves one scan over the kind is cheaper than a look-up per leaf.
    static let mostLookedUp = 1_024

    /// Computes the leaves that are marked or named, and the nodes above them, from the rows.
    ///
    /// More than ``mostLookedUp`` buckets stand for all of them.
    func refresh(_ db: Database, afterChanging buckets: [UInt16] = []) throws {
        let dirty = try marks(db).compactMap { UInt16(exactly: $0) }
        if buckets.count > Self.mostLookedUp || dirty.count > Self.mostLookedUp {
            try scan(db)
        } else {
            try lookUp(db, Set(buckets).union(dirty).sorted())
        }
        if !dirty.isEmpty { try dropMarks(db) }
    }

    /// Reads all rows once. So many leaves lie below nearly every node, and each is written with all that it has.
    private func scan(_ db: Database) throws {
        let leaves = try leavesOfRows(db)
        for number in 0...255 { try write(db, number, leaves.below(node: number)) }
    }

    private func lookUp(_ db: Database, _ stale: [UInt16]) throws {
        guard !stale.isEmpty else { return }
        let statement = try db.cachedStatement(sql: rowsSQL + " AND bucket = ? ORDER BY bucket, id")
        var builder = LeafBuilder()
        for bucket in stale { try builder.add(statement, rowsArguments + [Int64(bucket)]) }
        let fresh = Leaves(emptying: stale).replacing(builder.leaves.entries[...])
        for number in fresh.nodes {
            try write(db, number, storedLeaves(db, below: number).replacing(fresh.below(node: number)).entries[...])
        }
    }

    /// A node or leaf without rows is not stored.
    private func write(_ db: Database, _ number: Int, _ leaves: ArraySlice<Leaves.Entry>) throws {
        let node = Self.node(of: leaves)
        let isEmpty = node.count == 0
        let statement = try RowStatement(db, sql: isEmpty ? Self.removeSQL : Self.keepSQL)
        try statement.run { values in
            values.add(role.rawValue)
            values.add(pid)
            values.add(kid)
            values.add(Int64(number))
            if isEmpty { return }
            values.add(Int64(node.count))
            values.add(node.digest)
            values.add(Leaves.packed(leaves))
        }
    }

    private static let removeSQL = "DELETE FROM node WHERE role = ? AND pid = ? AND kid = ? AND number = ?"

    /// A row that is there already stays in its place in the file.
    private static let keepSQL = """
        INSERT INTO node (role, pid, kid, number, count, digest, leaves) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (role, pid, kid, number) DO UPDATE SET
            count = excluded.count, digest = excluded.digest, leaves = excluded.leaves
        """

    // MARK: Marks

    /// The buckets that are marked; after damage also some that do not exist.
    func marks(_ db: Database) throws -> [Int] {
        try Int.fetchAll(
            db.cachedStatement(sql: "SELECT bucket FROM dirty_leaf WHERE role = ? AND pid = ? AND kid = ?"),
            arguments: StatementArguments(key))
    }

    /// Takes away the marks of all buckets that exist.
    private func dropMarks(_ db: Database) throws {
        try db.cachedStatement(
            sql: "DELETE FROM dirty_leaf WHERE role = ? AND pid = ? AND kid = ? AND bucket BETWEEN 0 AND 65535"
        ).execute(arguments: StatementArguments(key))
    }

    // MARK: Reading

    func storedNodes(_ db: Database) throws -> [(number: Int, leaf: Leaf)] {
        let statement = try db.cachedStatement(
            sql: "SELECT number, count, digest FROM node WHERE role = ? AND pid = ? AND kid = ? ORDER BY number")
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(key))
        var nodes: [(number: Int, leaf: Leaf)] = []
        while let row = try rows.next() { nodes.append((row[0], Leaf(ColumnReader(statement), 1))) }
        return nodes
    }

    /// The leaves that a node is stored with, or what its rows give where those are damaged.
    func storedLeaves(_ db: Database, below node: Int) throws -> Leaves {
        guard let node = UInt8(exactly: node) else { return Leaves() }
        return try packedLeaves(db, below: node) ?? leavesOfRows(db, below: node)
    }

    /// The leaves that a node is stored with; none for a node that is not, and nil where they are damaged.
    func packedLeaves(_ db: Database, below node: UInt8) throws -> Leaves? {
        let statement = try db.cachedStatement(
            sql: "SELECT leaves FROM node WHERE role = ? AND pid = ? AND kid = ? AND number = ?")
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(key + [Int64(node)]))
        var leaves: Leaves? = Leaves()
        while try rows.next() != nil { leaves = Leaves(ColumnReader(statement), 0, node: node) }
        return leaves
    }

    func leavesOfRows(_ db: Database) throws -> Leaves {
        try LeafBuilder.leaves(of: db.cachedStatement(sql: rowsSQL + " ORDER BY bucket, id"), rowsArguments)
    }

    private func leavesOfRows(_ db: Database, below node: UInt8) throws -> Leaves {
        let first = Int64(node) << 8
        return try LeafBuilder.leaves(
            of: db.cachedStatement(sql: rowsSQL + " AND bucket BETWEEN ? AND ? ORDER BY bucket, id"),
            rowsArguments + [first, first | 255])
    }
}
