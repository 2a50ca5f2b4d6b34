internal import ContentModel
internal import GRDB

/// Runs database work and says in our words what went wrong with it.
func translatingErrors<Value>(on path: String, _ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch {
        throw translated(error, on: path)
    }
}

func translatingErrors<Value>(
    on path: String, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
) async throws -> Value {
    do {
        return try await body()
    } catch {
        throw translated(error, on: path)
    }
}

private func translated(_ error: any Error, on path: String) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    let reason = error.message ?? "SQLite result \(error.resultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED:
        return TidelockError(
            .databaseBusy, "The store in \(path) is busy: another process has been writing for too long.",
            hint: "Try again; 'tidelock lock status' shows whether a run is at work.", underlying: error)
    case .SQLITE_FULL:
        return TidelockError(
            .diskFull, "The disk that holds \(path) is full; nothing more could be written.",
            hint: "Free some space and run again.",
            underlying: error)
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
        return TidelockError(
            .damagedStore, "The store in \(path) is damaged: \(reason).", hint: "Restore a backup.", underlying: error)
    case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY:
        return TidelockError(
            .storageFailed, "The store in \(path) cannot be opened for writing: \(reason).",
            hint: "Check the folder's owner and permissions.", underlying: error)
    default:
        return TidelockError(.storageFailed, "The store in \(path) failed: \(reason).", underlying: error)
    }
}
