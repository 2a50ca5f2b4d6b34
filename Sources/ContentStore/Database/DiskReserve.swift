internal import Glibc

/// Room on the disk for the moment in which there is none: a file beside the store that holds nothing.
///
/// SQLite writes down whatever changes before it changes it, also what is only deleted. So on a full disk even a lock
/// could not be freed, were it not for what goes when this file goes.
enum DiskReserve {
    /// For the few pages that the reset of a lock or a small step of freeing writes.
    static let bytes: Int64 = 256 << 10

    /// Makes the file where it is not there, if there is room for all of it. May be called by several at once.
    static func keep(beside database: String) {
        let path = path(beside: database)
        guard BlobFile.size(at: path) != bytes else { return }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // A part of it would help nobody, and take what others need.
        if posix_fallocate(descriptor, 0, off_t(bytes)) != 0 { unlink(path) }
    }

    /// Gives the room back to the disk. It is taken again when there is some, at the latest by the next process that
    /// opens the store.
    static func release(beside database: String) {
        unlink(path(beside: database))
    }

    static func path(beside database: String) -> String { "\(database).reserve" }
}
