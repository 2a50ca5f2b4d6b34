import Foundation
import GRDB

/// One SQLite file of somebody else's, read so that the folder afterwards is as it was found.
///
/// Reading a database in WAL mode is not as harmless as it sounds: SQLite makes `-wal` and `-shm` files beside it,
/// and a read-only connection leaves them there. If they then belong to another user, Cockpit can no longer write.
/// https://www.sqlite.org/wal.html#read_only_databases
struct QuietDatabase {
    let file: URL

    init(_ file: URL) {
        self.file = file
    }

    private var name: String { file.lastPathComponent }

    /// Runs `body` in one read transaction. What `body` throws arrives as it is.
    func read<T>(_ body: (Database) throws -> T) throws -> T {
        try checkFile()
        let access = Access(to: file)
        let stamp = access == .frozen ? try FileStamp(file) : nil
        let outcome = try CockpitProblem.naming(name) {
            let queue = try DatabaseQueue(path: access.path(of: file), configuration: configuration(for: access))
            return try queue.read { db in Result { try body(db) } }
        }
        let value = try outcome.get()
        if let stamp, try FileStamp(file) != stamp { throw changedWhileRead }
        return value
    }

    private func configuration(for access: Access) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = access != .passing
        configuration.busyMode = .timeout(10)
        configuration.label = name
        return configuration
    }

    // MARK: What can be told before SQLite is asked

    private func checkFile() throws {
        guard let handle = try? FileHandle(forReadingFrom: file) else { throw missingOrUnreadable }
        defer { try? handle.close() }
        guard let head = try? handle.read(upToCount: Self.header.count) else { throw missingOrUnreadable }
        // SQLite takes an empty file for an empty database, and Cockpit leaves some.
        guard head.isEmpty || head == Self.header else {
            throw CockpitProblem(
                name, "this file is no SQLite database.",
                hint: "Restore it from a backup, or import from the database that the installation really uses.")
        }
    }

    /// https://www.sqlite.org/fileformat.html#magic_header_string
    private static let header = Data("SQLite format 3\0".utf8)

    private var missingOrUnreadable: CockpitProblem {
        if FileManager.default.fileExists(atPath: file.path) {
            return CockpitProblem(name, "the file cannot be opened.", hint: "Allow reading it, or use another user.")
        }
        return CockpitProblem(
            name, "the file is missing in \(file.deletingLastPathComponent().path).",
            hint:
                "An installation that keeps its data elsewhere (MongoDB, another folder) cannot be imported from here.")
    }

    private var changedWhileRead: CockpitProblem {
        CockpitProblem(
            name, "the database was written while it was read, and locking it needs write access to its folder.",
            hint: "Try again when Cockpit is quiet, or import as the user that runs Cockpit.")
    }
}

/// How a database file can be opened without leaving traces.
private enum Access {
    /// There are changes in a `-wal` file: join those who use it, and leave it as it is.
    case joining
    /// Nobody is using it: the last connection that closes removes what opening made, but only one that may write.
    /// The transaction on it is read-only all the same.
    case passing
    /// Without write access to the folder, SQLite can neither lock nor make `-shm`; it must treat the file as fixed.
    case frozen

    init(to file: URL) {
        let files = FileManager.default
        let logSize = (try? files.attributesOfItem(atPath: file.path + "-wal")[.size] as? Int) ?? 0
        let folder = file.deletingLastPathComponent().path
        if logSize > 0 {
            self = .joining
        } else if files.isWritableFile(atPath: folder), files.isWritableFile(atPath: file.path) {
            self = .passing
        } else {
            self = .frozen
        }
    }

    /// Only a URI can say that a file is fixed. https://www.sqlite.org/uri.html
    func path(of file: URL) -> String {
        self == .frozen ? file.absoluteString + "?immutable=1" : file.path
    }
}

/// Tells whether a file that could not be locked was written meanwhile.
private struct FileStamp: Equatable {
    var size: Int?
    var modified: Date?
    var hasLog: Bool

    init(_ file: URL) throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        size = attributes[.size] as? Int
        modified = attributes[.modificationDate] as? Date
        hasLog = FileManager.default.fileExists(atPath: file.path + "-wal")
    }
}
