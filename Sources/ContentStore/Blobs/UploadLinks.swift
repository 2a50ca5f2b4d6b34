internal import ContentModel
internal import Foundation
internal import GRDB
internal import Glibc
internal import SyncEngine

/// Where a web server finds the files of assets: below the folder of uploads, by their paths.
///
/// Each is a second name of the blob, so it takes no space. They follow the commit that changed an asset; which ones are
/// still to be made is in the store, so that what a process that dies in between leaves undone is done with the next change
/// of an asset, a commit or a rollback, and when a server starts.
extension Store {
    /// Makes the links of assets that have changed. What cannot be made is logged, and tried again the next time.
    public func linkUploads() async {
        // Nothing is thrown inside, and so neither here.
        try? await BlobWork.perform { [self] in linkUploadsBlocking() }
    }

    /// Like `linkUploads`, on this thread. May be called twice, and beside other processes.
    func linkUploadsBlocking() {
        do {
            guard try pool.read({ db in try UploadLinks.areLeft(db) }) else { return }
            // One after the other: who read earlier what is to be linked could put an older file in a newer one's place.
            let lock = folder.appending(path: "tmp").appending(path: "uploads.lock")
            let changes = try LockFile.alone(at: lock.path) {
                let changes = try pool.read { db in try UploadLinks(db: db, blobs: blobs, uploads: uploads).makeAll() }
                try changes.forEachPage { done in try pool.write { db in try UploadLinks.forget(db, done) } }
                return changes
            }
            if let failure = changes.failure { report(failure, of: changes.failures) }
        } catch {
            report(error, of: nil)
        }
    }

    private func report(_ error: any Error, of count: Int?) {
        let what = count.map { "\($0) files of assets" } ?? "Files of assets"
        record(
            LogRecord(
                timestamp: clock.seconds, type: "error", channel: "assets",
                message: "\(what) could not be put below \(uploads.path): \(TidelockError(wrapping: error).message)"))
    }

    var uploads: URL { folder.appending(path: "uploads", directoryHint: .isDirectory) }
}

struct UploadLinks {
    let db: Database
    let blobs: BlobFolder
    let uploads: URL

    /// Which asset a run changed.
    struct Change: Sendable {
        var run: String
        var bucket: Int64
        var id: String
    }

    struct Changes: Sendable {
        fileprivate var list: [Change] = []
        /// Assets whose links could not be made; they are tried again the next time.
        fileprivate(set) var failures = 0
        /// Why the first of them could not.
        fileprivate(set) var failure: (any Error)?

        fileprivate mutating func note(_ error: any Error) {
            failures += 1
            failure = failure ?? error
        }

        /// Others wait no longer than one page takes.
        func forEachPage(_ body: ([Change]) throws -> Void) rethrows {
            for page in list.pages(of: 1_000) { try body(page) }
        }
    }

    /// Notes, in the transaction that changes them, which assets a run has changed.
    static func note(_ db: Database, run: String) throws {
        guard let kid = try Numbers.knownKind(db, .assets) else { return }
        try db.cachedStatement(
            sql: "INSERT OR IGNORE INTO unlinked_asset SELECT run, bucket, id FROM undo WHERE run = ? AND kid = ?"
        ).execute(arguments: [run, kid])
    }

    static func note(_ db: Database, _ place: Place, run: String) throws {
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO unlinked_asset VALUES (?, ?, ?)")
            .execute(arguments: [run, place.bucket.number, place.id])
    }

