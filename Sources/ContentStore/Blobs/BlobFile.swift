internal import CFiles
internal import ContentModel
internal import Foundation
internal import Glibc

/// An open file, with failures that say what failed. Closed when nobody holds it any more.
final class BlobFile {
    private let descriptor: Int32
    private let path: String

    /// Throws `not_found` for a file that is not there, and `storage_failed` for one that cannot be read.
    init(reading path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason = errno
            let isAbsent = reason == ENOENT || reason == ENOTDIR
            throw TidelockError(
                isAbsent ? .notFound : .storageFailed,
                "\(path.printable) cannot be read: \(String(cString: strerror(reason))).",
                hint: isAbsent ? nil : "Look at the rights of the file and of its folder.")
        }
    }

    /// Makes the file when it is not there, and writes behind what it has.
    init(writing path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure("\(path) cannot be written") }
    }

    deinit { close(descriptor) }

    /// The file as it is now; nil where the disk does not tell.
    var stamp: FileStamp? { DiskFacts(of: descriptor)?.stamp }

    func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: BlobFolder.chunk, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try retrying("cannot be read") { read(descriptor, buffer.baseAddress, buffer.count) }
            guard count > 0 else { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// Fills memory with bytes from an offset on. Answers how many; fewer than there is room for only at the end.
    func fill(_ room: UnsafeMutableRawBufferPointer, from offset: Int64) throws -> Int {
        var filled = 0
        while filled < room.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: room[filled...])
            let got = try retrying("cannot be read") {
                pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
            }
            guard got > 0 else { break }
            filled += got
        }
        return filled
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = try retrying("cannot be written") { write(descriptor, rest.baseAddress, rest.count) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Appends bytes of a file at its end, which is at `offset`, around the page cache: nobody reads it soon, and
    /// the copy there would cost more than all else that is done with its bytes. What is not aligned, or what the disk
    /// does not take so, goes the usual way: https://man7.org/linux/man-pages/man2/open.2.html, O_DIRECT.
    func appendDirectly(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
        let block = AlignedBuffers.block
        let start = min(bytes.count, Int(-offset & Int64(block - 1)))
        let end = start + (bytes.count - start) / block * block
        guard end > start else { return try append(bytes) }
        try append(UnsafeRawBufferPointer(rebasing: bytes[..<start]))
        let count = try AlignedBuffers.withCopy(of: UnsafeRawBufferPointer(rebasing: bytes[start..<end])) { aligned in
            try retrying("cannot be written") {
                Int(cfiles_append_directly(descriptor, aligned.baseAddress, Int64(aligned.count)))
            }
        }
        try append(UnsafeRawBufferPointer(rebasing: bytes[(start + count)...]))
    }

    /// Makes the bytes survive a loss of power: https://man7.org/linux/man-pages/man2/fsync.2.html.
    func sync() throws {
        guard fdatasync(descriptor) == 0 else { throw Self.failure("\(path) cannot be written") }
    }

    /// Lets the disk begin with bytes that were written, so that `sync` has less to wait for. Promises nothing.
    func beginSync(from offset: Int64, count: Int) {
        _ = cfiles_begin_sync(descriptor, offset, Int64(count))
    }

    private func retrying(_ what: String, _ call: () -> Int) throws -> Int {
        while true {
            let count = call()
            if count >= 0 { return count }
            guard errno == EINTR else { throw Self.failure("\(path.printable) \(what)") }
        }
    }
}

extension BlobFile {
    /// Bytes of a regular file; nil when there is none.
    static func size(at path: String) -> Int64? {
        DiskFacts(at: path).flatMap { $0.isFile ? $0.size : nil }
    }

    /// What failed is told by `errno`.
    static func failure(_ what: String) -> TidelockError {
        let error = errno
        let isFull = error == ENOSPC || error == EDQUOT
        return TidelockError(
            isFull ? .diskFull : .storageFailed, "\(what): \(String(cString: strerror(error))).",
            hint: isFull ? "Free some space, or use a larger disk." : "Look at the rights of the folder.")
    }

    /// Makes a folder with those above it. May be called twice.
    static func makeFolder(_ folder: URL, mode: mode_t = 0o700) throws { try makeFolder(at: folder.path, mode: mode) }

    /// As text: addresses of files take longer to make than folders that are there already.
    static func makeFolder(at path: String, mode: mode_t = 0o700) throws {
        guard mkdir(path, mode) != 0, errno != EEXIST else { return }
        guard errno == ENOENT else { throw failure("The folder \(path) cannot be made") }
        try makeFolder(URL(filePath: path).deletingLastPathComponent(), mode: mode)
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
            throw failure("The folder \(path) cannot be made")
        }
    }

    /// Makes what was renamed into a folder survive a loss of power.
    static func syncFolder(_ folder: URL) throws {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("The folder \(folder.path) cannot be read") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("The folder \(folder.path) cannot be written") }
    }
}
