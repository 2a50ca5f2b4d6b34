internal import ContentModel
internal import GRDB

/// Where a stored digest tree is not what its rows give.
///
/// What is marked dirty is left out: it is recomputed before anybody looks at it.
struct DigestDifferences {
    var leaves: [UInt16]
    var nodes: [Int]
    /// Marks of buckets that do not exist.
    var strayMarks: Int
    /// How many rows there are.
    var rows: Int

    var count: Int { leaves.count + nodes.count + strayMarks }

    /// Where the differences are, in words.
    var places: String {
        "\(leaves.count) leaves and \(nodes.count) nodes"
            + (strayMarks == 0 ? "" : "; marked to be computed are \(strayMarks) leaves that do not exist")
    }
}

extension DigestTree {
    func differences(_ db: Database) throws -> DigestDifferences {
        let real = try leavesOfRows(db)
        let marks = try marks(db)
        let dirty = Set(marks.compactMap { UInt16(exactly: $0) })
        // A dirty leaf takes its node with it.
        let dirtyNodes = Set(dirty.map { Int($0 >> 8) })
        return DigestDifferences(
            leaves: try real.differences(from: readableLeaves(db)).filter { !dirty.contains($0) },
            nodes: try wrongNodes(db, of: real).filter { !dirtyNodes.contains($0) }.sorted(),
            strayMarks: marks.count - dirty.count, rows: real.count)
    }

    /// Has all that is wrong computed again, and answers how much that was.
    func repair(_ db: Database) throws -> Int {
        let wrong = try differences(db)
        try removeStray(db)
        for bucket in wrong.leaves + wrong.nodes.map({ UInt16(truncatingIfNeeded: $0 << 8) }) {
            try markDirty(db, bucket: Bucket(number: bucket))
        }
        try refresh(db)
        return wrong.count
    }

    /// Takes away nodes and marks with numbers that no tree has.
    private func removeStray(_ db: Database) throws {
        let sql = "WHERE role = ? AND pid = ? AND kid = ? AND"
        try db.cachedStatement(sql: "DELETE FROM node \(sql) number NOT BETWEEN 0 AND 255")
            .execute(arguments: StatementArguments(key))
        try db.cachedStatement(sql: "DELETE FROM dirty_leaf \(sql) bucket NOT BETWEEN 0 AND 65535")
            .execute(arguments: StatementArguments(key))
    }

    /// All leaves as they are stored; none of a node that has them damaged, so that each with rows makes a difference.
    private func readableLeaves(_ db: Database) throws -> Leaves {
        var leaves = Leaves()
        for node in UInt8.min...UInt8.max {
            for entry in try packedLeaves(db, below: node)?.entries ?? [] { leaves.append(entry.bucket, entry.leaf) }
        }
        return leaves
    }

    private func wrongNodes(_ db: Database, of leaves: Leaves) throws -> [Int] {
        var real = Dictionary(
            uniqueKeysWithValues: leaves.nodes.map { ($0, Self.node(of: leaves.below(node: $0))) })
        let wrong = try storedNodes(db).filter { real.removeValue(forKey: $0.number) != $0.leaf }
        return wrong.map(\.number) + real.keys
    }
}
