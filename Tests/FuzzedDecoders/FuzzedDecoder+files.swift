internal import CockpitWorkingCopy
internal import ContentModel

extension FuzzedDecoder {
    /// Files that are no JSON.
    static let files: [FuzzedDecoder] = [
        FuzzedDecoder("image", read: readImage), FuzzedDecoder("upload", read: readUpload),
        FuzzedDecoder("literal", read: readLiteral),
    ]

    @Sendable private static func readImage(_ bytes: [UInt8]) throws {
        guard let size = ImageSize(bytes) else { return }
        let sides = 1...ImageSize.longestSide
        try BrokenPromise.require(
            sides.contains(size.width) && sides.contains(size.height), "a picture of \(size.width) × \(size.height)")
    }

    /// The first line is the name of the file, and what follows are its bytes.
    @Sendable private static func readUpload(_ bytes: [UInt8]) throws {
        let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(decoding: parts[0], as: UTF8.self)
        let head = parts.count > 1 ? Array(parts[1]) : []
        let type = FileType(name: name, head: head)
        try BrokenPromise.require(type == FileType(name: name, head: head), "a file is of two types")
        let path = AssetName.path(for: name, type: type, at: 1_800_000_000, mark: "65f0c2d1a3b4c")
        let isPlain = path.utf8.allSatisfy { safe.contains($0) } && path.utf8.count < 200
        try BrokenPromise.require(isPlain && !path.contains("/."), "an upload is called '\(path)'")
        _ = AssetName.title(of: name)
        try FileType.requireHarmless(name: name, head: head)
    }

    private static let safe = Set("/abcdefghijklmnopqrstuvwxyz0123456789-_.".utf8)

    /// A file of a model in a Cockpit installation.
    @Sendable private static func readLiteral(_ bytes: [UInt8]) throws {
        let value = try PHPLiteral.parse(bytes)
        try BrokenPromise.require((try? JSONDocument(validating: value.json)) != nil, "a literal makes no JSON")
    }
}
