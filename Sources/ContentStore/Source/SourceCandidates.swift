internal import ContentModel
internal import Foundation
internal import GRDB
public import SyncEngine

extension Store {
    public func candidates(_ query: CandidateQuery) async throws -> CandidatePage {
        if let order = query.order { return try await candidates(query, in: order) }
        return try await read(at: query.catchUp?.moment) { db in
            guard let kid = try Numbers.knownKind(db, query.kind) else { return CandidatePage(rows: [], next: nil) }
            let pid = try Numbers.knownPeer(db, query.peer) ?? -1
            let fid = try Self.knownHandlerSet(db, query.filters) ?? -1
            let sql = Self.candidateSQL(query)
            let after = query.after
            let statement = try db.cachedStatement(sql: sql)
            var arguments: StatementArguments = [
                "kid": kid, "pid": pid, "fid": fid, "since": query.since ?? -1, "upTo": query.upTo,
                // Looking at everything, the order is that of the buckets and says nothing about sequence numbers.
                "sequence": query.since == nil ? -1 : after?.sequence ?? -1,
                "bucket": after.map { Int64($0.bucket) } ?? -1,
                "id": after?.id ?? "", "limit": query.limit,
            ]
            if let ids = query.ids { arguments += ["places": try NamedPlaces.text(of: ids, kind: query.kind)] }
            if let catchUp = query.catchUp { arguments += ["transfer": catchUp.transfer] }
            return try Self.page(statement, arguments, limit: query.limit)
        }
    }

    public func openRows(_ query: CandidateQuery) async throws -> CandidatePage {
        try await read { db in
            guard let kid = try Numbers.knownKind(db, query.kind), let pid = try Numbers.knownPeer(db, query.peer)
            else { return CandidatePage(rows: [], next: nil) }
            let fid = try Self.knownHandlerSet(db, query.filters) ?? -1
            return try Self.page(
                db.cachedStatement(sql: Self.openSQL(query)),
                [
                    "kid": kid, "pid": pid, "fid": fid, "since": query.since ?? -1,
                    "bucket": query.after.map { Int64($0.bucket) } ?? -1, "id": query.after?.id ?? "",
                    "limit": query.limit,
                ], limit: query.limit)
        }
    }

    static func knownHandlerSet(_ db: Database, _ filters: FilterSet) throws -> Int64? {
        try db.cachedStatement(sql: "SELECT fid FROM handler_set WHERE fingerprint = ? AND names = ?")
            .fetchInteger([filters.fingerprint.data, try JSONColumns.encode(filters.handlers)])
    }

    /// Rows whose output is known and acknowledged are left out here, before any body is read.
    ///
    /// A row that came from this very peer and was not edited here is of interest only while the peer holds an output
    /// of ours there.
    static func candidateSQL(_ query: CandidateQuery) -> String {
        let isNamed = query.ids != nil || query.order != nil
        let range =
            switch (query.since, query.order) {
            case (nil, nil): "(h.bucket, h.id) > (:bucket, :id) AND :since < 0 AND :sequence < 0 AND :upTo >= 0"
            case (_, nil): "h.seq > :since AND h.seq <= :upTo AND (h.seq, h.bucket, h.id) > (:sequence, :bucket, :id)"
            case (nil, _): "true"
            case (_, _): "h.seq > :since AND h.seq <= :upTo"
            }
        let choice = query.isSettled ? settled : candidacy(query)
        return """
            SELECT h.id, h.bucket, h.hash, b.bytes, coalesce(s.state, 0), s.out_hash, h.seq, \(theirs), \(contested),
                \(query.catchUp == nil ? "NULL, NULL" : "p.action, p.out_hash"), h.life, \(received)
            FROM \(isNamed ? "\(NamedPlaces.sql) CROSS JOIN head h ON \(NamedPlaces.isAt("h"))" : "head h")
            LEFT JOIN shadow s ON s.pid = :pid AND s.kid = h.kid AND s.bucket = h.bucket AND s.id = h.id
            LEFT JOIN body b ON b.rid = h.rid
            \(query.catchUp == nil ? "" : planned)
            WHERE h.kid = :kid AND \(range) AND \(choice)
            \(query.order == nil ? "ORDER BY \(query.since == nil ? "h.bucket, h.id" : "h.seq, h.bucket, h.id")" : "")
            LIMIT :limit
            """
    }

