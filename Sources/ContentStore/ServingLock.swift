public import Foundation
internal import Glibc

/// Tells other processes that a server runs on a store: a shared lock on `storage/tmp/serve.lock`, freed by the kernel
/// when the process ends. A copied folder holds another file, so a server of the original does not count there.
public final class ServingLock: Sendable {
    private let descriptor: Int32

    /// Throws `storage_failed` when the file cannot be made.
    public init(in storage: URL) throws {
        descriptor = try Self.openFile(in: storage)
        _ = flock(descriptor, LOCK_SH | LOCK_NB)
    }

    deinit { _ = Glibc.close(descriptor) }

    public static func isHeld(in storage: URL) throws -> Bool {
        let descriptor = try openFile(in: storage)
        defer { _ = Glibc.close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0
    }

    private static func openFile(in storage: URL) throws -> Int32 {
        try LockFile.open(storage.appending(path: "tmp").appending(path: "serve.lock").path)
    }
}
