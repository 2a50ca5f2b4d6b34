/// What a job `assets` moves of folders and files.
public struct AssetSelection: Sendable, Codable, Hashable {
    public var folders: Bool
    public var files: Bool
    /// Only files whose `_modified` is this or later, in Unix seconds.
    public var modifiedSince: Int64?
    /// Only files of at most so many bytes.
    public var maxFileSize: Int64?

    public init(folders: Bool = true, files: Bool = true, modifiedSince: Int64? = nil, maxFileSize: Int64? = nil) {
        self.folders = folders
        self.files = files
        self.modifiedSince = modifiedSince
        self.maxFileSize = maxFileSize
    }

    /// Everything.
    public static let whole = AssetSelection()

    /// Files larger than this are large where a job says only that it leaves large files out, bytes.
    public static let largeFile: Int64 = 10 << 20

    /// The filter over assets that says the same, as JSON; nil where every asset takes part.
    var filter: String? {
        var conditions: [String] = []
        if let modifiedSince { conditions.append(#""_modified":{"$gte":\#(modifiedSince)}"#) }
        if let maxFileSize { conditions.append(#""size":{"$lte":\#(maxFileSize)}"#) }
        return conditions.isEmpty ? nil : "{\(conditions.joined(separator: ","))}"
    }

    func includes(_ kind: Kind) -> Bool {
        kind == .assetFolders ? folders : files
    }
}

/// What a job `pages` moves.
public struct PageSelection: Sendable, Codable, Hashable {
    public var pages: Bool
    public var menus: Bool
    public var settings: Bool

    public init(pages: Bool = true, menus: Bool = true, settings: Bool = true) {
        self.pages = pages
        self.menus = menus
        self.settings = settings
    }

    /// Everything.
    public static let whole = PageSelection()

    func includes(_ kind: Kind) -> Bool {
        switch kind {
        case .menus: menus
        case .pageSettings: settings
        default: pages
        }
    }
}

/// What a job `lokalize` moves, and what becomes of translations that the destination has.
public struct TranslationSelection: Sendable, Codable, Hashable {
    /// What happens to keys that the destination has already.
    public enum Rule: String, Sendable, Codable, CaseIterable {
        /// They get the source's values.
        case override
        /// They stay exactly as they are.
        case missingKeys
        /// They keep the values they have and get those that they lack.
        case missingValues
    }

    /// Nil means all of them.
    public var projects: [String]?
    public var rule: Rule

    public init(projects: [String]? = nil, rule: Rule = .override) {
        self.projects = projects
        self.rule = rule
    }

    /// Everything.
    public static let whole = TranslationSelection()
}
