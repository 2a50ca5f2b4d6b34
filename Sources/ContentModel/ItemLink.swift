internal import Glibc
internal import JSONKernel

/// A reference from one item to another, as items carry it.
public struct ItemLink: Sendable, Hashable {
    public var kind: Kind
    public var id: String

    public init(kind: Kind, id: String) {
        self.kind = kind
        self.id = id
    }
}

extension JSONDocument {
    /// The items that this item of `kind` refers to: every object inside it with a `_model` and an `_id`, and the
    /// parent of an item of a tree. Each once, in the order of the document; names that cannot be are left out.
    ///
    /// An item without a link is hardly looked at: only where its bytes mention `_model` is it read. The name written
    /// with escapes is not recognised.
    public func links(of kind: Kind) -> [ItemLink] {
        guard kind.isContent else { return [] }
        var found: [ItemLink] = []
        if kind.model != nil, mentions("_pid"), let parent = string("_pid"), !parent.isEmpty {
            found.append(ItemLink(kind: kind, id: parent))
        }
        if mentions("_model") {
            withIndex { index in
                // The item itself names its model where it is a singleton; that is no reference.
                for child in index.children(0) { index.collectLinks(in: child, into: &found) }
            }
        }
        var seen: Set<ItemLink> = []
        return found.filter { seen.insert($0).inserted }
    }

    /// Whether a name that begins with an underscore occurs as a whole text; underscores are rare enough to jump from
    /// one to the next.
    private func mentions(_ name: StaticString) -> Bool {
        bytes.withUnsafeBytes { bytes in
            let length = name.utf8CodeUnitCount
            guard var position = bytes.baseAddress, bytes.count > length + 1 else { return false }
            // A match needs the name and a quote behind it.
            let end = position + (bytes.count - length)
            while position < end, let hit = memchr(position, Int32(UInt8(ascii: "_")), end - position) {
                if memcmp(hit, name.utf8Start, length) == 0, hit.load(fromByteOffset: length, as: UInt8.self) == 0x22 {
                    return true
                }
                position = UnsafeRawPointer(hit) + 1
            }
            return false
        }
    }
}

extension JSONIndex {
    /// Documents are at most 512 levels deep, so this may call itself.
    fileprivate func collectLinks(in value: Int, into found: inout [ItemLink]) {
        let isObject = kind(value) == JK_OBJECT
        guard isObject || kind(value) == JK_ARRAY else { return }
        if isObject, let link = link(value) { found.append(link) }
        for child in children(value) { collectLinks(in: child, into: &found) }
    }

    private func link(_ object: Int) -> ItemLink? {
        guard let model = member(object, "_model"), self.kind(model) == JK_STRING, let id = member(object, "_id"),
            self.kind(id) == JK_STRING, case let text = string(id), !text.isEmpty, text.utf8.count <= Kind.longestName,
            let kind = try? Kind.content(string(model))
        else { return nil }
        return ItemLink(kind: kind, id: text)
    }
}
