/// A page as far as its address goes.
public struct PageNode: Sendable, Equatable {
    public var id: String
    /// Nil for a page at the top of its tree.
    public var parent: String?
    /// Nil where the page has none, and so no address.
    public var slug: String?
    /// The place among its siblings.
    public var order: Int64

    public init(id: String, parent: String? = nil, slug: String?, order: Int64 = 0) {
        self.id = id
        self.parent = parent
        self.slug = slug
        self.order = order
    }

    /// Nil for a page without an id.
    public init?(_ page: JSONDocument) {
        guard let id = page.string("_id") else { return nil }
        let parent = page.withMembers { $0.parent(of: .pages) }
        self.init(id: id, parent: parent, slug: page.string("slug"), order: page.integer("_o") ?? 0)
    }
}

/// The address of each page of a tree: the slugs on the way down to it, as they are written.
///
/// A page at the top whose slug is empty or `/` is the start page: its address is `/`, and the slugs of the pages below
/// it come first in theirs. A page has no address when it has no slug, when a page above it has none or is not there,
/// or when it lies inside itself, and none that is longer than browsers and proxies take. Of pages with the same
/// address the first has it, by `_o` and then by id.
public struct PageRoutes: Sendable, Equatable {
    public struct Route: Sendable, Equatable {
        public var path: String
        /// Id of the page.
        public var page: String
    }

    /// In the order of their paths, compared as bytes.
    public let list: [Route]
    /// How many pages are left out because their addresses would be too long.
    public let leftOut: Int

    /// The longest address that is accepted, in UTF-8 bytes.
    public static let longestPath = 2_048

    public init(_ pages: [PageNode]) {
        var tree = PageTree(pages)
        var taken: Set<[UInt8]> = []
        var list: [Route] = []
        for page in pages.sorted(by: { $0.stands(before: $1) }) {
            guard let path = tree.path(of: page), taken.insert(Array(path.utf8)).inserted else { continue }
            list.append(Route(path: path, page: page.id))
        }
        self.list = list.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        leftOut = tree.tooLong.count
    }
}

extension PageNode {
    fileprivate func stands(before other: PageNode) -> Bool {
        (order, ItemID(id)) < (other.order, ItemID(other.id))
    }
}

/// Finds the ways from the top of a tree to its pages. Each page is walked over once, whatever circles there are.
private struct PageTree {
    private let pages: [ItemID: PageNode]
    private var visited: Set<ItemID> = []
    /// What the addresses of pages below a page begin with: nothing below the start page.
    private var prefixes: [ItemID: String] = [:]
    /// Pages whose addresses would be too long, with those below them.
    private(set) var tooLong: Set<ItemID> = []

    init(_ pages: [PageNode]) {
        self.pages = Dictionary(pages.map { (ItemID($0.id), $0) }) { first, _ in first }
    }

    mutating func path(of page: PageNode) -> String? {
        var way: [PageNode] = []
        var next: PageNode? = page
        while let page = next, visited.insert(ItemID(page.id)).inserted {
            way.append(page)
            next = page.parent.flatMap { pages[ItemID($0)] }
        }
        for page in way.reversed() { prefixes[ItemID(page.id)] = prefix(of: page) }
        return prefixes[ItemID(page.id)].map { $0.isEmpty ? "/" : $0 }
    }

    private mutating func prefix(of page: PageNode) -> String? {
        guard let slug = page.slug?.withoutOuterSlashes else { return nil }
        guard let parent = page.parent.map({ ItemID($0) }) else {
            return slug.isEmpty ? "" : accepted("/" + slug, of: page)
        }
        guard !slug.isEmpty else { return nil }
        guard let above = prefixes[parent] else {
            if tooLong.contains(parent) { tooLong.insert(ItemID(page.id)) }
            return nil
        }
        return accepted("\(above)/\(slug)", of: page)
    }

    /// Nil for an address that is too long.
    private mutating func accepted(_ path: String, of page: PageNode) -> String? {
        guard path.utf8.count > PageRoutes.longestPath else { return path }
        tooLong.insert(ItemID(page.id))
        return nil
    }
}

extension String {
    fileprivate var withoutOuterSlashes: String {
        let inner = drop { $0 == "/" }
        return String(inner.prefix(inner.count - inner.reversed().prefix { $0 == "/" }.count))
    }
}
