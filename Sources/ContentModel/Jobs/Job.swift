/// What one part of a run moves, as people write it: a name and its settings.
public struct Job: Sendable, Equatable {
    public enum Name: String, Sendable, Codable, CaseIterable {
        case content, assets, pages, lokalize, layout

        /// The settings that mean something for such a job.
        var settings: [String] {
            let own =
                switch self {
                case .content: ["syncAll", "models", "data", "locales", "filter"]
                case .assets: ["syncAll", "folders", "files", "modifiedSince", "skipLargeFiles", "maxFileSize"]
                case .pages: ["syncAll", "pages", "menus", "settings"]
                case .lokalize: ["syncAll", "projects", "override", "missingKeysOnly", "missingValues"]
                case .layout: ["syncAll"]
                }
            return own + ["mirror", "policy", "batchSize"]
        }
    }

    public var name: Name
    /// An object.
    public var settings: JSONDocument

    /// Reads `{"name": …, "syncSettings": {…}}`; settings may be left out, and `[]` is as good as `{}`.
    ///
    /// Throws `usage` for another shape, for a name that is no job, and for settings that mean nothing.
    public init(_ document: JSONDocument) throws {
        guard document.isObject, let text = document.string("name") else {
            throw TidelockError(.usage, "A job is an object with 'name' and 'syncSettings'.")
        }
        guard let name = Name(rawValue: text) else {
            let known = Name.allCases.map(\.rawValue)
            throw TidelockError(
                .usage, "There is no job '\(text.printable)'.\(didYouMean(text, among: known))",
                hint: "Jobs are: \(known.joined(separator: ", ")).")
        }
        self.name = name
        settings = document.member("syncSettings") ?? .emptyObject
        if settings == .emptyArray || settings == .null { settings = .emptyObject }
        try check()
    }

    public var document: JSONDocument {
        .object([("name", JSONDocument(string: name.rawValue)), ("syncSettings", settings)])
    }

    private func check() throws {
        guard case .object(let members) = JSONValue(settings) else {
            throw TidelockError(.usage, "The 'syncSettings' of the job '\(name.rawValue)' must be an object.")
        }
        for member in members where !name.settings.contains(member.key) {
            throw TidelockError(
                .usage,
                "The job '\(name.rawValue)' has no setting '\(member.key.printable)'.\(didYouMean(member.key, among: name.settings))",
                hint: "Its settings are: \(name.settings.joined(separator: ", ")).")
        }
    }
}

extension Job {
    init(_ name: Name, _ members: [(String, JSONDocument)]) {
        self.name = name
        settings = .object(members)
    }

    /// Items in a batch, where the job says so.
    public func batchSize() throws -> Int? {
        try number("batchSize", in: 1...1_000_000, "a number of items").map { Int($0) }
    }

    func policy() throws -> ConflictPolicy? {
        guard let value = settings.member("policy") else { return nil }
        guard case .string(let text) = JSONValue(value), let policy = ConflictPolicy(rawValue: text) else {
            throw wrong("policy", "one of \(ConflictPolicy.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return policy
    }

    func number(_ setting: String, in range: ClosedRange<Int64>, _ expected: String) throws -> Int64? {
        guard let value = settings.member(setting) else { return nil }
        guard case .integer(let number) = JSONValue(value), range.contains(number) else {
            throw wrong(setting, expected)
        }
        return number
    }

    func flag(_ setting: String) throws -> Bool? {
        guard let value = settings.member(setting) else { return nil }
        guard case .bool(let flag) = JSONValue(value) else { throw wrong(setting, "true or false") }
        return flag
    }

    /// Nil where the setting is left out, and so all of them are meant. An empty list is refused: what a script
    /// filtered until nothing was left must not come to mean everything.
    func names(_ setting: String, check: (String) throws -> Kind) throws -> [String]? {
        guard let value = settings.member(setting) else { return nil }
        guard value != .emptyArray, value != .emptyObject else { throw wrong(setting, "a list of at least one name") }
        guard case .array(let elements) = JSONValue(value) else { throw wrong(setting, "a list of names") }
        return try elements.map { element in
            guard case .string(let name) = element else { throw wrong(setting, "a list of names") }
            _ = try check(name)
            return name
        }
    }

    func wrong(_ setting: String, _ expected: String) -> TidelockError {
        TidelockError(.usage, "The setting '\(setting)' of the job '\(name.rawValue)' must be \(expected).")
    }
}
