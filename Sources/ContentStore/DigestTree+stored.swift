internal import ContentModel
internal import GRDB

extension DigestTree {
    /// Above this many dirty leaves one scan over the kind is cheaper than a look-up per leaf.
    private static let scanThreshold = 1_024

    /// Computes the leaves that are marked or named, and the nodes above them, from the rows.
    func refresh(_ db: Database, afterChanging buckets: [UInt16] = []) throws {
        let dirty = try Int.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT bucket FROM leaf INDEXED BY leaf_dirty
                    WHERE role = ? AND pid = ? AND kid = ? AND dirty = 1
                    """),
            arguments: StatementArguments(key))
        let stale = Set(buckets).union(dirty.compactMap { UInt16(exactly: $0) }).sorted()
        if stale.count > Self.scanThreshold {
            try scan(db, stale)
        } else if !stale.isEmpty {
            try lookUp(db, stale)
        }
    }

    /// Reads all rows once. What else is below a node comes from them too.
    private func scan(_ db: Database, _ stale: [UInt16]) throws {
        let all = try LeafBuilder.leaves(
            of: db.cachedStatement(sql: rowsSQL + " ORDER BY bucket, id"), rowsArguments)
        let fresh = all.picked(stale)
        try persist(db, fresh)
        for number in fresh.nodes {
            try persist(db, Self.node(of: all.below(node: number)), number: number)
        }
    }

    private func lookUp(_ db: Database, _ stale: [UInt16]) throws {
        let statement = try db.cachedStatement(sql: rowsSQL + " AND bucket = ? ORDER BY bucket, id")
        var builder = LeafBuilder()
        for bucket in stale { try builder.add(statement, rowsArguments + [Int64(bucket)]) }
        let fresh = builder.leaves.picked(stale)
        try persist(db, fresh)
        for number in fresh.nodes {
            try persist(db, Self.node(of: storedLeaves(db, below: number).entries[...]), number: number)
        }
    }

    private func persist(_ db: Database, _ leaves: Leaves) throws {
        let keep = try RowStatement(
            db,
            sql: """
                INSERT INTO leaf (role, pid, kid, bucket, count, digest, dirty) VALUES (?, ?, ?, ?, ?, ?, 0)
                ON CONFLICT (role, pid, kid, bucket) DO UPDATE SET
                    count = excluded.count, digest = excluded.digest, dirty = 0
                """)
        let remove = try RowStatement(
            db, sql: "DELETE FROM leaf WHERE role = ? AND pid = ? AND kid = ? AND bucket = ?")
        for entry in leaves.entries {
            try write(entry.leaf, Int64(entry.bucket), keep, orRemove: remove)
        }
    }

    private func persist(_ db: Database, _ node: Leaf, number: Int) throws {
        let keep = try RowStatement(
            db, sql: "INSERT OR REPLACE INTO node (role, pid, kid, number, count, digest) VALUES (?, ?, ?, ?, ?, ?)")
        let remove = try RowStatement(
            db, sql: "DELETE FROM node WHERE role = ? AND pid = ? AND kid = ? AND number = ?")
        try write(node, Int64(number), keep, orRemove: remove)
    }

    /// A leaf or node without rows is not stored.
    private func write(_ leaf: Leaf, _ number: Int64, _ keep: RowStatement, orRemove remove: RowStatement) throws {
        try (leaf.count == 0 ? remove : keep).run { values in
            values.add(role.rawValue)
            values.add(pid)
            values.add(kid)
            values.add(number)
            if leaf.count > 0 {
                values.add(Int64(leaf.count))
                values.add(leaf.digest)
            }
        }
    }

    // MARK: Reading

    func storedNodes(_ db: Database) throws -> [(number: Int, leaf: Leaf)] {
        let statement = try db.cachedStatement(
            sql: "SELECT number, count, digest FROM node WHERE role = ? AND pid = ? AND kid = ? ORDER BY number")
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(key))
        var nodes: [(number: Int, leaf: Leaf)] = []
        while let row = try rows.next() { nodes.append((row[0], Leaf(statement.sqliteStatement, 1))) }
        return nodes
    }

    func storedLeaves(_ db: Database, below node: Int) throws -> Leaves {
        let statement = try db.cachedStatement(
            sql: """
                SELECT bucket, count, digest FROM leaf
                WHERE role = ? AND pid = ? AND kid = ? AND bucket BETWEEN ? AND ? ORDER BY bucket
                """)
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(key + [node << 8, node << 8 | 255]))
        var leaves = Leaves()
        while try rows.next() != nil { leaves.append(rowOf: statement.sqliteStatement) }
        return leaves
    }
}

extension DigestTree {
    /// Leaves and nodes that are not what the rows give, and how many rows there are. What is marked dirty is left out:
    /// it is recomputed before anybody looks at it.
    func differences(_ db: Database) throws -> (leaves: [UInt16], nodes: [Int], rows: Int) {
        let real = try LeafBuilder.leaves(
            of: db.cachedStatement(sql: rowsSQL + " ORDER BY bucket, id"), rowsArguments)
        var unseen = Set(real.entries.map(\.bucket))
        var leaves: [UInt16] = []
        var dirty: Set<Int> = []
        let statement = try db.cachedStatement(
            sql: "SELECT bucket, count, digest, dirty FROM leaf WHERE role = ? AND pid = ? AND kid = ?")
        let stored = try Row.fetchCursor(statement, arguments: StatementArguments(key))
        while let row = try stored.next() {
            let bucket = UInt16(truncatingIfNeeded: row[0] as Int)
            unseen.remove(bucket)
            if row[3] {
                dirty.insert(Int(bucket >> 8))
            } else if real[bucket] != Leaf(statement.sqliteStatement, 1) {
                leaves.append(bucket)
            }
        }
        let nodes = try wrongNodes(db, of: real).filter { !dirty.contains($0) }
        return ((leaves + unseen).sorted(), nodes.sorted(), real.count)
    }

    private func wrongNodes(_ db: Database, of leaves: Leaves) throws -> [Int] {
        var real = Dictionary(
            uniqueKeysWithValues: leaves.nodes.map { ($0, Self.node(of: leaves.below(node: $0))) })
        let wrong = try storedNodes(db).filter { real.removeValue(forKey: $0.number) != $0.leaf }
        return wrong.map(\.number) + real.keys
    }
}
