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

    /// Nil for ids that cannot be.
    fileprivate init?(_ kind: Kind?, _ id: String?) {
        guard let kind, let id, !id.isEmpty, id.utf8.count <= Kind.longestName else { return nil }
        self.init(kind: kind, id: id)
    }
}

extension JSONDocument {
    /// The items that this item of `kind` refers to, each once, in the order of the document; names that cannot be are
    /// left out. Which forms a reference may have is a matter of the kind: see ``LinkForms``.
    ///
    /// An item without a link is hardly looked at: only where its bytes mention a member that links have is it read.
    /// Such a name written with escapes is not recognised.
    public func links(of kind: Kind) -> [ItemLink] { links(of: kind, in: LinkForms(of: kind)) }

    /// Those of its links that lead to nothing where there is no such item. A component of a layout need not be one:
    /// what extends Cockpit defines components of its own.
    public func linksToItems(of kind: Kind) -> [ItemLink] {
        links(of: kind, in: LinkForms(of: kind).subtracting(.components))
    }

    private func links(of kind: Kind, in possible: LinkForms) -> [ItemLink] {
        let forms = bytes.withUnsafeBufferPointer { possible.mentioned(in: $0) }
        guard !forms.isEmpty else { return [] }
        // What is nested need not be read where only members of the item can be links.
        return forms.isDisjoint(with: .objects)
            ? withMembers { $0.links(of: kind, forms) } : withReading { $0.links(of: kind, forms) }
    }
}

extension JSONReading {
    /// The same as ``JSONDocument/linksToItems(of:)``.
    package func linksToItems(of kind: Kind) -> [ItemLink] {
        let forms = LinkForms(of: kind).subtracting(.components).mentioned(in: text)
        return forms.isEmpty ? [] : links(of: kind, forms)
    }

    fileprivate func links(of kind: Kind, _ forms: LinkForms) -> [ItemLink] {
        var found = linksOfMembers(of: kind, forms)
        if !forms.isDisjoint(with: .objects) { index.collectLinks(forms, into: &found) }
        return found.withoutRepetitions
    }
}

extension JSONMembers {
    fileprivate func links(of kind: Kind, _ forms: LinkForms) -> [ItemLink] {
        linksOfMembers(of: kind, forms).withoutRepetitions
    }
}

extension TopLevelMembers {
    /// Links that members of the item itself are.
    fileprivate func linksOfMembers(of kind: Kind, _ forms: LinkForms) -> [ItemLink] {
        [
            forms.contains(.parent) ? ItemLink(kind, parent(of: kind)) : nil,
            forms.contains(.folder) ? ItemLink(.assetFolders, string("folder")) : nil,
        ].compactMap(\.self)
    }
}

extension [ItemLink] {
    /// Each link once, where it comes first.
    fileprivate var withoutRepetitions: [ItemLink] {
        guard count > 1 else { return self }
        guard count > Self.few else { return comparedWithEachOther }
        var seen: Set<ItemLink> = []
        return filter { seen.insert($0).inserted }
    }

    /// Up to here comparing links costs less than hashing them.
    private static let few = 8

    private var comparedWithEachOther: [ItemLink] {
        var once: [ItemLink] = []
        once.reserveCapacity(count)
        for link in self where !once.contains(link) { once.append(link) }
        return once
    }
}

/// The ways in which items refer to others.
private struct LinkForms: OptionSet {
    let rawValue: UInt8

    /// The member that holds the id of the parent.
    static let parent = LinkForms(rawValue: 1)
    /// The member `folder` of an asset.
    static let folder = LinkForms(rawValue: 2)
    /// Objects with `_model` and `_id`, at any depth.
    static let items = LinkForms(rawValue: 4)
    /// Copies of assets, at any depth: objects with `_id`, `mime` and a `path` from the root.
    static let assets = LinkForms(rawValue: 8)
    /// Objects with the id of a page as `page`, at any depth.
    static let pages = LinkForms(rawValue: 16)

    /// Elements of layouts, at any depth: objects with the name of a component as `component`, and its `data`.
    static let components = LinkForms(rawValue: 32)

    static let objects: LinkForms = [.items, .assets, .pages, .components]

