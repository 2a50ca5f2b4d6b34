internal import ContentModel
internal import Glibc
internal import Synchronization

/// Tells newer versions that a process has the store open: a shared lock on a file beside it, freed by the kernel when
/// the process ends. Whoever migrates the store needs the lock alone.
///
/// Where the file cannot be made or locked there is no lock, and all the rest works as far as it can.
final class OpenLock: Sendable {
    private let descriptor: Mutex<Int32?>

    private static let attempts = 20
    private static let pauseMicroseconds: UInt32 = 50_000

    private init(_ descriptor: Int32?) {
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    /// File systems without locks, https://man7.org/linux/man-pages/man2/flock.2.html.
    private static let withoutLocks = [ENOLCK, EOPNOTSUPP, ENOSYS]

    /// Shares the lock. A migration that is under way is waited for on this thread. Throws `storage_failed`.
    static func shared(on database: String) throws -> OpenLock {
        guard let descriptor = try openFile(of: database) else { return OpenLock(nil) }
        let lock = OpenLock(descriptor)
        while flock(descriptor, LOCK_SH) != 0 {
            if withoutLocks.contains(errno) { return OpenLock(nil) }
            guard errno == EINTR else { throw failure("The file \(path(of: database)) cannot be locked") }
        }
        return lock
    }

    /// Takes the lock alone. Answers nil where others share it; those that are about to end are waited for, a second at
    /// most, on this thread. Throws `storage_failed` when the file cannot be opened or locked.
    static func alone(on database: String) throws -> OpenLock? {
        guard let descriptor = try openFile(of: database) else { return OpenLock(nil) }
        let lock = OpenLock(descriptor)
        for _ in 0..<attempts {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return lock }
            if withoutLocks.contains(errno) { return OpenLock(nil) }
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw failure("The file \(path(of: database)) cannot be locked")
            }
            usleep(pauseMicroseconds)
        }
        return nil
    }

    /// May be called twice.
    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { _ = close(open) }
            descriptor = nil
        }
    }

    private static func path(of database: String) -> String { "\(database).open" }

    /// Nil where there is no such file and none can be made.
    private static func openFile(of database: String) throws -> Int32? {
        let path = path(of: database)
        let made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        if made >= 0 { return made }
        guard [EROFS, EACCES, EPERM, ENOSPC, EDQUOT].contains(errno) else {
            throw failure("The lock file \(path) cannot be opened")
        }
        // A lock needs no right to write.
        let present = open(path, O_RDONLY | O_CLOEXEC)
        return present >= 0 ? present : nil
    }

    /// What failed is told by `errno`.
    private static func failure(_ what: String) -> TidelockError {
        TidelockError(
            .storageFailed, "\(what): \(String(cString: strerror(errno))).",
            hint: "Check the folder's owner and permissions.")
    }
}
