internal import ContentModel
internal import Foundation
internal import GRDB

extension StoreInspector {
    /// Everything that is wrong with a store, in words; empty when all rules hold.
    public func problems() throws -> [String] {
        try database.read { db in
            try bodies(db) + heads(db) + digests(db) + leftovers(db)
        }
    }

    /// Every body is referenced by exactly one row that owns it, and every reference leads to a body.
    private func bodies(_ db: Database) throws -> [String] {
        var owners: [Int64: [String]] = [:]
        // Bodies of a committed transfer belong to what it changed, also while rows of its stage are left.
        let ownsBodies = "transfer NOT IN (SELECT id FROM transfer WHERE phase = 'committed')"
        // A run that left the row's body where it was (adopt, keep, release, nothing) does not own it.
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT rid, 'head ' || id FROM head WHERE rid IS NOT NULL
                    UNION ALL SELECT rid, 'stage ' || id FROM stage WHERE rid IS NOT NULL AND \(ownsBodies)
                    UNION ALL SELECT arrived, 'arrived ' || id FROM stage WHERE arrived IS NOT NULL AND \(ownsBodies)
                    UNION ALL SELECT rid, 'base of ' || id FROM base_body
                    UNION ALL SELECT rid, 'conflict ' || cid FROM conflict WHERE rid IS NOT NULL
                    UNION ALL SELECT rid, 'decided conflict ' || cid FROM decided_conflict WHERE rid IS NOT NULL
                    UNION ALL SELECT old_rid, 'undo ' || run || ' ' || id || ' verdict ' || verdict FROM undo
                        WHERE old_rid IS NOT NULL AND verdict IN (0, 1, 3, 5, 7)
                    """))
        for row in rows { owners[row[0], default: []].append(row[1]) }
        let present = Set(try Int64.fetchAll(db.cachedStatement(sql: "SELECT rid FROM body")))
        var problems: [String] = []
        for (rid, owners) in owners where owners.count != 1 || !present.contains(rid) {
            problems.append("body \(rid) (\(present.contains(rid) ? "present" : "missing")) is referenced by \(owners)")
        }
        for rid in present where owners[rid] == nil { problems.append("body \(rid) is referenced by nothing") }
        return problems
    }

    private func heads(_ db: Database) throws -> [String] {
        var problems: [String] = []
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT kind.name, head.id, body.bytes, hash, base, origin, edited, deleted, bucket, reverted
                FROM head JOIN kind USING (kid) LEFT JOIN body USING (rid)
                """)
        while let row = try rows.next() {
            let place = "\(row[0] as String)/\(row[1] as String)"
            let isDeleted: Bool = row[7]
            let hash = row[3] as Data?
            let base = row[4] as Data?
            let origin: Int64 = row[5]
            let edited: Int = row[6]
            if isDeleted != (hash == nil) { problems.append("\(place): deleted and hash disagree") }
            if let bytes = row[2] as Data?, try Data(JSONDocument(validating: bytes).hash.bytes) != hash {
                problems.append("\(place): the hash is not that of the body")
            }
            if (origin == 0) != (base == nil) {
                problems.append("\(place): origin \(origin) with base \(String(describing: base))")
            }
            let differs = origin != 0 && hash != base
            // What a rollback brought back and belongs to nobody may be an edit; of what, is not known any more.
            let isBroughtBack = origin == 0 && (row[9] as String?) != nil
            if differs != (edited != 0), !isBroughtBack {
                problems.append("\(place): edited \(edited), and hash and base say otherwise")
            }
            let kind = try Kind(row[0] as String)
            if Int(Bucket(kind: kind, id: row[1]).number) != row[8] { problems.append("\(place): wrong bucket") }
        }
        return problems
    }

    /// Stored leaves and nodes equal those recomputed from the rows, where they are not marked dirty.
    private func digests(_ db: Database) throws -> [String] {
        var expected = try leaves(
            db, role: 0,
            sql: "SELECT origin, kid, bucket, id, base FROM head WHERE origin <> 0 ORDER BY origin, kid, bucket, id")
        expected.merge(
            try leaves(
                db, role: 1,
                sql: """
                    SELECT pid, kid, bucket, id, out_hash FROM shadow
                    WHERE state IN (1, 4, 8, 9) ORDER BY pid, kid, bucket, id
                    """)
        ) { $1 }
        let dirty = Set(
            try Row.fetchAll(db.cachedStatement(sql: "SELECT role, pid, kid, bucket FROM dirty_leaf")).map {
                LeafPlace($0)
            })
        let (stored, unreadable) = try storedLeaves(db)
        var problems = unreadable
        for place in Set(expected.keys).union(stored.keys).subtracting(dirty) where expected[place] != stored[place] {
            problems.append(
                "leaf \(place): stored \(stored[place]?.count ?? 0) rows, recomputed \(expected[place]?.count ?? 0)")
        }
        return problems + (try nodes(db, expected, dirty: Set(dirty.map(\.node))))
    }

    /// What stands in the rows of the nodes: of each leaf the last byte of its bucket, four of its count, its digest.
    private func storedLeaves(_ db: Database) throws -> (leaves: [LeafPlace: RealLeaf], problems: [String]) {
        var leaves: [LeafPlace: RealLeaf] = [:]
        var problems: [String] = []
        for row in try Row.fetchAll(db.cachedStatement(sql: "SELECT role, pid, kid, number, leaves FROM node")) {
            let node = LeafPlace(row)
            let packed = [UInt8](row["leaves"] as Data)
            let lasts = stride(from: 0, to: packed.count, by: 21).map { packed[$0] }
            guard packed.count % 21 == 0, lasts == Set(lasts).sorted() else {
                problems.append("node \(node): its leaves are \(packed.count) bytes long or not in order")
                continue
            }
            for (index, last) in lasts.enumerated() {
                let entry = Array(packed[(21 * index)..<(21 * (index + 1))])
                var place = node
                place.number = node.number * 256 + Int(last)
                leaves[place] = RealLeaf(
                    count: entry[1..<5].reduce(0) { $0 * 256 + Int($1) }, digest: Data(entry[5...]))
            }
        }
        return (leaves, problems)
    }

    private func nodes(_ db: Database, _ leaves: [LeafPlace: RealLeaf], dirty: Set<LeafPlace>) throws -> [String] {
        var expected: [LeafPlace: RealLeaf] = [:]
        for (node, members) in Dictionary(grouping: leaves, by: \.key.node) {
            var text: [UInt8] = []
            for (place, leaf) in members.sorted(by: { $0.key.number < $1.key.number }) {
                text.append(UInt8(truncatingIfNeeded: place.number))
                text.append(contentsOf: leaf.digest)
            }
            expected[node] = RealLeaf(
                count: members.reduce(0) { $0 + $1.value.count }, digest: Data(Digest(over: text).bytes))
        }
        var stored: [LeafPlace: RealLeaf] = [:]
        for row in try Row.fetchAll(db.cachedStatement(sql: "SELECT role, pid, kid, number, count, digest FROM node")) {
            stored[LeafPlace(row)] = RealLeaf(count: row["count"], digest: row["digest"])
        }
        return Set(expected.keys).union(stored.keys).subtracting(dirty)
            .filter { expected[$0] != stored[$0] }
            .map { "node \($0): stored \(stored[$0]?.count ?? 0) rows, recomputed \(expected[$0]?.count ?? 0)" }
    }

    private func leaves(_ db: Database, role: Int, sql: String) throws -> [LeafPlace: RealLeaf] {
        var texts: [LeafPlace: (count: Int, text: [UInt8])] = [:]
        let rows = try Row.fetchCursor(db, sql: sql)
        while let row = try rows.next() {
            let place = LeafPlace(role: role, pid: row[0], kid: row[1], number: row[2])
            let line = Array((row[3] as String).utf8) + [0] + Array(row[4] as Data)
            texts[place, default: (0, [])].count += 1
            texts[place]?.text += line
        }
        return texts.mapValues { RealLeaf(count: $0.count, digest: Data(Digest(over: $0.text).bytes)) }
    }

    /// Nothing outlives what it was for.
    private func leftovers(_ db: Database) throws -> [String] {
        // They are freed after the commit, whoever does it; a small commit leaves none.
        let isOfLargeCommit = """
            transfer IN (SELECT id FROM transfer WHERE phase = 'committed' AND (
                SELECT sum(value) FROM json_each(result)
                WHERE key IN ('created', 'updated', 'deleted', 'adopted', 'kept', 'released')) > 2000)
            """
        let rules = [
            "plan rows without a plan":
                "SELECT count(*) FROM plan_op WHERE transfer NOT IN (SELECT transfer FROM plan)",
            "batches without a plan":
                "SELECT count(*) FROM plan_batch WHERE transfer NOT IN (SELECT transfer FROM plan)",
            "rows of an acknowledged plan":
                "SELECT count(*) FROM plan_op JOIN plan USING (transfer) WHERE phase = 'acknowledged'",
            "batches that no event needs":
                """
            SELECT count(*) FROM plan_batch JOIN plan USING (transfer)
            WHERE phase = 'acknowledged' AND transfer NOT IN (SELECT payload ->> '$.run' FROM outbox)
            """,
            "staged rows of a transfer that is over":
                """
            SELECT count(*) FROM stage WHERE transfer NOT IN (
                SELECT id FROM transfer WHERE phase = 'open' OR (phase = 'abandoned' AND touched > 0))
                AND NOT \(isOfLargeCommit)
            """,
            "a lease of a transfer that is not open":
                "SELECT count(*) FROM lease WHERE transfer NOT IN (SELECT id FROM transfer WHERE phase = 'open')",
            "edited rows of which nobody knows what they were made of":
                """
            SELECT count(*) FROM head h WHERE h.edited <> 0 AND h.origin <> 0 AND h.deleted = 0 AND NOT EXISTS (
                SELECT 1 FROM base_body b
                WHERE b.kid = h.kid AND b.bucket = h.bucket AND b.id = h.id AND b.hash = h.base)
            """,
            "bases that neither a row nor undo nor what a peer was sent needs":
                """
            SELECT count(*) FROM base_body b
            WHERE NOT EXISTS (
                    SELECT 1 FROM head h
                    WHERE h.kid = b.kid AND h.bucket = b.bucket AND h.id = b.id AND h.edited <> 0 AND h.base = b.hash)
                AND NOT EXISTS (
                    SELECT 1 FROM undo u WHERE u.kid = b.kid AND u.bucket = b.bucket AND u.id = b.id)
                AND NOT EXISTS (
                    SELECT 1 FROM conflict c
                    WHERE c.kid = b.kid AND c.bucket = b.bucket AND c.id = b.id AND c.base = b.hash)
                AND NOT EXISTS (
                    SELECT 1 FROM shadow s
                    WHERE s.pid IN (SELECT pid FROM peer) AND s.kid = b.kid AND s.bucket = b.bucket AND s.id = b.id
                        AND s.src_hash = b.hash AND s.out_hash <> s.src_hash)
            """,
            "decided conflicts about items that the undo of their run does not name":
                """
            SELECT count(*) FROM decided_conflict d WHERE NOT EXISTS (
                SELECT 1 FROM undo u WHERE u.run = d.run AND u.kid = d.kid AND u.bucket = d.bucket AND u.id = d.id)
            """,
            "undo of a run that cannot be undone":
                "SELECT count(*) FROM undo WHERE run NOT IN (SELECT id FROM run WHERE undoable = 1)",
        ]
        return try rules.sorted { $0.key < $1.key }.compactMap { rule, sql in
            let number = try Int.fetchOne(db, sql: sql) ?? 0
            return number == 0 ? nil : "\(number) \(rule)"
        }
    }
}

/// Where a leaf or a node lives.
private struct LeafPlace: Hashable, CustomStringConvertible {
    var role: Int
    var pid: Int
    var kid: Int
    /// The bucket of a leaf, or the number of a node.
    var number: Int

    init(role: Int, pid: Int, kid: Int, number: Int) {
        self.role = role
        self.pid = pid
        self.kid = kid
        self.number = number
    }

    init(_ row: Row) {
        self.init(role: row[0], pid: row[1], kid: row[2], number: row[3])
    }

    var node: LeafPlace { LeafPlace(role: role, pid: pid, kid: kid, number: number >> 8) }
    var description: String { "\(role)/\(pid)/\(kid)/\(number)" }
}

private struct RealLeaf: Hashable {
    var count: Int
    var digest: Data
}
