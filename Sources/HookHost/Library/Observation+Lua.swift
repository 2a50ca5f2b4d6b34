internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine

extension Observation {
    /// The handlers that are to be told, in order.
    func handlers(of generation: Generation) -> [Handler] {
        generation.handlers(for: event).filter { handler in
            handler.options.match(kind) && handler.options.match(target: target?.name, direction: direction)
        }
    }

    /// The fields of `ctx`.
    var fields: [LuaField] {
        [
            LuaField("event", .text(event.rawValue)), LuaField("delivery_id", .text(delivery)),
            LuaField("run", .text(run)), LuaField("direction", direction.map { .text($0.rawValue) } ?? .nil),
            LuaField("user", user.map(LuaValue.text) ?? .nil),
            LuaField("kind", kind.map { .text($0.name) } ?? .nil),
            LuaField("model", kind?.model.map(LuaValue.text) ?? .nil),
        ]
    }

    /// What a handler is called with; `nil` when none of the items is for it.
    func arguments(for handler: Handler) -> (values: [LuaArgument], documents: [[UInt8]])? {
        var values: [LuaArgument] = []
        var documents: [[UInt8]] = []
        for argument in arguments {
            switch argument {
            case .target(let target): values.append(.value(.target(target)))
            case .origin(let origin): values.append(.value(.origin(origin)))
            case .text(let text): values.append(.value(.text(text)))
            case .facts(let facts): values.append(.value(LuaValue(JSONValue(facts))))
            case .failure(let code, let message): values.append(.value(.failure(code, message)))
            case .item(let item):
                guard handler.options.match(item, of: kind) else { return nil }
                values.append(.document(documents.count))
                documents.append(item.bytes)
            case .items(let items):
                let visible = items.filter { handler.options.match($0, of: kind) }
                guard !visible.isEmpty || items.isEmpty else { return nil }
                values.append(.documents)
                documents += visible.map(\.bytes)
            }
        }
        return (values, documents)
    }

    private var target: TargetFacts? {
        for case .target(let target) in arguments { return target }
        return nil
    }
}

extension LuaValue {
    static func origin(_ origin: InstanceIdentity) -> LuaValue {
        .object([LuaField("id", .text(origin.id)), LuaField("name", .text(origin.name))])
    }

    fileprivate static func failure(_ code: String, _ message: String) -> LuaValue {
        .object([LuaField("code", .text(code)), LuaField("message", .text(message))])
    }
}