    /// The member name without which there is no layout, as it is written.
    static let componentSign: StaticString = "\"component\""
    /// Member names without which other forms do not occur. They begin with an underscore.
    static let signs: [(name: StaticString, form: LinkForms)] = [
        ("_model", .items), ("_pid", .parent), ("_p", .parent), ("_hash", .assets), ("_sha256", .assets),
    ]
    static let signed = LinkForms(signs.map(\.form))
}

extension LinkForms {
    /// Forms that occur in items of a kind.
    fileprivate init(of kind: Kind) {
        switch kind {
        case .assets: self = .folder
        case .assetFolders: self = .parent
        case .pages: self = [.parent, .items, .assets, .components]
        case .menus: self = [.pages, .items, .assets]
        case .pageSettings, .singletons: self = [.items, .assets, .components]
        default: self = kind.isContent ? [.parent, .items, .assets, .components] : []
        }
    }
}

extension LinkForms {
    /// Those of the forms that have no sign, or one that occurs in the document as a whole text. Underscores are rare
    /// enough to jump from one to the next.
    fileprivate func mentioned(in text: UnsafeBufferPointer<UInt8>) -> LinkForms {
        let hasLayout = contains(.components) && text.mentions(LinkForms.componentSign)
        let forms = hasLayout ? self : subtracting(.components)
        var found = forms.subtracting(.signed)
        let bytes = UnsafeRawBufferPointer(text)
        guard var position = bytes.baseAddress else { return found }
        let end = position + bytes.count
        while found != forms, let hit = memchr(position, Int32(UInt8(ascii: "_")), end - position) {
            let rest = UnsafeRawBufferPointer(start: hit, count: end - UnsafeRawPointer(hit))
            for sign in LinkForms.signs where forms.contains(sign.form) && rest.begins(with: sign.name) {
                found.formUnion(sign.form)
            }
            position = UnsafeRawPointer(hit) + 1
        }
        return found
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func mentions(_ text: StaticString) -> Bool {
        jk_mentions(baseAddress, count, text.utf8Start, text.utf8CodeUnitCount) != 0
    }
}

extension UnsafeRawBufferPointer {
    /// Whether a text of JSON ends here that is, or ends with, `name`.
    fileprivate func begins(with name: StaticString) -> Bool {
        let length = name.utf8CodeUnitCount
        guard let baseAddress, count > length, self[length] == UInt8(ascii: "\"") else { return false }
        return memcmp(baseAddress, name.utf8Start, length) == 0
    }
}

extension JSONIndex {
    /// Links that objects inside the item are. The item itself names its model where it is a singleton; that is no
    /// reference.
    fileprivate func collectLinks(_ forms: LinkForms, into found: inout [ItemLink]) {
        for value in inner where kind(value) == JK_OBJECT {
            if let link = link(forms, value) { found.append(link) }
            if forms.contains(.components), !isMember(value), let link = component(value) { found.append(link) }
        }
    }

    /// The component of which an element of a layout is one. What stands in a list and has no data is no such element:
    /// content may call anything a component.
    private func component(_ element: Int) -> ItemLink? {
        guard let data = member(element, "data"), kind(data) == JK_OBJECT || kind(data) == JK_ARRAY,
            let name = text(element, "component"), !LayoutComponents.builtIn.contains(name)
        else { return nil }
        return ItemLink(.layoutComponents, name)
    }

    private func link(_ forms: LinkForms, _ object: Int) -> ItemLink? {
        if forms.contains(.items), let model = text(object, "_model") {
            return ItemLink(try? Kind.content(model), text(object, "_id"))
        }
        if forms.contains(.assets), hasText(object, "mime"), hasPathFromRoot(object) {
            return ItemLink(.assets, text(object, "_id"))
        }
        return forms.contains(.pages) ? ItemLink(.pages, text(object, "page")) : nil
    }

    private func hasPathFromRoot(_ object: Int) -> Bool {
        guard let path = member(object, "path"), kind(path) == JK_STRING else { return false }
        // An escape may stand for the slash.
        return (isEscaped(path) ? string(path).utf8.first : content(path).first) == UInt8(ascii: "/")
    }
}
