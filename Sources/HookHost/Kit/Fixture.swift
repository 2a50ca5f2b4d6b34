internal import ContentModel
internal import HookCatalog
internal import SyncEngine

/// What an event is fired with: the arguments of its handlers and the fields of `ctx`, by name.
///
/// Whatever a test does not care about has a plain value. A name that the event does not know is refused, because a
/// mistyped one would make a test that tests nothing.
struct Fixture {
    let event: EventName
    private let members: [JSONMember]

    /// Throws `usage` for anything that no event is fired with.
    init(_ event: EventName, _ value: JSONValue) throws {
        self.event = event
        switch value {
        case .null, .array([]): members = []
        case .array: members = [JSONMember("items", value)]
        case .object(let given): members = given
        default: throw Fixture.problem(event, "the fixture is a table with names, or a list of items")
        }
        let known = Fixture.names(of: event)
        if let stray = members.first(where: { !known.contains($0.key) }) {
            let suggestion = didYouMean(stray.key, among: known)
            let advice = suggestion.isEmpty ? " It has \(known.joined(separator: ", "))." : suggestion
            throw Fixture.problem(event, "the fixture has no '\(stray.key.printable)'.\(advice)")
        }
    }

    private static func names(of event: EventName) -> [String] {
        let declaration = event.declaration
        var names = declaration.arguments.map(\.name) + declaration.fields.map(\.name)
        names.removeAll { $0 == "event" }
        switch event {
        case .requestBefore: names += ["method", "path", "remote_addr", "headers"]
        case .conflict: names += ["id", "source", "target", "base"]
        case .appStarted, .appStopping, .hooksLoaded, .hooksUnloading: names += ["name", "id", "version"]
        default: names += ["target", "user", "run", "mode", "direction", "model", "kind"]
        }
        if names.contains("items") { names.append("item") }
        return Array(Set(names)).sorted()
    }

    static func problem(_ event: EventName, _ sentence: String) -> TidelockError {
        TidelockError(.usage, "\(event.rawValue): \(sentence)")
    }
}

// MARK: - Values

extension Fixture {
    func value(_ name: String) -> JSONValue? {
        members.last { $0.key == name }.map(\.value)
    }

    func text(_ name: String) throws -> String? {
        guard let value = value(name), value != .null else { return nil }
        guard let text = value.string else { throw Fixture.problem(event, "'\(name)' is a string") }
        return text
    }

    func flag(_ name: String) throws -> Bool? {
        guard let value = value(name), value != .null else { return nil }
        guard let flag = value.bool else { throw Fixture.problem(event, "'\(name)' is true or false") }
        return flag
    }

    /// A name, or a table with name and uri.
    func target() throws -> TargetFacts {
        let value = value("target")
        let name = value?.string ?? value?["name"]?.string ?? "staging"
        return TargetFacts(name: name, uri: value?["uri"]?.string ?? "https://\(name).example")
    }

    func origin() throws -> InstanceIdentity {
        let value = value("origin")
        let name = value?.string ?? value?["name"]?.string ?? "staging"
        return InstanceIdentity(id: value?["id"]?.string ?? "id-of-\(name)", name: name)
    }

    func direction() throws -> Direction {
        guard let text = try text("direction") else {
            return event.rawValue.contains(".pull") ? .pull : .push
        }
        guard let direction = Direction(rawValue: text) else {
            throw Fixture.problem(event, "'direction' is push or pull")
        }
        return direction
    }

    func context(user: String?) throws -> RunContext {
        guard let mode = Mode(rawValue: try text("mode") ?? "merge") else {
            throw Fixture.problem(event, "'mode' is merge or mirror")
        }
        var context = RunContext(
            run: try text("run") ?? "rehearsal", direction: try direction(), target: try target(), mode: mode)
        context.user = try text("user") ?? user
        return context
    }

    /// The kind that is named, or that of the model that is named.
    func kind() throws -> Kind {
        if let name = try text("kind") { return try Kind(name) }
        if let model = try text("model") { return try .content(model) }
        switch event {
        case .assetsBefore: return try Kind("assets")
        case .pagesBefore: return try Kind("pages")
        case .lokalizeBefore: return try Kind("lokalize/projects")
        case .layoutBefore: return try Kind("layout/components")
        default: return try .content("posts")
        }
    }

    /// The items, each with an id: its own, or `item-1` and so on.
    func items(of kind: Kind) throws -> [OutgoingItem] {
        try (value("items")?.array ?? value("item").map { [$0] } ?? []).enumerated().map { position, value in
            let body = value == .array([]) ? JSONDocument.emptyObject : value.document
            guard body.isObject else { throw Fixture.problem(event, "an item is a table with names") }
            if let id = body.string(kind.keyMember) { return OutgoingItem(id: id, body: body) }
            let id = "item-\(position + 1)"
            return OutgoingItem(id: id, body: body.setting(kind.keyMember, to: JSONDocument(string: id)))
        }
    }
}
