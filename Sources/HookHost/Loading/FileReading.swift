internal import Foundation

/// Why a file of `hooks/` could not be read.
enum ReadFailure: Error {
    /// It was written or removed in the meantime: look again.
    case changed
    /// It is something that is never read. The path is relative to the folder.
    case refused(String, String)

    var problem: HookProblem {
        switch self {
        case .changed: HookProblem("hooks: a file changed while it was read.")
        case .refused(let path, let reason): HookProblem(file: HookFile.prefix + path, reason)
        }
    }

    /// What the system said about a path; a path that is gone is not an error yet.
    static func system(_ path: String, _ error: Int32) -> ReadFailure {
        error == ENOENT ? .changed : .refused(path, "it cannot be read: \(String(cString: strerror(error))).")
    }
}

/// Paths without symbolic links in them.
enum RealPath {
    /// `nil` when nothing is there.
    static func of(_ path: String) throws(ReadFailure) -> String? {
        guard let real = realpath(path, nil) else {
            let error = errno
            guard error == ENOENT else { throw .system(lastPart(path), error) }
            return nil
        }
        defer { free(real) }
        return String(cString: real)
    }

    /// Messages name the place inside of `hooks/`, not where the instance happens to be.
    private static func lastPart(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}

/// The names in a folder.
enum DirectoryListing {
    static func names(in path: String, called name: String) throws(ReadFailure) -> [String] {
        guard let directory = opendir(path) else { throw failure(name) }
        defer { closedir(directory) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name else { throw .refused("", "a file's name is not UTF-8.") }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw failure(name) }
        return names
    }

    private static func failure(_ name: String) -> ReadFailure {
        .system(String(name.dropFirst(HookFile.prefix.count)), errno)
    }
}

/// What is at a path.
enum FileKind {
    case folder, link, other

    static func of(_ path: String, followingLinks: Bool = true) throws(ReadFailure) -> FileKind {
        var facts = stat()
        guard (followingLinks ? stat(path, &facts) : lstat(path, &facts)) == 0 else { throw .system("", errno) }
        return switch facts.st_mode & S_IFMT {
        case S_IFDIR: .folder
        case S_IFLNK: .link
        default: .other
        }
    }
}

/// The whole text of a regular file.
enum FileText {
    static func read(_ path: String, called name: String, limit: Int) throws(ReadFailure) -> [UInt8] {
        // Not to wait for a writer, should this be a pipe.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(name, errno) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw .system(name, errno) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .refused(name, "it is not a regular file.") }
        guard facts.st_size <= limit else { throw .refused(name, "it is larger than \(limit >> 20) MiB.") }
        return try read(descriptor, called: name, size: Int(facts.st_size))
    }

    /// Asks for one byte more than there should be, to notice a file that is being written.
    private static func read(_ descriptor: Int32, called name: String, size: Int) throws(ReadFailure) -> [UInt8] {
        var text = [UInt8](repeating: 0, count: size + 1)
        var count = 0
        while count <= size {
            let got = text.withUnsafeMutableBytes { room in
                Foundation.read(descriptor, room.baseAddress.map { $0 + count }, room.count - count)
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw .system(name, errno) }
            guard got > 0 else { break }
            count += got
        }
        guard count <= size else { throw .changed }
        return Array(text.prefix(count))
    }
}
