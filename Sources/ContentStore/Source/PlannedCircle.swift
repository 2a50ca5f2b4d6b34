internal import ContentModel
internal import GRDB
internal import SyncEngine
public import SyncProtocol

extension Store {
    public func plannedCircle(transfer: String) async throws -> TreeCircle? {
        try await read { db in
            let pid = try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT pid FROM plan WHERE transfer = ?"), arguments: [transfer])
            guard let pid else { return nil }
            let trees = try PlannedTrees.kinds(db, transfer: transfer)
            guard !trees.isEmpty else { return nil }
            return try TemporaryDatabase.open().write { paths in
                let search = try CircleSearch(db: db, pid: pid, trees: trees, paths: paths)
                try search.take(batchesOf: transfer)
                return try search.circle()
            }
        }
    }
}

private enum PlannedTrees {
    /// Kinds in which the plan puts items that have parents.
    static func kinds(_ db: Database, transfer: String) throws -> [Int64: Kind] {
        let kids = try Int64.fetchAll(
            db.cachedStatement(sql: "SELECT DISTINCT kid FROM plan_op WHERE transfer = ?"), arguments: [transfer])
        let find = try db.cachedStatement(
            sql: """
                SELECT EXISTS (
                    SELECT 1 FROM plan_op p CROSS JOIN head h
                        ON h.kid = p.kid AND h.bucket = p.bucket AND h.id = p.id
                    WHERE p.transfer = ? AND p.kid = ? AND p.action = 1 AND h.deleted = 0 AND h.parent IS NOT NULL)
                """)
        var kinds: [Int64: Kind] = [:]
        for kid in kids {
            let kind = try Numbers.kind(db, numbered: kid)
            guard kind.mayBeTree, try Bool.fetchOne(find, arguments: [transfer, kid]) == true else { continue }
            kinds[kid] = kind
        }
        return kinds
    }
}

/// Looks for items of a plan that would be inside one another at its destination.
///
/// What the handlers made of an item is in the batches; what the destination holds besides is what it got before. Edits
/// that were made there are not known here. Each item is walked over once, and what was walked over is in no memory.
private struct CircleSearch {
    let db: Database
    let pid: Int64
    let trees: [Int64: Kind]
    /// Holds the parents of planned items, and which walk came by an item.
    let paths: Database

    init(db: Database, pid: Int64, trees: [Int64: Kind], paths: Database) throws {
        self.db = db
        self.pid = pid
        self.trees = trees
        self.paths = paths
        for (table, column) in [("planned", "parent TEXT"), ("step", "walk INTEGER NOT NULL")] {
            try paths.execute(
                sql: """
                    CREATE TABLE \(table) (
                        kid    INTEGER NOT NULL,
                        bucket INTEGER NOT NULL,
                        id     TEXT    NOT NULL,
                        \(column),
                        PRIMARY KEY (kid, bucket, id)
                    ) STRICT, WITHOUT ROWID
                    """)
        }
    }

    func take(batchesOf transfer: String) throws {
        let kids = Dictionary(uniqueKeysWithValues: trees.map { ($0.value, $0.key) })
        let insert = try RowStatement(
            paths, sql: "INSERT OR REPLACE INTO planned (kid, bucket, id, parent) VALUES (?, ?, ?, ?)")
        let batches = try Row.fetchCursor(
            db, sql: "SELECT payload FROM plan_batch WHERE transfer = ? ORDER BY number", arguments: [transfer])
        while let batch = try batches.next() {
            try Task.checkCancellation()
            var decoder = try BatchDecoder(payload: batch.bytes(0)!)  // never null
            var parent: String?
            while let entry = try decoder.next(reading: { parent = $0.parent(of: $1) }) {
                defer { parent = nil }
                guard let kid = kids[entry.kind] else { continue }
                let place = Place(kid: kid, bucket: Bucket(kind: entry.kind, id: entry.id), id: entry.id)
                try insert.run { values in
                    values.add(place)
                    values.add(parent)
                }
            }
        }
    }

    /// The first circle that is found; one that is there already and of which the plan says nothing is not meant.
    func circle() throws -> TreeCircle? {
        let starts = try Row.fetchCursor(
            paths, sql: "SELECT kid, bucket, id FROM planned WHERE parent IS NOT NULL ORDER BY kid, bucket, id")
        var walk: Int64 = 0
        while let row = try starts.next() {
            walk += 1
            if walk % 1_000 == 0 { try Task.checkCancellation() }
            let start = row.place()
            guard let end = try end(of: walk, from: start), let circle = try circle(through: end) else { continue }
            return circle
        }
        return nil
    }

    /// Walks up; answers where the walk met itself, and nil where it came to the top or to where another had been.
    private func end(of walk: Int64, from start: Place) throws -> Place? {
        let find = try paths.cachedStatement(sql: "SELECT walk FROM step WHERE kid = ? AND bucket = ? AND id = ?")
        let note = try RowStatement(paths, sql: "INSERT INTO step (kid, bucket, id, walk) VALUES (?, ?, ?, ?)")
        var next: Place? = start
        while let place = next {
            if let earlier = try find.fetchInteger(StatementArguments(place.arguments)) {
                return earlier == walk ? place : nil
            }
            try note.run { values in
                values.add(place)
                values.add(walk)
            }
            next = try above(place)
        }
        return nil
    }

    private func circle(through start: Place) throws -> TreeCircle? {
        var (items, count) = ([start.id], 1)
        var isPlanned = try isPlanned(start)
        var next = try above(start)
        while let place = next, ItemID(place.id) != ItemID(start.id) {
            count += 1
            if items.count < TreeCircle.listed { items.append(place.id) }
            if !isPlanned { isPlanned = try self.isPlanned(place) }
            next = try above(place)
        }
        guard isPlanned, let kind = trees[start.kid] else { return nil }
        return TreeCircle(kind: kind.name, items: items, count: count)
    }

    private func isPlanned(_ place: Place) throws -> Bool {
        try Bool.fetchOne(
            paths.cachedStatement(
                sql: "SELECT EXISTS (SELECT 1 FROM planned WHERE kid = ? AND bucket = ? AND id = ?)"),
            arguments: StatementArguments(place.arguments)) ?? false
    }

    /// The item that the destination will have above another, where it has that at all.
    private func above(_ place: Place) throws -> Place? {
        guard let kind = trees[place.kid], let parent = try parent(of: place) else { return nil }
        return Place(kid: place.kid, bucket: Bucket(kind: kind, id: parent), id: parent)
    }

    private func parent(of place: Place) throws -> String? {
        let planned = try Row.fetchOne(
            paths.cachedStatement(sql: "SELECT parent FROM planned WHERE kid = ? AND bucket = ? AND id = ?"),
            arguments: StatementArguments(place.arguments))
        if let planned { return planned[0] }
        let held = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT h.parent FROM head h
                    LEFT JOIN shadow s ON s.pid = ? AND s.kid = h.kid AND s.bucket = h.bucket AND s.id = h.id
                    WHERE h.kid = ? AND h.bucket = ? AND h.id = ? AND h.deleted = 0
                        AND (s.state IN (\(ShadowState.held)) OR (h.origin = ? AND h.edited = 0))
                    """),
            arguments: StatementArguments([pid] + place.arguments + [pid]))
        guard let held else { return nil }
        return held[0]
    }
}
