public import ContentModel

/// What stands packed in rows, read without a store. Bytes of a file may be anything: this is for those who prove that
/// none of them do harm.
public enum PackedForms {
    /// A link as it stands in its row.
    public struct Link: Sendable, Equatable {
        public let kind: String
        public let bucket: UInt16
        public let id: String
    }

    /// The leaves of a node, packed again; nil for bytes that are none.
    public static func repacking(leaves bytes: [UInt8]) -> [UInt8]? {
        bytes.withUnsafeBytes { Leaves(unpacking: $0, node: 0xAB) }.map { Leaves.packed($0.entries[...]) }
    }

    /// Nil for bytes that are no list of links.
    public static func links(in bytes: [UInt8]) -> [Link]? {
        var links: [Link] = []
        let isList = bytes.withUnsafeBytes { packed in
            PackedLinks.unpack(packed) { link in
                links.append(
                    Link(
                        kind: String(decoding: link.kind, as: UTF8.self), bucket: link.bucket.number,
                        id: String(decoding: link.id, as: UTF8.self)))
            }
        }
        return isList ? links : nil
    }

    /// Empty for no links.
    public static func packing(_ links: [ItemLink]) -> [UInt8] { PackedLinks.pack(links) ?? [] }
}
