import GRDB

/// Something in a Cockpit storage folder that cannot be taken over as it is.
///
/// Thrown where it stops the reading altogether, listed in a `CockpitInventory` where the rest can be read.
/// Messages name files, tables, rows and ids, never contents.
public struct CockpitProblem: Error, Sendable, Equatable {
    /// Where: "content.sqlite: collections_articles row 17".
    public var source: String
    /// What is wrong there, as a sentence that begins with the source.
    public var message: String
    /// What a person can do about it.
    public var hint: String

    init(_ source: String, _ what: String, hint: String) {
        self.source = source
        self.message = "\(source): \(what)"
        self.hint = hint
    }
}

extension CockpitProblem: CustomStringConvertible {
    public var description: String { "\(message) \(hint)" }
}

extension CockpitProblem {
    /// Does `work` on a Cockpit database, and says which one when SQLite refuses.
    ///
    /// Only our own statements belong inside: an error of the caller, whose store is SQLite too, must not be blamed
    /// on the folder that is being read.
    static func naming<T>(_ source: String, _ work: () throws -> T) throws -> T {
        do {
            return try work()
        } catch let error as DatabaseError {
            throw CockpitProblem(source, error)
        }
    }

    private init(_ source: String, _ error: DatabaseError) {
        let reason = error.message ?? "unknown reason"
        switch error.resultCode {
        case .SQLITE_NOTADB:
            self.init(
                source, "this file is no SQLite database.",
                hint: "Restore it from a backup, or export from the database that the installation really uses.")
        case .SQLITE_CORRUPT:
            self.init(source, "the database is damaged (\(reason)).", hint: "Check it with `PRAGMA integrity_check`.")
        case .SQLITE_BUSY:
            self.init(source, "another process kept the database locked.", hint: "Try again when it is quiet.")
        default:
            self.init(
                source, "the database could not be read (\(reason)).",
                hint: "Read it as the user that runs Cockpit, or copy the whole storage folder and import the copy.")
        }
    }
}
