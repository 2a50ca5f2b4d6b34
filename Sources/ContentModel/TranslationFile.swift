/// The translations of a project as people exchange them: `{"nav.home": {"en": "Home", "de": "Start"}}`.
public struct TranslationFile: Sendable {
    public struct Entry: Sendable {
        public var key: String
        /// An object: texts by locale.
        public var values: JSONDocument
    }

    public let entries: [Entry]

    /// Throws `invalid_json` for another shape, naming the key and the locale.
    public init(_ document: JSONDocument) throws {
        guard document.isObject else {
            throw TidelockError(.invalidJSON, "Translations are an object with keys.", hint: Self.shape)
        }
        entries = try document.members.map { key, values in
            try Self.check(values, of: key)
            return Entry(key: key, values: values)
        }
    }

    private static let shape = #"Such as {"nav.home": {"en": "Home", "de": "Start"}}."#

    private static func check(_ values: JSONDocument, of key: String) throws {
        guard values.isObject else {
            throw TidelockError(.invalidJSON, "The key '\(key.printable)' has no texts by locale.", hint: shape)
        }
        for (locale, value) in values.members {
            guard !locale.isEmpty, value.bytes.first == UInt8(ascii: "\"") || value == .null else {
                throw TidelockError(
                    .invalidJSON, "The key '\(key.printable)' has no text for the locale '\(locale.printable)'.",
                    hint: shape)
            }
        }
    }

    /// The locales of all keys, in the order in which they are met first.
    public var locales: [String] {
        var seen: Set<[UInt8]> = []
        var locales: [String] = []
        for entry in entries {
            for (locale, _) in entry.values.members where seen.insert(Array(locale.utf8)).inserted {
                locales.append(locale)
            }
        }
        return locales
    }

    /// Translations as such a file, one key a line; values are written byte for byte as they are stored.
    public static func bytes(of translations: [Translation]) -> [UInt8] {
        var bytes = [UInt8(ascii: "{")]
        for (position, translation) in translations.enumerated() {
            bytes += Array((position == 0 ? "\n  " : ",\n  ").utf8)
            bytes.append(member: translation.key, translation.values)
        }
        return bytes + Array("\n}\n".utf8)
    }
}

/// What taking a file in does to a project, key by key. Pure.
public struct TranslationIntake: Sendable {
    /// The items to store; what the file leaves as it is is not among them.
    public private(set) var items: [Translation] = []
    public private(set) var created = 0
    public private(set) var updated = 0
    public private(set) var unchanged = 0

    /// - Parameter missingOnly: values that are there stay, whatever the file says
    public init(
        _ entries: some Sequence<TranslationFile.Entry>, into present: [Translation], missingOnly: Bool
    ) {
        var known: [ItemID: Translation] = [:]
        for translation in present { known[ItemID(translation.key)] = translation }
        for entry in entries {
            let old = known[ItemID(entry.key)]
            let start = old ?? Translation(key: entry.key)
            let new = missingOnly ? start.filled(from: entry.values) : start.setting(entry.values)
            note(new, instead: old)
        }
    }

    private mutating func note(_ new: Translation, instead old: Translation?) {
        guard new != old else {
            unchanged += 1
            return
        }
        if old == nil { created += 1 } else { updated += 1 }
        items.append(new)
    }
}

/// A project as an item: `{"name": "shop", "label": "Shop", "locales": ["en", "de"]}`, with whatever else it holds.
public struct TranslationProject: Sendable, Equatable {
    public let item: JSONDocument

    public init(_ item: JSONDocument) {
        self.item = item
    }

    public init(name: String, locales: [String]) {
        let name = JSONDocument(string: name)
        self.init(.object([("name", name), ("label", name), ("locales", Self.list(locales))]))
    }

    public var locales: [String] {
        (item.member("locales") ?? .emptyArray).elements.compactMap { JSONValue($0).string }
    }

    /// The project with these locales behind its own. All other bytes stay.
    public func adding(_ more: [String]) -> TranslationProject {
        let own = locales
        let missing = more.filter { new in !own.contains { $0.utf8.elementsEqual(new.utf8) } }
        return missing.isEmpty ? self : TranslationProject(item.setting("locales", to: Self.list(own + missing)))
    }

    private static func list(_ locales: [String]) -> JSONDocument {
        .array(locales.map { JSONDocument(string: $0) })
    }
}
