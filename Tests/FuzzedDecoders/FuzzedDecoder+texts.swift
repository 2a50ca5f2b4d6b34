internal import ContentModel
internal import SyncProtocol

extension FuzzedDecoder {
    /// Short texts in settings, commands and requests.
    static let texts: [FuzzedDecoder] = [
        FuzzedDecoder("name", read: readName), FuzzedDecoder("address", read: readAddress),
        FuzzedDecoder("pattern", read: readPattern),
    ]

    /// An item as people name it, or a kind as peers do.
    @Sendable private static func readName(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        if let kind = try? Kind(text) {
            try BrokenPromise.require((try? Kind(kind.name)) == kind, "the name of a kind is none")
        }
        let item = try ItemName(text)
        let written = try? ItemName("\(item.kind.name)/\(item.id)", among: [item.kind])
        try BrokenPromise.require(!item.id.isEmpty, "an item without an id is named")
        try BrokenPromise.require(written?.kind == item.kind, "an item that is named is of another kind")
    }

    /// A range of addresses, and one of them after a blank.
    @Sendable private static func readAddress(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        guard let first = parts.first, let range = try? CIDR(first) else { return }
        for part in parts {
            guard let address = IPAddress(part) else { continue }
            let count = address.bytes.count
            try BrokenPromise.require(count == 4 || count == 16, "an address has \(count) bytes")
            _ = range.contains(address)
            _ = address.isLoopback
        }
    }

    /// A pattern of a filter in the first line, and a text that it is compared with.
    @Sendable private static func readPattern(_ bytes: [UInt8]) throws {
        let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
        guard let pattern = parts.first else { return }
        let filter = try ContentFilter(
            JSONDocument.object([("t", .object([("$regex", JSONDocument(string: pattern))]))]))
        _ = filter.matches(JSONDocument.object([("t", JSONDocument(string: parts.last ?? ""))]))
    }
}