    /// Notes every asset, in a store that is put where no links lead to its files yet.
    static func noteAll(_ db: Database) throws {
        guard let kid = try Numbers.knownKind(db, .assets) else { return }
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO unlinked_asset
                SELECT 'restored', bucket, id FROM head WHERE kid = ? AND deleted = 0
                """, arguments: [kid])
    }

    static func forget(_ db: Database, _ changes: [Change]) throws {
        let delete = try db.cachedStatement(sql: "DELETE FROM unlinked_asset WHERE run = ? AND bucket = ? AND id = ?")
        for change in changes { try delete.execute(arguments: [change.run, change.bucket, change.id]) }
    }

    static func areLeft(_ db: Database) throws -> Bool {
        try Bool.fetchOne(db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM unlinked_asset)")) == true
    }

    func makeAll() throws -> Changes {
        var changes = Changes()
        guard try Self.areLeft(db), let kid = try Numbers.knownKind(db, .assets) else { return changes }
        try BlobFile.makeFolder(uploads, mode: 0o755)
        // An asset may take the path of another that goes in the same run, so what goes goes first.
        try forEach(kid, where: "old.rid IS NOT NULL") { _, old, new in
            if let old, old.path != new?.path { try remove(old) }
        } failing: {
            changes.note($0)
        }
        try forEach(kid) { change, old, new in
            if let new { try make(new, instead: old) }
            changes.list.append(change)
        } failing: {
            changes.note($0)
        }
        return changes
    }

    private func forEach(
        _ kid: Int64, where condition: String = "true",
        _ body: (Change, _ old: AssetFile?, _ new: AssetFile?) throws -> Void,
        failing: (any Error) -> Void
    ) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT l.run, l.bucket, l.id, old.bytes, new.bytes
                FROM unlinked_asset l
                LEFT JOIN undo u ON u.run = l.run AND u.kid = :kid AND u.bucket = l.bucket AND u.id = l.id
                LEFT JOIN body old ON old.rid = u.old_rid
                LEFT JOIN head h ON h.kid = :kid AND h.bucket = l.bucket AND h.id = l.id AND h.deleted = 0
                LEFT JOIN body new ON new.rid = h.rid
                WHERE \(condition)
                """, arguments: ["kid": kid])
        while let row = try rows.next() {
            let change = Change(run: row[0], bucket: row[1], id: row[2])
            do {
                try body(
                    change, AssetFiles.file(ofStored: row.bytes(3)), AssetFiles.file(ofStored: row.bytes(4)))
            } catch {
                failing(error)
            }
        }
    }

    /// What lies there and is not that blob belongs to somebody else.
    private func remove(_ file: AssetFile) throws {
        let place = uploads.path + file.path
        guard isOurs(place, file.blob) else { return }
        guard unlink(place) == 0 || errno == ENOENT else { throw BlobFile.failure("\(place.printable) stays") }
        removeEmptyFolders(above: URL(filePath: place))
    }

    private func removeEmptyFolders(above file: URL) {
        var folder = file.deletingLastPathComponent()
        // A folder that is not empty is refused, and ends it.
        while folder.path.count > uploads.path.count, rmdir(folder.path) == 0 { folder.deleteLastPathComponent() }
    }

    private func make(_ file: AssetFile, instead old: AssetFile?) throws {
        let (place, blob) = (uploads.path + file.path, blobs.path(of: file.blob.hash))
        // Mostly nothing is in the way and the folder is there, which the link itself finds out.
        if Self.addName(place, to: blob) || Self.isLink(place, to: blob) { return }
        try requireRoom(at: place, for: file, instead: old)
        try BlobFile.makeFolder(URL(filePath: place).deletingLastPathComponent(), mode: 0o755)
        if Self.addName(place, to: blob) { return }
        let temporary = uploads.appending(path: ".tidelock-\(UUID().uuidString)").path
        defer { unlink(temporary) }
        // Where the folder is on another disk, or somebody else's, there are no links.
        if !Self.addName(temporary, to: blob) { try FileManager.default.copyItem(atPath: blob, toPath: temporary) }
        guard rename(temporary, place) == 0 else { throw BlobFile.failure("\(place.printable) cannot be made") }
    }

    /// Gives a blob one more name, under which web servers can read it, though they run as somebody else. Answers false
    /// where something has that name, and where there can be no such name.
    private static func addName(_ place: String, to blob: String) -> Bool {
        chmod(blob, 0o644) == 0 && link(blob, place) == 0
    }

    /// A file that is nobody's asset is not overwritten.
    private func requireRoom(at place: String, for file: AssetFile, instead old: AssetFile?) throws {
        guard let facts = DiskFacts(at: place) else { return }
        let isLink = facts.isFile && facts.links > 1
        let isOld = old.map { $0.path == file.path && isOurs(place, $0.blob) } ?? false
        guard isLink || isOld || isOurs(place, file.blob) else {
            throw TidelockError(
                .storageFailed, "\(place.printable) is something else than the file of an asset, and stays.",
                hint: "Move it away.")
        }
    }

    /// Whether a file is a blob, be it a link or, on another disk, a copy.
    private func isOurs(_ place: String, _ blob: Blob) -> Bool {
        if Self.isLink(place, to: blobs.path(of: blob.hash)) { return true }
        guard BlobFile.size(at: place) == blob.size else { return false }
        return (try? BlobFolder.hash(ofFile: place)) == blob.hash
    }

    /// Whether both are names of one file.
    private static func isLink(_ place: String, to blob: String) -> Bool {
        guard let here = DiskFacts(at: place), let there = DiskFacts(at: blob) else { return false }
        return here.isSameFile(as: there)
    }
}
