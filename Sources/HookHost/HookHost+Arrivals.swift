public import ContentModel
internal import HookCatalog
internal import LuaRuntime
public import SyncEngine

extension HookHost {
    public func receivers() async throws -> FilterSet {
        guard hasHandlers(for: .contentReceived) else { return .none }
        let generation = try await current()
        var text = LabelledText()
        text.add("generation", generation.identity)
        return FilterSet(
            handlers: generation.handlers(for: .contentReceived).map(\.name), fingerprint: text.digest)
    }

    public func receive(
        _ items: [OutgoingItem], of kind: Kind, from origin: InstanceIdentity
    ) async throws -> [Int: JSONDocument] {
        let generation = try await current()
        let terms = FilterPass.Terms(
            marks: [.veto],
            fields: { handler, kind in .arrival(handler, kind, origin) })
        let outcomes = try await FilterPass(generation, on: workers, gatePool, terms)
            .filter(items, of: kind, through: arrivalHandlers(of: kind, generation))
        var changed: [Int: JSONDocument] = [:]
        for (position, outcome) in outcomes.enumerated() {
            if case .changed(let document) = outcome { changed[position] = document }
        }
        return changed
    }

    private func arrivalHandlers(of kind: Kind, _ generation: Generation) -> [Handler] {
        guard kind.isContent else { return [] }
        return generation.handlers(for: .contentReceived).filter { $0.options.match(kind) }
    }

    public func beforeSave(
        _ item: OutgoingItem, of kind: Kind, isUpdate: Bool, user: String?
    ) async throws -> JSONDocument {
        let generation = try await current()
        let handlers = generation.handlers(for: .itemSaveBefore).filter { handler in
            handler.options.match(kind) && handler.options.match(item.body, of: kind)
        }
        guard !handlers.isEmpty else { return item.body }
        var page = FilterPage([item], of: kind)
        try await gatePool.withMachine(of: generation) { machine in
            for handler in handlers {
                try await edit(&page, handler, isUpdate: isUpdate, user: user, of: generation, machine)
            }
        }
        return page.body(at: 0) ?? item.body
    }

    private func edit(
        _ page: inout FilterPage, _ handler: Handler, isUpdate: Bool, user: String?, of generation: Generation,
        _ machine: LoadedMachine
    ) async throws {
        var failure = HookFailure(handler: handler, folder: generation.folder)
        failure.subject = "on item \(page.id(at: 0).printable) of \(page.kind)"
        guard let body = page.body(at: 0) else { return }
        let model = page.kind.model ?? body.string(page.kind.keyMember) ?? page.kind.name
        let call = HandlerCall(
            handler: handler, documents: [body.bytes],
            arguments: [.value(.text(model)), .document(0), .value(.boolean(isUpdate))],
            context: LuaContext(
                fields: [
                    LuaField("event", .text(handler.trigger.label)), LuaField("kind", .text(page.kind.name)),
                    LuaField("user", user.map(LuaValue.text) ?? .nil),
                ], marks: [FilterMark.veto.rawValue]),
            limits: configuration.limits.limits(of: handler), circumstances: Circumstances(user: user))
        do {
            try page.take(try await machine.call(call), for: [0], failure)
        } catch let error as LuaError {
            throw failure.failed(error)
        }
    }
}

extension HookHost {
    public func resolve(_ conflict: ItemConflict) async throws -> ConflictVerdict? {
        let generation = try await current()
        let handlers = generation.handlers(for: .conflict).filter { handler in
            handler.options.match(conflict.kind)
                && [conflict.versions.source, conflict.versions.target].compactMap(\.self).contains {
                    handler.options.match($0, of: conflict.kind)
                }
        }
        guard !handlers.isEmpty else { return nil }
        return try await gatePool.withMachine(of: generation) { machine in
            for handler in handlers {
                if let verdict = try await resolve(conflict, handler, of: generation, machine) { return verdict }
            }
            return nil
        }
    }

    private func resolve(
        _ conflict: ItemConflict, _ handler: Handler, of generation: Generation, _ machine: LoadedMachine
    ) async throws -> ConflictVerdict? {
        var failure = HookFailure(handler: handler, folder: generation.folder)
        failure.subject = "on item \(conflict.id.printable) of \(conflict.kind)"
        let documents = conflict.versions.documents.map(\.document)
        let call = HandlerCall(
            handler: handler, documents: documents.map(\.bytes), arguments: [.value(conflict.luaValue)],
            context: LuaContext(
                fields: .arrival(handler, conflict.kind, conflict.origin), marks: [ItemConflict.resolution]),
            limits: configuration.limits.limits(of: handler))
        do {
            let outcome = try await machine.call(call)
            guard outcome.returnedCount <= 1, outcome.returned == .nil else {
                throw failure.misbehaved("returned a value", hint: "Decide by ctx.resolve(verdict).")
            }
            guard let mark = outcome.marks.first else { return nil }
            return try verdict(mark, outcome, on: conflict, documents, failure)
        } catch let error as LuaError {
            throw failure.failed(error)
        }
    }

    private func verdict(
        _ mark: LuaMark, _ outcome: LuaOutcome, on conflict: ItemConflict, _ documents: [JSONDocument],
        _ failure: HookFailure
    ) throws -> ConflictVerdict {
        switch mark.values.first?.text {
        case "source": return .source
        case "target": return .target
        default: break
        }
        let item = try merged(mark, outcome, documents)
        guard let item, item.string(conflict.kind.keyMember).map({ $0.utf8.elementsEqual(conflict.id.utf8) }) == true
        else {
            throw failure.misbehaved(
                "called ctx.resolve with neither \"source\", \"target\" nor the item",
                hint: "An item keeps the member that identifies it.")
        }
        guard conflict.versions.source == nil else { return .item(item) }
        guard item == conflict.versions.target else {
            throw failure.misbehaved(
                "changed an item that the source deleted", hint: "Decide for \"source\" or \"target\".")
        }
        return .target
    }

    /// The item that a handler decided for: one of the versions as it left them, or a table of its own.
    private func merged(_ mark: LuaMark, _ outcome: LuaOutcome, _ documents: [JSONDocument]) throws -> JSONDocument? {
        if let index = mark.document, documents.indices.contains(index) {
            guard case .replaced(let bytes) = outcome.changes[index] else { return documents[index] }
            return try JSONDocument(validating: bytes)
        }
        guard case .object? = mark.values.first else { return nil }
        return try LuaJSON.document(mark.values[0], documents: documents.map(\.bytes), for: "ctx.resolve")
    }
}

extension ItemConflict {
    fileprivate static let resolution = "resolve"

    fileprivate var luaValue: LuaValue {
        let documents = versions.documents.enumerated().map { LuaField($0.element.name, .document($0.offset)) }
        return .object([LuaField("kind", .text(kind.name)), LuaField("id", .text(id))] + documents)
    }
}

extension [LuaField] {
    /// The fields of `ctx` where items arrive.
    fileprivate static func arrival(_ handler: Handler, _ kind: Kind, _ origin: InstanceIdentity) -> Self {
        [
            LuaField("event", .text(handler.trigger.label)), LuaField("kind", .text(kind.name)),
            LuaField("model", kind.model.map(LuaValue.text) ?? .nil), LuaField("origin", .origin(origin)),
        ]
    }
}
