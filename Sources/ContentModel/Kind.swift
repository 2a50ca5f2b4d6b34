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

    private static let contentPrefix = "content/"

    private init(checked name: String) {
        self.name = name
    }

    /// The items of one collection or tree.
    ///
    /// Throws `invalid_name` for a model name with other characters than letters, digits, `_`, `-` and `/`.
    public static func content(_ model: String) throws -> Kind {
        guard isValidModelName(model) else {
            throw TidelockError(
                .invalidName,
                "'\(model.printable)' cannot be a model name: it holds other characters than letters, digits, '_', '-' and '/'.",
                hint: "Rename the model, for example to 'blog_posts'.")
        }
        return Kind(checked: contentPrefix + model)
    }

    /// Reads a kind as people and peers write it; `posts` alone is not a kind.
    public init(_ name: String) throws {
        if let known = [Kind.models, .locales, .singletons].first(where: { $0.name == name }) {
            self = known
        } else if name.hasPrefix(Kind.contentPrefix) {
            self = try Kind.content(String(name.dropFirst(Kind.contentPrefix.count)))
        } else {
            throw TidelockError(
                .unknownKind, "There is no kind '\(name.printable)'.",
                hint: "Kinds are models, locales, singletons and content/<model>; 'tidelock kinds' lists those in use.")
        }
    }

    /// The model whose items these are; `nil` for kinds that are not content.
    public var model: String? {
        name.hasPrefix(Kind.contentPrefix) ? String(name.dropFirst(Kind.contentPrefix.count)) : nil
    }

    /// Whether `sync.content.before` handlers see items of this kind.
    public var isContent: Bool {
        model != nil || self == .singletons
    }

    /// The member of an item that holds its id.
    public var keyMember: String {
        switch self {
        case .models: "name"
        case .locales: "i18n"
        case .singletons: "_model"
        default: "_id"
        }
    }

    /// Definitions travel before what they define, so that a reader of a plan meets them first.
    private var rank: Int {
        switch self {
        case .models: 0
        case .locales: 1
        case .singletons: 3
        default: 2
        }
    }

    public static func < (left: Kind, right: Kind) -> Bool {
        (left.rank, left.name) < (right.rank, right.name)
    }

    public var description: String { name }

    /// The longest id or model name that is accepted, in UTF-8 bytes.
    public static let longestName = 255

    /// Names are read from every item that links to another, so this looks at bytes alone.
    private static func isValidModelName(_ name: String) -> Bool {
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