    private static func candidacy(_ query: CandidateQuery) -> String {
        """
        CASE
            \(query.catchUp == nil ? "" : "WHEN p.id IS NOT NULL THEN true")
            WHEN \(theirs) THEN s.state IN (\(ShadowState.held))
            WHEN s.id IS NULL THEN h.deleted = 0
            WHEN h.deleted = 1 THEN true
            \(unsettled(query)) END
        """
    }

    /// Live rows that the peer holds and that are no candidates.
    private static let settled =
        "h.deleted = 0 AND NOT (\(theirs)) AND s.state = \(ShadowState.acked.rawValue) AND \(isLookedAt)"

    /// The item and the handlers are those of the last look at the row.
    private static let isLookedAt = """
        s.fid IS :fid AND ((s.src_hash IS h.hash AND s.life IS h.life) OR s.life = \(ShadowRow.lifeBeside("h")))
        """

    /// What the plan said of a row before it changed.
    private static let planned = """
        LEFT JOIN plan_op p ON p.transfer = :transfer AND p.kid = h.kid AND p.bucket = h.bucket AND p.id = h.id
        """

    /// The item came from the peer, which knows of it.
    private static let theirs = """
        h.deleted = 0 AND h.origin = :pid AND h.edited = 0 AND s.state IS NOT \(ShadowState.forgotten.rawValue)
        """

    /// What the peer itself sent, where the item came from there.
    private static let received = "CASE WHEN h.origin = :pid THEN h.base END"

    /// The peer holds an output of ours, and nobody here remembers what it was made of: it was sent after the backup from
    /// which this store was restored.
    private static let isContested =
        "coalesce(s.state IN (\(ShadowState.held)) AND s.src_hash IS NULL, 0)"

    /// The same; or the peer has an item beside which this side kept its delete. Where the peer holds an output of ours
    /// since, it knows what is deleted.
    private static let isContestedDelete = """
        \(isContested) OR (s.state NOT IN (\(ShadowState.held)) AND \(UnmergedRows.isUnmergedDelete))
        """

    /// The bits of ``StagedMark``.
    private static let contested =
        "\(isContested) * \(StagedMark.contested) + \(UnmergedRows.isUnmerged) * \(StagedMark.unmerged)"

    /// What is said of a live item whose row of the shadow is there.
    private static func unsettled(_ query: CandidateQuery) -> String {
        """
        WHEN s.state IN (\(ShadowState.list([.acked, .dropped, .skipped]))) AND \(isLookedAt) THEN false
        WHEN \(ShadowRow.isAsTakenOver("s")) THEN false
        WHEN s.state = \(ShadowState.reverted.rawValue) THEN \(query.includesReverted)
        ELSE true
        """
    }

    /// Open rows for which the same holds as for candidates; those that are not here are of interest while the peer
    /// holds an output of ours there.
    static func openSQL(_ query: CandidateQuery) -> String {
        """
        SELECT s.id, s.bucket, h.hash, b.bytes, s.state, s.out_hash, 0, coalesce(\(theirs), 0), \(contested),
            NULL, NULL, h.life, \(received)
        FROM shadow s INDEXED BY shadow_open
        LEFT JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
        LEFT JOIN body b ON b.rid = h.rid
        WHERE s.pid = :pid AND s.kid = :kid AND s.open = 1 AND (s.bucket, s.id) > (:bucket, :id)
            AND (h.id IS NULL OR h.seq <= :since)
            AND CASE
                WHEN h.id IS NULL OR h.deleted = 1 OR \(theirs) THEN s.state IN (\(ShadowState.held))
                \(unsettled(query)) END
        ORDER BY s.bucket, s.id
        LIMIT :limit
        """
    }

    private static func planned(_ row: ColumnReader, _ column: Int32) throws -> Candidate.Planned? {
        try PlannedOperation.Action(rawValue: Int(row.integer(column))).map {
            Candidate.Planned(action: $0, output: try row.hash(column + 1))
        }
    }

