/// What one part of a run moves, as people write it: a name and its settings.
public struct Job: Sendable, Equatable {
    public enum Name: String, Sendable, CaseIterable {
        case content
    }

    public var name: Name
    /// An object.
    public var settings: JSONDocument

    /// Settings of a content job that mean something here.
    private static let contentSettings = [
        "syncAll", "models", "data", "locales", "mirror", "filter", "batchSize", "policy",
    ]

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

    /// The job that moves a scope.
    public init(_ scope: Scope) {
        name = .content
        var members: [(String, JSONDocument)] = []
        if let models = scope.models { members.append(("models", .array(models.map { JSONDocument(string: $0) }))) }
        if let items = scope.items { members.append(("data", Job.data(items))) }
        if scope.models == nil, scope.items == nil { members.append(("syncAll", JSONDocument(bool: true))) }
        if let locales = scope.locales { members.append(("locales", JSONDocument(bool: locales))) }
        members.append(("mirror", JSONDocument(bool: scope.mode == .mirror)))
        if let filter = scope.filter.flatMap({ try? JSONDocument(validating: Array($0.utf8)) }) {
            members.append(("filter", filter))
        }
        if scope.policy != .source { members.append(("policy", JSONDocument(string: scope.policy.rawValue))) }
        settings = .object(members)
    }

    public var document: JSONDocument {
        .object([("name", JSONDocument(string: name.rawValue)), ("syncSettings", settings)])
    }

    private func check() throws {
        guard case .object(let members) = JSONValue(settings) else {
            throw TidelockError(.usage, "The 'syncSettings' of the job '\(name.rawValue)' must be an object.")
        }
        for member in members where !Job.contentSettings.contains(member.key) {
            throw TidelockError(
                .usage,
                "The job '\(name.rawValue)' has no setting '\(member.key.printable)'.\(didYouMean(member.key, among: Job.contentSettings))",
                hint: "Its settings are: \(Job.contentSettings.joined(separator: ", ")).")
        }
    }
}

extension Job {
    /// What a content job moves. Throws `usage` for values of the wrong type, `invalid_name` and `invalid_filter`.
    public func scope() throws -> Scope {
        var scope = Scope(mode: try flag("mirror") == true ? .mirror : .merge)
        scope.locales = try flag("locales")
        scope.items = try chosenItems()
        if try flag("syncAll") != true {
            scope.models = try models()
        } else if scope.items != nil {
            throw TidelockError(
                .usage, "The job '\(name.rawValue)' says both 'syncAll' and which 'data' to move.",
                hint: "Leave 'syncAll' out.")
        }
        if let filter = settings.member("filter"), filter != .emptyArray, filter != .emptyObject {
            _ = try ContentFilter(filter)
            scope.filter = filter.text
        }
        scope.policy = try policy() ?? .source
        return scope
    }

    private func policy() throws -> ConflictPolicy? {
        guard let value = settings.member("policy") else { return nil }
        guard case .string(let text) = JSONValue(value), let policy = ConflictPolicy(rawValue: text) else {
            throw wrong("policy", "one of \(ConflictPolicy.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return policy
    }

    /// Items in a batch, where the job says so.
    public func batchSize() throws -> Int? {
        guard let value = settings.member("batchSize") else { return nil }
        guard case .integer(let size) = JSONValue(value), size > 0, size <= 1_000_000 else {
            throw wrong("batchSize", "a number of items")
        }
        return Int(size)
    }

    private func flag(_ setting: String) throws -> Bool? {
        guard let value = settings.member(setting) else { return nil }
        guard case .bool(let flag) = JSONValue(value) else { throw wrong(setting, "true or false") }
        return flag
    }

    /// Nil when all models are meant.
    private func models() throws -> [String]? {
        guard let value = settings.member("models"), value != .emptyArray, value != .emptyObject else { return nil }
        guard case .array(let elements) = JSONValue(value) else { throw wrong("models", "a list of names") }
        return try elements.map { element in
            guard case .string(let model) = element else { throw wrong("models", "a list of names") }
            _ = try Kind.content(model)
            return model
        }
    }

    func wrong(_ setting: String, _ expected: String) -> TidelockError {
        TidelockError(.usage, "The setting '\(setting)' of the job '\(name.rawValue)' must be \(expected).")
    }
}
