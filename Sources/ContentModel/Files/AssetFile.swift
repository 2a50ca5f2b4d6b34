/// What an asset says of its file: where it lies below `storage/uploads`, and which bytes it has.
public struct AssetFile: Sendable, Hashable {
    /// Begins with a slash, such as `/2026/11/27/photo_uid_65f0c2d1a3b4c.jpg`.
    public var path: String
    public var blob: Blob

    /// The member of an asset that names its bytes.
    public static let hashMember = "_sha256"

    /// Throws `invalid_asset` for an asset whose file could not be kept safely.
    public init(_ asset: JSONDocument) throws {
        let (path, hash, size) = asset.withMembers { members in
            (
                members.string("path"), members.string(Self.hashMember).flatMap(ContentHash.init(hex:)),
                members.integer("size")
            )
        }
        guard let path, let hash, let size, size >= 0 else {
            throw TidelockError(
                .invalidAsset, "The asset lacks 'path', 'size' or '\(Self.hashMember)', the SHA-256 of its file.",
                hint: "'tidelock asset add' makes assets from files.")
        }
        self.path = path
        blob = Blob(hash: hash, size: size)
        if let problem = Self.problem(with: path) {
            throw TidelockError(.invalidAsset, "An asset cannot lie at '\(path.printable)': \(problem).")
        }
    }

    /// Why a file may not have such a path; nil when it may.
    ///
    /// Paths come from other instances, and a web server may serve what lies there.
    public static func problem(with path: String) -> String? {
        guard path.utf8.first == slash, path.utf8.count <= longestPath else {
            return "a path begins with a slash and has at most \(longestPath) bytes"
        }
        guard !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }) else {
            return "it holds control characters or backslashes"
        }
        let segments = path.utf8.dropFirst().split(separator: slash, omittingEmptySubsequences: false)
        guard segments.allSatisfy({ $0.first.map { $0 != dot } == true && $0.count <= Kind.longestName }) else {
            return "a part of it is empty, hidden or too long"
        }
        let name = segments.last.map { String(decoding: $0, as: UTF8.self) } ?? ""
        return isForbidden(name: name) ? "files of that type are not kept" : nil
    }

    /// File systems look for these bytes; to Swift an accent that follows makes another character of them.
    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    /// Whether a file of this name is something that a web server or a person might run.
    ///
    /// Every extension counts, not only the last: some servers run `x.php.jpg`.
    public static func isForbidden(name: String) -> Bool {
        name.lowercased().utf8.split(separator: dot, omittingEmptySubsequences: false).dropFirst()
            .contains { forbiddenExtensions.contains(String(decoding: $0, as: UTF8.self)) }
    }

    private static let longestPath = 1_024

    private static let forbiddenExtensions: Set<String> = [
        "php", "php3", "php4", "php5", "php7", "php8", "phps", "pht", "phar",
        "phtml", "html", "htm", "xhtml", "xht", "shtml", "sh", "bash",
        "exe", "bat", "cmd", "com", "htaccess", "htpasswd", "cgi", "pl", "jsp", "asp", "aspx",
    ]
}

/// The bytes of a file, named by what they are.
public struct Blob: Sendable, Hashable {
    /// SHA-256 over the bytes.
    public var hash: ContentHash
    /// In bytes.
    public var size: Int64

    public init(hash: ContentHash, size: Int64) {
        self.hash = hash
        self.size = size
    }
}
