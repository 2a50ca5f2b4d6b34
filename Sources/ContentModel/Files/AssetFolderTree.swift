/// The folders of assets, found by their ids or by their names from the top.
public struct AssetFolderTree: Sendable {
    public struct Folder: Sendable, Hashable {
        public var id: String
        public var name: String
        /// Empty at the top.
        public var parent: String

        public init(id: String, name: String, parent: String) {
            self.id = id
            self.name = name
            self.parent = parent
        }
    }

    private var folders: [ItemID: Folder] = [:]
    private var children: [ItemID: [String]] = [:]

    public init() {}

    /// Takes the items of `assets/folders`.
    public init(_ items: some Sequence<JSONDocument>) {
        for item in items {
            guard let id = item.string("_id") else { continue }
            add(Folder(id: id, name: item.string("name") ?? "", parent: item.string("_p") ?? ""))
        }
    }

    public mutating func add(_ folder: Folder) {
        folders[ItemID(folder.id)] = folder
        children[ItemID(folder.parent), default: []].append(folder.id)
    }

    public subscript(id: String) -> Folder? { folders[ItemID(id)] }

    /// Names from the top, with slashes between them; an id that leads nowhere stands for itself.
    public func path(of id: String) -> String {
        var names: [String] = []
        var next = id
        // Folders that are inside one another have no top.
        while let folder = self[next], names.count < Self.depth {
            names.insert(folder.name, at: 0)
            next = folder.parent
        }
        return names.isEmpty ? id : names.joined(separator: "/")
    }

    /// All folders in the order of their paths.
    public var sorted: [(path: String, folder: Folder)] {
        folders.values.map { (path(of: $0.id), $0) }.sorted { ($0.0, $0.1.id) < ($1.0, $1.1.id) }
    }

    /// Folders that are inside one another deeper than this are not followed.
    public static let depth = 32

    /// The folder that an id or a path names. Throws `unknown_item`, and `usage` where several have the name.
    public func find(_ name: String) throws -> Folder {
        if let folder = self[name] { return folder }
        let (found, missing) = try descend(Self.names(of: name))
        guard let folder = found.flatMap({ self[$0] }), missing.isEmpty else {
            throw TidelockError(
                .unknownItem, "There is no folder '\(name.printable)'.", hint: "'tidelock asset folders' lists them.")
        }
        return folder
    }

    /// Goes down by names as far as there are folders: the last one, nil for the top, and the names that are left.
    public func descend(_ names: [String], from top: String = "") throws -> (folder: String?, missing: [String]) {
        var place = top
        for (position, name) in names.enumerated() {
            let matches = (children[ItemID(place)] ?? []).filter { self[$0]?.name == name }
            guard matches.count < 2 else {
                throw TidelockError(
                    .usage, "There are \(matches.count) folders '\(name.printable)' in the same place.",
                    hint: "Name one by its id: \(matches.sorted().prefix(5).joined(separator: ", ")).")
            }
            guard let next = matches.first else {
                return (place.isEmpty ? nil : place, Array(names[position...]))
            }
            place = next
        }
        return (place.isEmpty ? nil : place, [])
    }

    /// The names in a path such as `Photos/2026`.
    public static func names(of path: String) -> [String] {
        path.split(separator: "/").map(String.init)
    }

    /// A folder as an item in Cockpit's shape.
    public static func item(_ folder: Folder) -> JSONDocument {
        .object([
            ("name", JSONDocument(string: folder.name)), ("_p", JSONDocument(string: folder.parent)),
            ("_id", JSONDocument(string: folder.id)),
        ])
    }
}
