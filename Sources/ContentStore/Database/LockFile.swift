internal import ContentModel
internal import Foundation
internal import Glibc

/// Files that are there to be locked: the kernel frees the lock when the process ends, however it does.
enum LockFile {
    /// Opens a file, made with its folder where it is not there. The lock lasts until the descriptor is closed.
    ///
    /// Throws `storage_failed`.
    static func open(_ path: String) throws -> Int32 {
        let folder = URL(filePath: path).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw TidelockError(
                .storageFailed, "The folder \(folder.path) cannot be made.",
                hint: "Check the folder's owner and permissions.", underlying: error)
        }
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw TidelockError(
                .storageFailed, "The lock file \(path) cannot be opened: \(String(cString: strerror(errno))).",
                hint: "Check the folder's owner and permissions.")
        }
        return descriptor
    }

    /// Carries out `body` when nobody else does so under this path, in any process; waits for that, on this thread. The
    /// file stays: removing it would let a third one lock another file.
    ///
    /// Throws `storage_failed`, and what `body` throws.
    static func alone<Output>(at path: String, _ body: () throws -> Output) throws -> Output {
        let descriptor = try open(path)
        defer { _ = Glibc.close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw TidelockError(
                    .storageFailed, "The file \(path) cannot be locked: \(String(cString: strerror(errno))).")
            }
        }
        return try body()
    }
}
