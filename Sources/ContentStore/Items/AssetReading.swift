public import ContentModel
internal import GRDB
public import SyncEngine

extension Store: AssetReader {
    public func asset(id: String) async throws -> JSONDocument? {
        try await liveItem(.assets, id)
    }

    /// What was committed before the call is found.
    public func asset(path: String) async throws -> JSONDocument? {
        try await updateAssetPaths()
        return try await read { db in
            let ids = try String.fetchAll(db, sql: AssetPaths.lookupSQL, arguments: [path])
            for id in ids {
                // It may have changed since its path was noted.
                if let asset = try Self.liveItem(db, .assets, id), asset.string("path") == path { return asset }
            }
            return nil
        }
    }

    public func file(of blob: Blob) async throws -> String {
        guard blobs.holds(blob) else { throw BlobFolder.missing(blob.hash) }
        return blobs.path(of: blob.hash)
    }

    /// Notes the paths of assets that changed since this was done last, page by page, so that nobody who writes waits
    /// for it. Several processes may do so at once: a page that somebody else has noted meanwhile is not noted again.
    func updateAssetPaths() async throws {
        while let page = try await read({ db in try AssetPaths.next(db) }) {
            try await write { db in
                guard try AssetPaths.progress(db, page.kid) == page.begin else { return }
                try page.store(db)
            }
        }
    }
}

/// Assets that changed behind those whose paths are noted, in the order of their changes.
struct AssetPaths: Sendable {
    let kid: Int64
    /// Up to where paths were noted when the page was read; nil when none ever was.
    let begin: SearchPlace?
    private var end: SearchPlace
    private var assets: [(id: String, path: String?)] = []

    private static let rows = 500

    static let lookupSQL = "SELECT id FROM asset_path WHERE path = ? ORDER BY id"

    static func progress(_ db: Database, _ kid: Int64) throws -> SearchPlace? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT seq, bucket, id FROM asset_path_progress WHERE kid = ?"), arguments: [kid]
        )
        .map { SearchPlace(sequence: $0[0], bucket: $0[1], id: $0[2]) }
    }

    /// Nil when all paths are noted.
    static func next(_ db: Database) throws -> AssetPaths? {
        guard let kid = try Numbers.knownKind(db, .assets) else { return nil }
        let begin = try progress(db, kid)
        let from = begin ?? SearchPlace()
        var page = AssetPaths(kid: kid, begin: begin, end: from)
        let rows = try Row.fetchCursor(
            db, sql: SearchPage.sql, arguments: [kid, from.sequence, from.bucket, from.id, Self.rows])
        while let row = try rows.next() {
            page.end = SearchPlace(sequence: row[0], bucket: row[1], id: row[2])
            page.assets.append((id: row[2], path: row.bytes(3).flatMap { JSONDocument(trusted: $0).string("path") }))
        }
        return page.assets.isEmpty ? nil : page
    }

    func store(_ db: Database) throws {
        for asset in assets {
            try db.cachedStatement(sql: "DELETE FROM asset_path WHERE id = ?").execute(arguments: [asset.id])
            guard let path = asset.path else { continue }
            try db.cachedStatement(sql: "INSERT INTO asset_path (path, id) VALUES (?, ?)")
                .execute(arguments: [path, asset.id])
        }
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO asset_path_progress (kid, seq, bucket, id) VALUES (?, ?, ?, ?)"
        ).execute(arguments: [kid, end.sequence, end.bucket, end.id])
    }
}
