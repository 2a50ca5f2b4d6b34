/// A family of items that sync together, such as `models` or `content/posts`.
///
/// A kind names where items live and which member of an item identifies it. Two items are the same item
/// when their kind and id are equal.
public struct Kind: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The stable spelling used in commands, on the wire and in the store.
    public let name: String

    public static let models = Kind(checked: "models")
    public static let locales = Kind(checked: "locales")
    public static let singletons = Kind(checked: "singletons")
    public static let assets = Kind(checked: "assets")
    public static let assetFolders = Kind(checked: "assets/folders")
    public static let pages = Kind(checked: "pages")
    public static let menus = Kind(checked: "pages/menus")
    public static let pageSettings = Kind(checked: "pages/settings")
    public static let translationProjects = Kind(checked: "lokalize/projects")
    public static let layoutComponents = Kind(checked: "layout/components")

    /// Kinds with a name of their own; the others carry the name of a model or a project.
    static let named = [
        models, locales, singletons, assets, assetFolders, pages, menus, pageSettings, translationProjects,
        layoutComponents,
    ]
    private static let contentPrefix = "content/"
    package static let translationPrefix = "lokalize/keys/"

    /// How kinds are spelled, for people.
    public static let forms =
        (named.map(\.name) + [contentPrefix + "<model>", translationPrefix + "<project>"]).joined(separator: ", ")

    private init(checked name: String) {
        self.name = name
    }

    /// The items of one collection or tree.
    ///
    /// Throws `invalid_name` for a model name with other characters than letters, digits, `_`, `-` and `/`.
    public static func content(_ model: String) throws -> Kind {
        try Kind(
            prefix: contentPrefix, model, isCalled: "a model name",
            hint: "Rename the model, for example to 'blog_posts'.")
    }

    /// The translations of one project. Throws `invalid_name` like `content`.
    public static func translations(of project: String) throws -> Kind {
        try Kind(
            prefix: translationPrefix, project, isCalled: "the name of a project",
            hint: "Rename the project, for example to 'web_shop'.")
    }

    private init(prefix: String, _ name: String, isCalled what: String, hint: String) throws {
        guard Kind.isValidName(name) else {
            throw TidelockError(
                .invalidName,
                "'\(name.printable)' cannot be \(what): it holds other characters than letters, digits, '_', '-' and '/'.",
                hint: hint)
        }
        self.init(checked: prefix + name)
    }

    /// Reads a kind as people and peers write it; `posts` alone is not a kind.
    public init(_ name: String) throws {
        if name.hasPrefix(Kind.contentPrefix) {
            self = try Kind.content(String(name.dropFirst(Kind.contentPrefix.count)))
        } else if name.hasPrefix(Kind.translationPrefix) {
            self = try Kind.translations(of: String(name.dropFirst(Kind.translationPrefix.count)))
        } else if let known = Kind.named.first(where: { $0.name == name }) {
            self = known
        } else {
            throw TidelockError(
                .unknownKind, "There is no kind '\(name.printable)'.",
                hint: "Kinds are \(Kind.forms); 'tidelock kinds' lists those in use.")
        }
    }

    /// The model whose items these are; `nil` for kinds that are not content.
    public var model: String? {
        name.hasPrefix(Kind.contentPrefix) ? String(name.dropFirst(Kind.contentPrefix.count)) : nil
    }

    /// The project whose translations these are; `nil` for other kinds.
    public var project: String? {
        name.hasPrefix(Kind.translationPrefix) ? String(name.dropFirst(Kind.translationPrefix.count)) : nil
    }

    /// Whether `sync.content.before` handlers see items of this kind.
    public var isContent: Bool {
        name.hasPrefix(Kind.contentPrefix) || self == .singletons
    }

    /// The job that moves items of this kind.
    public var job: Job.Name {
        switch self {
        case .assets, .assetFolders: .assets
        case .pages, .menus, .pageSettings: .pages
        case .translationProjects: .lokalize
        case .layoutComponents: .layout
        default: project == nil ? .content : .lokalize
        }
    }

    /// The member in which items of this kind name their parent; nil where none has one. Which models are trees their
    /// definitions say; an item of any other has no parent.
    public var parentMember: String? {
        switch self {
        case .pages: "_pid"
        case .assetFolders: "_p"
        default: name.hasPrefix(Kind.contentPrefix) ? "_pid" : nil
        }
    }

    /// Whether items of this kind name their parent, so that together they are trees.
    public var mayBeTree: Bool { parentMember != nil }

    /// The member of an item that holds its id.
    public var keyMember: String {
        switch self {
        case .models, .menus, .translationProjects, .layoutComponents: "name"
        case .locales: "i18n"
        case .singletons: "_model"
        default: project == nil ? "_id" : "key"
        }
    }

    /// Definitions, and what others refer to, travel first, so that a reader of a plan meets them first.
    private var rank: Int {
        switch self {
        case .models: 0
        case .locales: 1
        case .assetFolders: 2
        case .assets: 3
        case .singletons: 5
        case .translationProjects: 6
        case .layoutComponents: 8
        case .pageSettings: 9
        case .pages: 10
        case .menus: 11
        default: project == nil ? 4 : 7
        }
    }

    public static func < (left: Kind, right: Kind) -> Bool {
        (left.rank, left.name) < (right.rank, right.name)
    }

    public var description: String { name }

    /// The longest id or name of a model or project that is accepted, in UTF-8 bytes.
    public static let longestName = 255

    /// Names are read from every item that links to another, so this looks at bytes alone.
    private static func isValidName(_ name: String) -> Bool {
        guard case 1...longestName = name.utf8.count else { return false }
        var previous = UInt8(ascii: "/")
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "/") where previous == UInt8(ascii: "/"): return false
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"):
                previous = byte
            default: return false
            }
        }
        return previous != UInt8(ascii: "/")
    }
}

extension String {
    /// The string shortened and without control characters, for use inside a message.
    public var printable: String {
        let shown = unicodeScalars.prefix(80).map {
            $0.properties.generalCategory == .control ? "\u{FFFD}" : Character($0)
        }
        return String(shown) + (unicodeScalars.count > 80 ? "…" : "")
    }
}
