internal import CFiles

/// What the disk says of a file or a folder. Where there is none, `errno` says why.
struct DiskFacts {
    private var facts = cfiles_facts()

    /// - Parameter followsLinks: what a symbolic link leads to, instead of the link
    init?(at path: String, followsLinks: Bool = false) {
        guard cfiles_facts_at(path, followsLinks, &facts) == 0 else { return nil }
    }

    init?(of descriptor: Int32) {
        guard cfiles_facts_of(descriptor, &facts) == 0 else { return nil }
    }

    var isFile: Bool { facts.is_file }
    var isFolder: Bool { facts.is_folder }
    /// In bytes.
    var size: Int64 { facts.size }
    /// Unix seconds.
    var modified: Int64 { facts.modified }
    /// How many names the file has.
    var links: UInt64 { facts.links }

    /// Differs from an earlier one when the file was written or replaced in between.
    var stamp: FileStamp {
        FileStamp(
            facts: [
                facts.modified, facts.modified_nanoseconds, facts.size, Int64(truncatingIfNeeded: facts.inode),
                Int64(truncatingIfNeeded: facts.device),
            ])
    }

    /// Whether both are the same file, whatever it is called.
    func isSameFile(as other: DiskFacts) -> Bool {
        isOnSameDisk(as: other) && facts.inode == other.facts.inode
    }

    func isOnSameDisk(as other: DiskFacts) -> Bool { facts.device == other.facts.device }
}

/// What tells whether a file has changed without reading it.
public struct FileStamp: Sendable, Hashable {
    fileprivate let facts: [Int64]

    fileprivate init(facts: [Int64]) {
        self.facts = facts
    }

    /// Nil where there is no file.
    public init?(ofFile path: String) {
        guard let stamp = DiskFacts(at: path, followsLinks: true)?.stamp else { return nil }
        self = stamp
    }
}
