/// What can be told of the file of an asset by looking at it: the members that a new file changes.
public struct AssetFacts: Sendable, Equatable {
    public var path: String
    public var type: FileType
    public var blob: Blob
    /// MD5 over the bytes in hex, which Cockpit compares files by.
    public var md5: String
    /// Nil for everything but pictures.
    public var sides: ImageSize?

    /// - Parameter head: the first `FileType.headBytes` of the file, or all of them where there are fewer
    public init(path: String, name: String, head: [UInt8], blob: Blob, md5: String) {
        self.path = path
        self.type = FileType(name: name, head: head)
        self.blob = blob
        self.md5 = md5
        self.sides = ImageSize(head)
    }

    /// A new asset in Cockpit's shape and order.
    ///
    /// - Parameters:
    ///   - folder: the id of a folder, empty for none
    ///   - seconds: since 1970
    public func asset(id: String, title: String, folder: String, at seconds: Int64) -> JSONDocument {
        .object([
            ("path", JSONDocument(string: path)), ("title", JSONDocument(string: title)),
            ("mime", JSONDocument(string: type.mime)), ("type", JSONDocument(string: type.family.rawValue)),
            ("description", JSONDocument(string: "")), ("tags", .emptyArray),
            ("size", JSONDocument(integer: blob.size)), ("colors", .null),
            ("width", side(\.width)), ("height", side(\.height)), ("_hash", JSONDocument(string: md5)),
            ("_created", JSONDocument(integer: seconds)), ("_modified", JSONDocument(integer: seconds)),
            ("_cby", .null), ("altText", JSONDocument(string: "")), ("folder", JSONDocument(string: folder)),
            ("_id", JSONDocument(string: id)), (AssetFile.hashMember, JSONDocument(string: blob.hash.hex)),
        ])
    }

    /// The asset with this file in place of the one it had. What was found out about the old one goes with it; what
    /// people wrote stays, byte for byte.
    public func replacing(fileOf asset: JSONDocument, at seconds: Int64) -> JSONDocument {
        let changed: [(String, JSONDocument)] = [
            ("path", JSONDocument(string: path)), ("mime", JSONDocument(string: type.mime)),
            ("type", JSONDocument(string: type.family.rawValue)), ("size", JSONDocument(integer: blob.size)),
            ("colors", .null), ("width", side(\.width)), ("height", side(\.height)),
            ("_hash", JSONDocument(string: md5)), ("_modified", JSONDocument(integer: seconds)),
            (AssetFile.hashMember, JSONDocument(string: blob.hash.hex)),
        ]
        let kept = Self.measured.reduce(asset) { $0.removing($1) }
        return changed.reduce(kept) { $0.setting($1.0, to: $1.1) }
    }

    /// Members that Cockpit finds out about some files, and this tool does not.
    private static let measured = ["thumbhash", "duration", "codec"]

    private func side(_ side: KeyPath<ImageSize, Int>) -> JSONDocument {
        sides.map { JSONDocument(integer: $0[keyPath: side]) } ?? .null
    }
}
