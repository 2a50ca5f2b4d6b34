internal import CFiles
internal import ContentModel
internal import Glibc
internal import Synchronization

/// The disk of the folder of blobs, as whoever waits for it asks it.
///
/// That it could not take some bytes, Linux tells once to each descriptor that is open by then, and to one that is
/// opened later only while nobody was told: https://docs.kernel.org/filesystems/vfs.html#handling-errors-during-writeback.
/// Another process of the same store may be told first, so the descriptor that asks is one and stays open. A class,
/// because it owns that. Everything here blocks the thread.
final class BlobDisk: Sendable {
    private let folder: String
    private let call: @Sendable (Int32) -> Int32
    private let opened = Mutex<OpenFolder?>(nil)

    /// - Parameter call: writes out the disk of a descriptor, and answers like
    ///   https://man7.org/linux/man-pages/man2/syncfs.2.html
    init(of folder: String, by call: @escaping @Sendable (Int32) -> Int32 = cfiles_sync_disk) {
        (self.folder, self.call) = (folder, call)
        // A folder that is not there yet has nothing of which the disk could tell.
        try? watch()
    }

    /// Makes sure that `sync` learns what becomes of bytes that are written from now on. May be called twice.
    ///
    /// Throws `storage_failed` where the folder is not there or cannot be read.
    func watch() throws { _ = try current() }

    /// Makes everything that was written on the disk survive a loss of power; many small files are written out faster so
    /// than one by one.
    ///
    /// Throws `disk_full` and `storage_failed`, also for bytes that are none of ours: the disk does not say whose.
    func sync() throws {
        let open = try current()
        guard call(open.descriptor) == 0 else { throw BlobFile.failure("The disk of \(folder) cannot be written") }
    }

    /// A folder that was put in the place of another lies on the same disk, most likely, and a new descriptor would know
    /// less of it.
    private func current() throws -> OpenFolder {
        try opened.withLock { opened in
            if let opened, opened.isOnDisk(of: folder) { return opened }
            let new = try OpenFolder(folder)
            opened = new
            return new
        }
    }
}

/// A class, because it owns the descriptor.
private final class OpenFolder: Sendable {
    let descriptor: Int32

    init(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw BlobFile.failure("The folder \(path) cannot be read") }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    func isOnDisk(of path: String) -> Bool {
        guard let mine = DiskFacts(of: descriptor), let present = DiskFacts(at: path, followsLinks: true) else {
            return false
        }
        return mine.isOnSameDisk(as: present)
    }
}
