internal import ContentModel

/// What is answered to a request for the file of an asset, before any byte of it is read.
struct FileAnswer: Sendable {
    let blob: Blob
    let status: Int
    /// The bytes to send; nil for an answer that is not about any.
    let range: Range<Int64>?
    private(set) var headers: [(name: String, value: String)]

    /// - Parameter isPublic: whether anyone may have the file, so that proxies may keep it for others
    init(_ asset: JSONDocument, _ blob: Blob, _ conditions: FileConditions, isPublic: Bool) {
        self.blob = blob
        let modified = asset.integer("_modified")
        let facts = FileFacts(size: blob.size, tag: blob.hash.hex, modified: modified)
        headers = [
            ("etag", "\"\(blob.hash.hex)\""), ("accept-ranges", "bytes"),
            // Kept by whoever likes, but asked about each time: other bytes may lie at the same path tomorrow.
            ("cache-control", isPublic ? "no-cache" : "private, no-cache"), ("x-content-type-options", "nosniff"),
        ]
        if let modified { headers.append(("last-modified", HTTPDate.text(modified))) }
        switch conditions.selection(of: facts) {
        case .whole:
            (status, range) = (200, 0..<blob.size)
            describe(blob.size, asset)
        case .part(let part):
            (status, range) = (206, part.lowerBound..<part.upperBound + 1)
            describe(part.upperBound - part.lowerBound + 1, asset)
            headers.append(("content-range", "bytes \(part.lowerBound)-\(part.upperBound)/\(blob.size)"))
        case .notModified: (status, range) = (304, nil)
        case .failedCondition: (status, range) = (412, nil)
        case .unsatisfiable:
            (status, range) = (416, nil)
            headers.append(("content-range", "bytes */\(blob.size)"))
        }
    }

    private mutating func describe(_ length: Int64, _ asset: JSONDocument) {
        let type = ServedType(asset.string("mime"))
        headers += [("content-length", "\(length)"), ("content-type", type.mediaType)]
        if type.isCaged { headers.append(("content-security-policy", "sandbox")) }
    }
}
