internal import ContentModel
internal import HookCatalog
internal import LuaRuntime

/// Reads the arguments of `app.on`, `app.every`, `app.cron` and `app.route`.
struct RegistrationReader {
    let function: HostFunction

    private var name: String { function.rawValue }

    func read(_ arguments: [LuaValue]) throws(HostError) -> (Trigger, LuaFunction, HandlerOptions) {
        let trigger: Trigger
        let rest: ArraySlice<LuaValue>
        switch function {
        case .every:
            trigger = .schedule(try interval(arguments.first))
            rest = arguments.dropFirst()
        case .cron:
            trigger = .schedule(try expression(arguments.first))
            rest = arguments.dropFirst()
        case .route:
            trigger = .route(try route(arguments))
            rest = arguments.dropFirst(2)
        default:
            trigger = .event(try event(arguments.first))
            rest = arguments.dropFirst()
        }
        guard case .function(let body)? = rest.first else {
            throw HostError("\(name): a function must follow, the handler of \(trigger.label)")
        }
        guard rest.count <= 2 else { throw HostError("\(name): there is something after the options") }
        return try complete(trigger, body, rest.count > 1 ? rest[rest.startIndex + 1] : .nil)
    }

    private func complete(
        _ trigger: Trigger, _ body: LuaFunction, _ options: LuaValue
    ) throws(HostError) -> (Trigger, LuaFunction, HandlerOptions) {
        switch trigger {
        case .event(let event): return (trigger, body, try self.options(options, of: event))
        case .schedule: return (trigger, body, try self.options(try table(options, [.name, .timeout])))
        case .route(var route):
            let table = try TableReader(
                options, of: name, allowing: [OptionName.name.rawValue, OptionName.timeout.rawValue, "public"])
            route.isPublic = try table.boolean("public") ?? false
            return (.route(route), body, try self.options(table))
        }
    }
}

// MARK: - What it is registered for

extension RegistrationReader {
    private func event(_ value: LuaValue?) throws(HostError) -> EventName {
        guard let text = value?.text else {
            throw HostError("\(name): the first argument must be the name of an event")
        }
        guard let event = EventName(rawValue: text) else { throw HostError("\(name): \(EventName.unknown(text))") }
        return event
    }

    private func interval(_ value: LuaValue?) throws(HostError) -> Schedule {
        do throws(HostError) {
            return try Schedule(every: value?.text)
        } catch {
            throw HostError("\(name): \(error)")
        }
    }

    private func expression(_ value: LuaValue?) throws(HostError) -> Schedule {
        guard let text = value?.text else { throw HostError("\(name): the first argument must be a cron expression") }
        do throws(HostError) {
            return try Schedule(cron: text)
        } catch {
            throw HostError("\(name): \(error)")
        }
    }

    private func route(_ arguments: [LuaValue]) throws(HostError) -> Route {
        guard let method = arguments.first?.text, Route.methods.contains(method) else {
            throw HostError("\(name): the first argument must be one of \(Route.methods.joined(separator: ", "))")
        }
        guard arguments.count > 1, let path = arguments[1].text, Route.isPath(path) else {
            throw HostError(
                "\(name): the second argument must be a path such as \"/sync-status\": letters, digits, '-', '_', '.' and '/'"
            )
        }
        return Route(method: method, path: path)
    }
}

extension Route {
    /// Plain segments only, so that a path has one spelling.
    fileprivate static func isPath(_ text: String) -> Bool {
        guard text.hasPrefix("/"), text.utf8.count <= 200 else { return false }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".."
                && segment.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                        true
                    default: false
                    }
                }
        }
    }
}

// MARK: - Options

extension RegistrationReader {
    private func table(_ value: LuaValue, _ options: [OptionName]) throws(HostError) -> TableReader {
        try TableReader(value, of: name, allowing: options.map(\.rawValue))
    }

    private func options(_ value: LuaValue, of event: EventName) throws(HostError) -> HandlerOptions {
        let table = try table(value, OptionName.allCases)
        let declared = event.declaration.options
        if let stray = OptionName.allCases.first(where: { table.value($0.rawValue) != nil && !declared.contains($0) }) {
            let known = declared.map(\.rawValue).joined(separator: ", ")
            throw HostError(
                "\(name): the option '\(stray.rawValue)' has no meaning for \(event.rawValue); its options are \(known)"
            )
        }
        return try options(table)
    }

    private func options(_ table: TableReader) throws(HostError) -> HandlerOptions {
        var options = HandlerOptions()
        options.name = try handlerName(table)
        options.priority = try table.integer(OptionName.priority.rawValue, in: OptionName.priorities) ?? 0
        options.models = try models(table)
        options.targets = try table.strings(OptionName.targets.rawValue)
        options.direction = try table.choice(OptionName.direction.rawValue, among: [.push, .pull])
        options.onError =
            try table.choice(OptionName.onError.rawValue, among: HandlerOptions.ErrorPolicy.allCases) ?? .abort
        options.isVolatile = try table.boolean(OptionName.volatile.rawValue) ?? false
        options.timeout = try table.seconds(OptionName.timeout.rawValue, upTo: OptionName.longestTimeout)
        return options
    }

    private func handlerName(_ table: TableReader) throws(HostError) -> String? {
        guard let text = try table.string(OptionName.name.rawValue) else { return nil }
        guard !text.isEmpty, text.utf8.count <= 100, text == text.printable else {
            throw HostError("\(name): a handler's name has 1 to 80 characters and no control characters")
        }
        return text
    }

    /// A model that can never exist would make the handler silently do nothing.
    private func models(_ table: TableReader) throws(HostError) -> [String]? {
        guard let models = try table.strings(OptionName.models.rawValue) else { return nil }
        for model in models where (try? Kind.content(model)) == nil {
            throw HostError("\(name): '\(model.printable)' cannot be the name of a model")
        }
        return models
    }
}
