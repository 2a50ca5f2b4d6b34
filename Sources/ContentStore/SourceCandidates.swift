public import ContentModel
internal import Foundation
internal import GRDB
public import SyncEngine

extension Store {
    public func candidates(_ query: CandidateQuery) async throws -> CandidatePage {
        try await read { db in
            guard let kid = try Numbers.knownKind(db, query.kind) else { return CandidatePage(rows: [], next: nil) }
            let pid = try Numbers.knownPeer(db, query.peer) ?? -1
            let fid = try Self.knownHandlerSet(db, query.filters) ?? -1
            let sql = Self.candidateSQL(query)
            let after = query.after
            let statement = try db.cachedStatement(sql: sql)
            let rows = try Row.fetchCursor(
                statement,
                arguments: [
                    "kid": kid, "pid": pid, "fid": fid, "since": query.since ?? -1,
                    "sequence": after?.sequence ?? -1, "bucket": after.map { Int64($0.bucket) } ?? -1,
                    "id": after?.id ?? "", "limit": query.limit,
                ])
            return try Self.page(rows, limit: query.limit)
        }
    }

    private static func knownHandlerSet(_ db: Database, _ filters: FilterSet) throws -> Int64? {
        try db.cachedStatement(sql: "SELECT fid FROM handler_set WHERE fingerprint = ? AND names = ?")
            .fetchInteger([filters.fingerprint.data, try JSONColumns.encode(filters.handlers)])
    }

    /// Rows whose output is known and acknowledged are left out here, before any body is read.
    private static func candidateSQL(_ query: CandidateQuery) -> String {
        let settled = [ShadowState.acked, .dropped, .skipped].map { String($0.rawValue) }.joined(separator: ", ")
        let range =
            query.since == nil
            ? "(h.bucket, h.id) > (:bucket, :id) AND :since < 0 AND :sequence < 0"
            : "h.seq > :since AND (h.seq, h.bucket, h.id) > (:sequence, :bucket, :id)"
        return """
            SELECT h.id, h.bucket, h.hash, b.bytes, coalesce(s.state, 0), s.out_hash, h.seq
            FROM head h
            LEFT JOIN shadow s ON s.pid = :pid AND s.kid = h.kid AND s.bucket = h.bucket AND s.id = h.id
            LEFT JOIN body b ON b.rid = h.rid
            WHERE h.kid = :kid AND \(range)
                AND (h.deleted = 0 OR s.id IS NOT NULL)
                AND NOT (h.origin = :pid AND h.edited = 0)
                AND NOT (h.deleted = 0 AND s.id IS NOT NULL AND s.state IN (\(settled)) AND s.src_hash IS h.hash AND s.fid IS :fid)
                AND NOT (h.deleted = 0 AND s.id IS NOT NULL AND s.state = \(ShadowState.takenOver.rawValue) AND s.src_hash IS h.hash)
                \(query.includesReverted ? "" : "AND coalesce(s.state, 0) <> \(ShadowState.reverted.rawValue)")
            ORDER BY \(query.since == nil ? "h.bucket, h.id" : "h.seq, h.bucket, h.id")
            LIMIT :limit
            """
    }

    private static func page(_ cursor: RowCursor, limit: Int) throws -> CandidatePage {
        var rows: [Candidate] = []
        var next: CandidatePosition?
        while let row = try cursor.next() {
            let bucket = UInt16(row[1] as Int)
            rows.append(
                Candidate(
                    id: row[0], bucket: Bucket(number: bucket), hash: row.hash(2),
                    body: row.bytes(3).map { JSONDocument(trusted: $0) },
                    shadow: ShadowState(rawValue: row[4]) ?? .none, acknowledged: row.hash(5)))
            next = CandidatePosition(sequence: row[6], bucket: bucket, id: row[0])
        }
        return CandidatePage(rows: rows, next: rows.count < limit ? nil : next)
    }

    public func absentees(kind: Kind, peer: String, includesForeign: Bool) async throws -> [Absentee] {
        var states: [ShadowState] = [.acked, .resend]
        if includesForeign { states.append(.foreign) }
        let list = states.map { String($0.rawValue) }.joined(separator: ", ")
        return try await read { db in
            guard let kid = try Numbers.knownKind(db, kind), let pid = try Numbers.knownPeer(db, peer) else { return [] }
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT s.id, s.bucket, s.state, h.id IS NOT NULL
                    FROM shadow s
                    LEFT JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
                    WHERE s.pid = ? AND s.kid = ? AND s.state IN (\(list)) AND coalesce(h.deleted, 1) = 1
                    ORDER BY s.bucket, s.id
                    """,
                arguments: [pid, kid])
            return rows.map { row in
                Absentee(
                    id: row[0], bucket: Bucket(number: UInt16(row[1] as Int)),
                    isForeign: row[2] == ShadowState.foreign.rawValue, hasTombstone: row[3])
            }
        }
    }
}
