internal import ContentModel
internal import HookCatalog
internal import LuaRuntime

/// Reads the arguments of `app.on`.
enum RegistrationReader {
    private static let name = HostFunction.on.rawValue

    static func read(_ arguments: [LuaValue]) throws(HostError) -> (EventName, LuaFunction, HandlerOptions) {
        guard let text = arguments.first?.text else {
            throw HostError("\(name): the first argument must be the name of an event")
        }
        guard let event = EventName(rawValue: text) else { throw HostError("\(name): \(EventName.unknown(text))") }
        guard arguments.count > 1, case .function(let function) = arguments[1] else {
            throw HostError("\(name): the second argument must be a function, the handler of \(text)")
        }
        guard arguments.count <= 3 else {
            throw HostError("\(name) takes an event, a handler and options; there is something after the options")
        }
        return (event, function, try options(arguments.count > 2 ? arguments[2] : .nil, of: event))
    }

    private static func options(_ value: LuaValue, of event: EventName) throws(HostError) -> HandlerOptions {
        let table = try TableReader(value, of: name, allowing: OptionName.allCases.map(\.rawValue))
        let declared = event.declaration.options
        if let stray = OptionName.allCases.first(where: { table.value($0.rawValue) != nil && !declared.contains($0) }) {
            let known = declared.map(\.rawValue).joined(separator: ", ")
            throw HostError(
                "\(name): the option '\(stray.rawValue)' has no meaning for \(event.rawValue); its options are \(known)"
            )
        }
        return try options(table)
    }

    private static func options(_ table: TableReader) throws(HostError) -> HandlerOptions {
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

    private static func handlerName(_ table: TableReader) throws(HostError) -> String? {
        guard let text = try table.string(OptionName.name.rawValue) else { return nil }
        guard !text.isEmpty, text.utf8.count <= 100, text == text.printable else {
            throw HostError("\(name): a handler's name has 1 to 80 characters and no control characters")
        }
        return text
    }

    /// A model that can never exist would make the handler silently do nothing.
    private static func models(_ table: TableReader) throws(HostError) -> [String]? {
        guard let models = try table.strings(OptionName.models.rawValue) else { return nil }
        for model in models where (try? Kind.content(model)) == nil {
            throw HostError("\(name): '\(model.printable)' cannot be the name of a model")
        }
        return models
    }
}
