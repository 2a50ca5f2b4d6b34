internal import ContentModel
internal import SyncProtocol

/// What the source of a delete had sent of an item that is somebody else's here by now: it let go of that version, and
/// what was made of the item here since is one that it never had.
///
/// The beginning of its hash stands above the bits of ``StagedMark``. It is compared when the row is deleted, so that an
/// edit made after the source has seen a list is met as well.
enum KnownVersion {
    private static let markBits: Int64 = 8
    private static let bytes = 6

    /// What is added to the marks of a staged row.
    static func mark(of entry: BatchEntry) -> Int64 {
        guard let known = entry.known else { return 0 }
        return known.bytes.prefix(bytes).reduce(0) { $0 << 8 | Int64($1) } << markBits
    }

    /// Whether the row here `h` is another version than the one that the delete `s` means.
    static let isAnother = """
        (s.contested >> \(markBits) > 0
            AND printf('%0\(2 * bytes)X', s.contested >> \(markBits)) IS NOT hex(substr(h.hash, 1, \(bytes))))
        """
}
