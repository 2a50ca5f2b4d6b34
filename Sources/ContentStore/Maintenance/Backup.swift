internal import ContentModel
public import Foundation
internal import GRDB
internal import Glibc
internal import SyncEngine

/// A copy of the store that was made and checked.
public struct BackupReport: Sendable, Codable, Equatable {
    public var file: String
    public var bytes: Int64
    /// The last change that is in it.
    public var sequence: Int64
    /// Left out when there are none.
    public var files: BackupFiles?
}

extension Store {
    /// Writes a consistent copy of the store while others work with it, and checks it before it gets its name.
    ///
    /// The files of assets that it names go into a folder beside it. They never change, so they fit however much later
    /// they are read.
    ///
    /// Throws `usage` when the file exists and may not be replaced, `disk_full` beforehand when there is not enough
    /// room, `damaged_store` when the copy does not pass SQLite's check.
    public func backup(to file: URL, replacing: Bool) async throws -> BackupReport {
        try BackupFile.requireFree(file, replacing: replacing, store: folder)
        let beside = try BackupBlobs(beside: file, of: blobs, replacing: replacing)
        let space = try await space()
        let parent = file.deletingLastPathComponent()
        try StoreFile.requireRoom(for: space.fileBytes - space.freeBytes, times: 1, in: parent.path)
        let partial = parent.appending(path: ".\(file.lastPathComponent).\(random.bytes(6).hex).partial")
        do {
            try await translatingErrors(on: partial.path) {
                // Made here first, so that nobody else can ever read it: it holds keys.
                try BackupFile.make(partial)
                try await copy(to: partial)
            }
            let (sequence, named) = try BackupFile.check(partial, of: identity)
            let files = try await BlobWork.perform { try beside.fill(named) }
            do {
                try BackupFile.finish(partial, as: file, replacing: replacing)
            } catch {
                if files != nil { beside.discard() }
                throw error
            }
            beside.free(allBut: named)
            let size = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? NSNumber
            return BackupReport(file: file.path, bytes: size?.int64Value ?? 0, sequence: sequence, files: files)
        } catch {
            unlink(partial.path)
            throw error
        }
    }

    /// SQLite reads all of it as of one moment: whoever writes meanwhile is neither stopped nor seen.
    private func copy(to file: URL) async throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(Self.busyTimeout)
        // A connection of its own: it cannot be done inside a transaction, nor where only reading is allowed.
        let source = try DatabaseQueue(path: pool.path, configuration: configuration)
        defer { try? source.close() }
        try await source.writeWithoutTransaction { db in
            try db.execute(sql: "VACUUM INTO ?", arguments: [file.path])
        }
    }
}

private enum BackupFile {
    static func requireFree(_ file: URL, replacing: Bool, store folder: URL) throws {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
        let isOwn =
            file.standardizedFileURL.resolvingSymlinksInPath().deletingLastPathComponent().path
            == folder.standardizedFileURL.resolvingSymlinksInPath().path
        if isFolder.boolValue || (isOwn && file.lastPathComponent.hasPrefix("tidelock.sqlite")) {
            throw TidelockError(.usage, "\(file.path) cannot be a backup.", hint: "Name a file of its own.")
        }
        guard !exists || replacing else {
            throw TidelockError(
                .usage, "\(file.path) exists already; it was not touched.",
                hint: "Choose another name, or add --force.")
        }
        let parent = file.deletingLastPathComponent().path
        guard FileManager.default.isWritableFile(atPath: parent) else {
            throw TidelockError(
                .storageFailed, "\(parent) is not there, or cannot be written to.", hint: "Make the folder first.")
        }
    }

    static func make(_ file: URL) throws {
        let descriptor = open(file.path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failed("\(file.path) cannot be made") }
        close(descriptor)
    }

    /// Opens the copy as a store is opened, and answers the sequence number it ends with and the files that it names.
    static func check(_ file: URL, of identity: InstanceIdentity) throws -> (sequence: Int64, files: NamedBlobs) {
        try translatingErrors(on: file.path) {
            let copy = try DatabaseQueue(path: file.path)
            defer { try? copy.close() }
            try copy.write(UploadLinks.noteAll)
            return try copy.read { db in
                let findings = try String.fetchAll(db, sql: "PRAGMA integrity_check(10)")
                guard findings == ["ok"], try Settings.text(db, "instance") == identity.id else {
                    throw TidelockError(
                        .damagedStore,
                        "The copy does not pass SQLite's check: \(findings.first ?? "it says nothing").",
                        hint: "'tidelock verify --deep' tells whether the store itself is damaged.")
                }
                return (try Settings.sequence(db), try NamedBlobs(db))
            }
        }
    }

    /// Gives the copy its name once it is on the disk. A name that was taken meanwhile is not taken over.
    static func finish(_ partial: URL, as file: URL, replacing: Bool) throws {
        try sync(partial.path)
        if replacing {
            guard rename(partial.path, file.path) == 0 else { throw failed("\(file.path) cannot be written") }
        } else {
            guard link(partial.path, file.path) == 0 else { throw failed("\(file.path) cannot be written") }
            unlink(partial.path)
        }
        try sync(file.deletingLastPathComponent().path)
    }

    private static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("\(path) cannot be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failed("\(path) cannot be written to the disk") }
    }

    private static func failed(_ what: String) -> TidelockError {
        TidelockError(.storageFailed, "\(what): \(String(cString: strerror(errno))).")
    }
}
