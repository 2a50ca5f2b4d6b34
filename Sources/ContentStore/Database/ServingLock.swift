internal import ContentModel
public import Foundation
internal import Glibc

/// Tells other processes that a server runs on a store: a shared lock on `storage/tmp/serve.lock`, freed by the kernel
/// when the process ends. A copied folder holds another file, so a server of the original does not count there.
public final class ServingLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock. Whoever asks about it holds the file for a moment, which is waited for on this thread.
    ///
    /// Throws `storage_failed` when the file cannot be made or locked.
    init(in storage: URL) throws {
        let descriptor = try Self.openFile(in: storage)
        while flock(descriptor, LOCK_SH) != 0 {
            let reason = errno
            guard reason != EINTR else { continue }
            _ = Glibc.close(descriptor)
            throw TidelockError(
                .storageFailed,
                "The file \(Self.path(in: storage)) cannot be locked: \(String(cString: strerror(reason))).")
        }
        self.descriptor = descriptor
    }

    deinit { _ = Glibc.close(descriptor) }

    public static func isHeld(in storage: URL) throws -> Bool {
        let descriptor = try openFile(in: storage)
        defer { _ = Glibc.close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0
    }

    private static func openFile(in storage: URL) throws -> Int32 {
        try LockFile.open(path(in: storage))
    }

    private static func path(in storage: URL) -> String {
        storage.appending(path: "tmp").appending(path: "serve.lock").path
    }
}

extension Store {
    /// Tells other processes that a server works with the store: no newer version migrates it while the lock is held.
    /// May be called by several processes at once.
    ///
    /// Throws `schema_too_new` when one has done so since the store was opened, and `storage_failed`.
    public func lockForServing() throws -> ServingLock {
        try translatingErrors(on: folder.path) {
            let lock = try ServingLock(in: folder)
            try Schema.requireUnchanged(pool)
            return lock
        }
    }
}