    static func page(
        _ statement: Statement, _ arguments: StatementArguments, limit: Int
    ) throws -> CandidatePage {
        var rows: [Candidate] = []
        var next: CandidatePosition?
        let cursor = try Row.fetchCursor(statement, arguments: arguments)
        let row = ColumnReader(statement)
        while try cursor.next() != nil {
            let id = row.text(0)
            let bucket = try row.bucket(1)
            let marks = row.integer(8)
            rows.append(
                try Candidate(
                    id: id, bucket: bucket, hash: row.hash(2), body: row.document(3),
                    shadow: ShadowState(rawValue: Int(row.integer(4))) ?? .none, acknowledged: row.hash(5),
                    isTheirs: row.integer(7) != 0, isContested: marks & StagedMark.contested != 0,
                    isUnmerged: marks & StagedMark.unmerged != 0, received: row.hash(12),
                    planned: row.isNull(9) ? nil : planned(row, 9),
                    life: row.isNull(11) ? nil : row.integer(11)))
            if rows.count == limit { next = CandidatePosition(sequence: row.integer(6), bucket: bucket.number, id: id) }
        }
        return CandidatePage(rows: rows, next: next)
    }
}

extension Store {
    public func absentees(_ query: AbsenteeQuery) async throws -> AbsenteePage {
        try await read { db in
            guard let places = try Self.places(db, query) else { return AbsenteePage(rows: [], next: nil) }
            let rows = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT s.bucket, s.id, \(Self.isContestedDelete), s.state, s.out_hash, \(Self.received),
                            h.id IS NOT NULL
                        \(Self.absenteeSQL(query))
                            AND (s.bucket, s.id) > (:bucket, :id)
                        ORDER BY s.bucket, s.id
                        LIMIT :limit
                        """),
                arguments: places + [
                    "bucket": query.after.map { Int64($0.bucket) } ?? -1, "id": query.after?.id ?? "",
                    "limit": query.limit,
                ])
            let absentees = rows.map {
                Absentee(
                    id: $0[1], bucket: $0.bucket(0), shadow: ShadowState(rawValue: $0[3]) ?? .none, isContested: $0[2],
                    acknowledged: $0.hash(4), received: $0.hash(5), wasHere: $0[6])
            }
            let last = rows.count < query.limit ? nil : absentees.last
            return AbsenteePage(
                rows: absentees,
                next: last.map { CandidatePosition(sequence: 0, bucket: $0.bucket.number, id: $0.id) })
        }
    }

    public func unprovedAbsentees(_ query: AbsenteeQuery) async throws -> Int {
        try await read { db in
            guard let places = try Self.places(db, query) else { return 0 }
            return try Int.fetchOne(
                db.cachedStatement(sql: "SELECT count(*) \(Self.absenteeSQL(query)) AND h.id IS NULL"),
                arguments: places) ?? 0
        }
    }

    private static func places(_ db: Database, _ query: AbsenteeQuery) throws -> StatementArguments? {
        guard let kid = try Numbers.knownKind(db, query.kind), let pid = try Numbers.knownPeer(db, query.peer)
        else { return nil }
        var arguments: StatementArguments = ["pid": pid, "kid": kid, "upTo": query.upTo]
        if let ids = query.ids { arguments += ["places": try NamedPlaces.text(of: ids, kind: query.kind)] }
        return arguments
    }

    private static func absenteeSQL(_ query: AbsenteeQuery) -> String {
        var states = ShadowState.allCases.filter(\.isHeld)
        if query.includesForeign { states += [.foreign, .takenOver] }
        if query.includesReverted { states.append(.reverted) }
        return """
            FROM \(query.ids == nil ? "shadow s" : "\(NamedPlaces.sql) CROSS JOIN shadow s ON \(NamedPlaces.isAt("s"))")
            LEFT JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
            WHERE s.pid = :pid AND s.kid = :kid AND s.state IN (\(ShadowState.list(states)))
                AND (h.id IS NULL OR h.deleted = 1 AND h.seq <= :upTo)
            """
    }
}

/// Items that are named one by one, as the table `named` of a query, so that only they are read.
enum NamedPlaces {
    private struct NamedPlace: Encodable {
        var bucket: Int
        var id: String
    }

    static let sql = "json_each(:places) named"

    /// The condition that a row of `table` is the named one: the rest of its primary key.
    static func isAt(_ table: String) -> String {
        "\(table).bucket = json_extract(named.value, '$.bucket') AND \(table).id = json_extract(named.value, '$.id')"
    }

    static func text(of ids: Set<ItemID>, kind: Kind) throws -> String {
        try JSONColumns.encode(
            ids.map { NamedPlace(bucket: Int(Bucket(kind: kind, id: $0.text).number), id: $0.text) })
    }

    static func text(of places: [TreeLevels.Place]) throws -> String {
        try JSONColumns.encode(places.map { NamedPlace(bucket: Int($0.bucket.number), id: $0.id) })
    }
}
