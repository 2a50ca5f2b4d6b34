internal import ContentModel
internal import GRDB
internal import SyncEngine
internal import SyncProtocol

/// Marks rows that a peer has forgotten, from its own list of what it remembers to have sent: it was restored to a time
/// before that. Its rows here are not sent back otherwise, so it would never get them again.
struct ForgottenRows {
    let db: Database
    let pid: Int64
    let kid: Int64
    let kind: Kind

    /// Rows of the peer between the ends of a page that it does not remember as they are. Called once the page is taken
    /// in.
    func mark(beside page: HeldPage, after: ListPosition?, among selected: KindScope?) throws {
        let known = Dictionary(page.items.map { (ItemID($0.id), $0) }) { first, _ in first }
        // Of a peer that lost nearly everything, one page stands beside all rows: they are not held in memory.
        let rows = try rows(after: after, upTo: page.next)
        while let row = try rows.next() {
            let id: String = row[1]
            guard selected?.includes(id) == true, isForgotten(row.hash(2), known[ItemID(id)]) else { continue }
            try mark(id, Bucket(number: UInt16(row[0] as Int)))
        }
    }

    /// One that holds an output of this instance has the item from here.
    private func isForgotten(_ sent: ContentHash?, _ item: HeldItem?) -> Bool {
        guard let item, let sent else { return true }
        return item.base == nil && item.sent != sent.hex
    }

    private func rows(after: ListPosition?, upTo upper: ListPosition?) throws -> RowCursor {
        try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT bucket, id, base FROM head
                    WHERE kid = ? AND origin = ? AND edited = 0 AND deleted = 0
                        AND (bucket, id) > (?, ?) AND (bucket, id) <= (?, ?)
                    """),
            arguments: [
                kid, pid, after.map { Int64($0.bucket) } ?? -1, after?.id ?? "",
                upper.map { Int64($0.bucket) } ?? 65_536, upper?.id ?? "",
            ])
    }

    private func mark(_ id: String, _ bucket: Bucket) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO shadow (pid, kid, bucket, id, src_hash, out_hash, fid, state, open)
                VALUES (?1, ?2, ?3, ?4, NULL, NULL, NULL, ?5, 1)
                ON CONFLICT (pid, kid, bucket, id) DO UPDATE SET state = excluded.state, fid = NULL, open = 1
                """
        ).execute(arguments: [pid, kid, Int64(bucket.number), id, ShadowState.forgotten.rawValue])
        try DigestTree(role: .shadowed, pid: pid, kid: kid).markDirty(db, bucket: bucket)
    }
}
