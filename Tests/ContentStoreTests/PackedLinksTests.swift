import ContentModel
import Testing

@testable import ContentStore

/// References as they stand in the row of a staged item.
@Suite struct PackedLinksTests {
    private func unpacked(_ bytes: [UInt8]) -> (links: [ItemLink], isWhole: Bool) {
        var links: [ItemLink] = []
        let isWhole = bytes.withUnsafeBytes { bytes in
            PackedLinks.unpack(bytes) { link in
                let id = String(decoding: link.id, as: UTF8.self)
                guard let kind = try? Kind(String(decoding: link.kind, as: UTF8.self)) else { return }
                if link.bucket == Bucket(kind: kind, id: id) { links.append(ItemLink(kind: kind, id: id)) }
            }
        }
        return (links, isWhole)
    }

    @Test func whatIsPackedIsUnpacked() throws {
        let ids = ["a", "12:", "", "ü\u{0}\n", String(repeating: "9", count: 255)]
        let links = try ids.map { ItemLink(kind: try .content("people"), id: $0) } + [ItemLink(kind: .assets, id: "x")]
        let packed = try #require(PackedLinks.pack(links))
        let read = unpacked(packed)
        #expect(read.links == links && read.isWhole)
        // Cut anywhere it is whole only between two references.
        var ends: Set<Int> = [0]
        for count in links.indices { ends.insert(PackedLinks.pack(Array(links[...count]))?.count ?? 0) }
        for count in 0...packed.count {
            #expect(unpacked(Array(packed.prefix(count))).isWhole == ends.contains(count), "\(count) bytes")
        }
    }

    @Test func noReferencesTakeNoRoom() {
        #expect(PackedLinks.pack([]) == nil)
    }

    @Test(arguments: [
        "x", ":", "1", "1:", "6:assets", "6:assets1", "6:assets1:", "6:assets1:1:", "6:assets:1:x", "6:assets65536:1:x",
        "7:assets1:1:x", "-6:assets1:1:x", "+6:assets1:1:x", " 6:assets1:1:x", "6:assets1:2:x", "6:assets1:1:x ",
        "9999999999:assets1:1:x", "99999999999999999999:a", "6:assets1:1:x6:assets1:1:",
    ])
    func nothingElseIsUnpacked(text: String) {
        #expect(!unpacked(Array(text.utf8)).isWhole)
    }
}
