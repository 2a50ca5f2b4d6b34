internal import ContentModel
internal import ContentStore
internal import SyncProtocol

extension FuzzedDecoder {
    /// What is read from files that somebody may have copied, spoilt or made.
    static let stored: [FuzzedDecoder] = [
        FuzzedDecoder("plan", read: readPlan), FuzzedDecoder("leaves", read: readLeaves),
        FuzzedDecoder("references", read: readReferences),
    ]

    private struct NotPacked: Error {}

    /// A plan that was written down, to be applied later.
    @Sendable private static func readPlan(_ bytes: [UInt8]) throws {
        let plan = try WrittenPlan(decoding: bytes, named: "plan")
        let written = try plan.encoded()
        let again = try? WrittenPlan(decoding: written, named: "plan").encoded()
        // Sets are written in any order.
        try BrokenPromise.require(
            again == written || again?.sorted() == written.sorted(), "a plan changes when it is written and read again")
        for row in plan.items { _ = try? Kind(row.kind) }
    }

    /// The digests of a node.
    @Sendable private static func readLeaves(_ bytes: [UInt8]) throws {
        guard let packed = PackedForms.repacking(leaves: bytes) else { throw NotPacked() }
        try BrokenPromise.require(packed == bytes, "leaves are read from bytes that are never written")
    }

    /// The links of a staged item.
    @Sendable private static func readReferences(_ bytes: [UInt8]) throws {
        guard let links = PackedForms.links(in: bytes) else { throw NotPacked() }
        try BrokenPromise.require(links.count <= bytes.count / 6, "more links than there is room for")
        let known = links.compactMap { link in (try? Kind(link.kind)).map { ItemLink(kind: $0, id: link.id) } }
        let again = PackedForms.links(in: PackedForms.packing(known))
        let isSame = again?.elementsEqual(known) { $0.kind == $1.kind.name && $0.id == $1.id }
        try BrokenPromise.require(isSame == true, "links change when they are packed and read again")
    }
}
