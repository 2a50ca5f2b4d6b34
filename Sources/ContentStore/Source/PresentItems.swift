internal import ContentModel
internal import GRDB
public import SyncEngine

extension Store {
    public func present(_ items: [ItemKey], bytes: Int, toward peer: String) async throws -> [PresentItem] {
        try await read { db in
            let pid = try Numbers.knownPeer(db, peer) ?? -1
            let find = try db.cachedStatement(sql: PresentItems.sql)
            var present: [PresentItem] = []
            var size = 0
            for item in items {
                let kid = try Numbers.knownKind(db, item.kind) ?? -1
                let bucket = Int64(Bucket(kind: item.kind, id: item.id).number)
                guard let row = try Row.fetchOne(find, arguments: [pid, kid, bucket, item.id]) else {
                    present.append(PresentItem(id: item.id, content: .none, isOriginal: false))
                    continue
                }
                let length: Int = row[1]
                let isTooLarge = length > bytes
                if !isTooLarge, size + length > bytes { break }
                size += isTooLarge ? 0 : length
                present.append(
                    PresentItem(
                        id: item.id, content: isTooLarge ? .tooLarge : .document(try Bodies.fetch(db, row[0])),
                        isOriginal: row[2]))
            }
            return present
        }
    }
}

private enum PresentItems {
    /// The length is told without reading the body.
    static let sql = """
        SELECT h.rid, length(b.bytes), \(Collision.isOriginal)
        FROM head h
        JOIN body b ON b.rid = h.rid
        LEFT JOIN shadow sh ON sh.pid = ? AND sh.kid = h.kid AND sh.bucket = h.bucket AND sh.id = h.id
        WHERE h.kid = ? AND h.bucket = ? AND h.id = ? AND h.deleted = 0
        """
}
