internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine

extension Rehearsal {
    func fire(
        _ event: EventName, _ fixture: Fixture, at host: HookHost, _ generation: Generation
    ) async throws -> RehearsalResult {
        // In a conflict, 'target' is an item.
        if event != .conflict { services.meet(try fixture.target()) }
        switch event {
        case .requestBefore: return try await admit(fixture, at: host)
        case .pushBefore, .pullBefore, .planReady: return try await approve(fixture, at: host)
        case .contentBefore, .assetsBefore, .pagesBefore, .lokalizeBefore, .layoutBefore:
            return try await filter(fixture, at: host)
        case .contentReceived: return try await receive(fixture, at: host)
        case .conflict: return try await resolve(fixture, at: host)
        case .itemSaveBefore: return try await save(fixture, at: host)
        case .appStarted, .appStopping, .hooksLoaded, .hooksUnloading:
            return try await announce(fixture, at: host, generation)
        default: return try await observe(fixture, at: host)
        }
    }

    private func admit(_ fixture: Fixture, at host: HookHost) async throws -> RehearsalResult {
        let request = fixture.value("request")
        func text(_ name: String) throws -> String? { try request?[name]?.string ?? fixture.text(name) }
        let headers = (request?["headers"] ?? fixture.value("headers"))?.object ?? []
        try await host.admit(
            IncomingRequest(
                method: try text("method") ?? "POST", path: try text("path") ?? "/api/sync/v1/transfers",
                remoteAddress: try text("remote_addr") ?? "203.0.113.7",
                headers: headers.map { ($0.key, $0.value.string ?? "") }))
        return RehearsalResult()
    }

    private func approve(_ fixture: Fixture, at host: HookHost) async throws -> RehearsalResult {
        let context = try fixture.context(user: services.user)
        let stage: Proposal.Stage
        if fixture.event == .planReady {
            let plan = fixture.value("plan") ?? ["kinds": []]
            stage = .planned(plan.document)
        } else {
            let jobs = fixture.value("jobs")?.array ?? [["name": "content"]]
            stage = .beginning(jobs: jobs.map(\.document))
        }
        try await host.approve(Proposal(context: context, stage: stage))
        return RehearsalResult()
    }

    private func filter(_ fixture: Fixture, at host: HookHost) async throws -> RehearsalResult {
        let kind = try fixture.kind()
        let items = try fixture.items(of: kind)
        let run = try await host.pin(for: try fixture.context(user: services.user))
        let outcomes: [FilterOutcome]
        do {
            outcomes = try await run.filter(items, of: kind)
            await run.release()
        } catch {
            await run.release()
            throw error
        }
        var result = RehearsalResult()
        var left: [JSONDocument] = []
        for (item, outcome) in zip(items, outcomes) {
            func exclusion(_ reason: String) -> RehearsalResult.Exclusion {
                RehearsalResult.Exclusion(id: item.id, item: item.body, reason: reason)
            }
            switch outcome {
            case .unchanged: left.append(item.body)
            case .changed(let body): left.append(body)
            case .dropped(let reason): result.dropped.append(exclusion(reason))
            case .skipped(let reason): result.skipped.append(exclusion(reason))
            }
        }
        result.items = left
        return result
    }

    private func receive(_ fixture: Fixture, at host: HookHost) async throws -> RehearsalResult {
        let kind = try fixture.kind()
        let items = try fixture.items(of: kind)
        let changed = try await host.receive(items, of: kind, from: try fixture.origin())
        var result = RehearsalResult()
        result.items = items.enumerated().map { position, item in changed[position] ?? item.body }
        return result
    }

    private func save(_ fixture: Fixture, at host: HookHost) async throws -> RehearsalResult {
        let kind = try fixture.kind()
        guard let item = try fixture.items(of: kind).first else {
            throw Fixture.problem(fixture.event, "'item' is missing")
        }
        var result = RehearsalResult()
        result.items = [
            try await host.beforeSave(
                item, of: kind, isUpdate: try fixture.flag("isUpdate") ?? true,
                user: try fixture.text("user") ?? services.user)
        ]
        return result
    }

    private func resolve(_ fixture: Fixture, at host: HookHost) async throws -> RehearsalResult {
        let kind = try fixture.kind()
        func version(_ name: String) -> JSONDocument? {
            let value = fixture.value("conflict")?[name] ?? fixture.value(name)
            return value == .null ? nil : value?.document
        }
        let (source, target) = (version("source"), version("target"))
        let id = try fixture.text("id") ?? (source ?? target)?.string(kind.keyMember)
        guard let id else { throw Fixture.problem(fixture.event, "'source' or 'target' is an item with its id") }
        let conflict = ItemConflict(
            kind: kind, id: id, origin: try fixture.origin(),
            versions: ConflictVersions(source: source, target: target, base: version("base")))
        var result = RehearsalResult()
        switch try await host.resolve(conflict) {
        case .source: result.resolved = "source"
        case .target: result.resolved = "target"
        case .item(let item): result.resolved = JSONValue(item)
        case nil: break
        }
        return result
    }
}

// MARK: - Observers, schedules and routes

extension Rehearsal {
    private func observe(_ fixture: Fixture, at host: HookHost) async throws -> RehearsalResult {
        var observation = Observation(
            event: fixture.event, delivery: try fixture.text("delivery_id") ?? "rehearsal-1",
            run: try fixture.text("run") ?? "rehearsal", direction: try fixture.direction(),
            arguments: try arguments(fixture), kind: fixture.hasItems ? try fixture.kind() : nil)
        observation.user = try fixture.text("user") ?? services.user
        var first: TidelockError?
        for handler in try await host.handlers(of: fixture.event) {
            // One that fails does not keep the others from being told.
            do { try await host.observe(observation, by: handler) } catch let error as TidelockError {
                first = first ?? error
            }
        }
        var result = RehearsalResult()
        result.error = first
        return result
    }

    private func arguments(_ fixture: Fixture) throws -> [Observation.Argument] {
        let kind = try fixture.hasItems ? fixture.kind() : nil
        let items = try kind.map { try fixture.items(of: $0).map(\.body) } ?? []
        return try fixture.event.declaration.arguments.map { argument in
            switch argument.name {
            case "target": return .target(try fixture.target())
            case "origin": return .origin(try fixture.origin())
            case "items": return .items(items)
            case "item":
                guard let item = items.first else { throw Fixture.problem(fixture.event, "'item' is missing") }
                return .item(item)
            case "type": return .text(try fixture.text("type") ?? "content")
            case "model": return .text(try fixture.text("model") ?? kind?.model ?? "posts")
            case "error":
                let error = fixture.value("error")
                return .failure(
                    code: error?["code"]?.string ?? "target_unreachable",
                    message: error?["message"]?.string ?? error?.string ?? "The target does not answer.")
            default: return .facts((fixture.value(argument.name) ?? .null).document)
            }
        }
    }

    private func announce(
        _ fixture: Fixture, at host: HookHost, _ generation: Generation
    ) async throws -> RehearsalResult {
        let instance = InstanceIdentity(
            id: try fixture.text("id") ?? "id-of-rehearsal", name: try fixture.text("name") ?? "rehearsal")
        let info = ProcessInfo(instance: instance, version: try fixture.text("version") ?? "0")
        for handler in generation.handlers(for: fixture.event) {
            let call = HandlerCall(
                handler: handler, arguments: [.value(info.luaValue(generation.identity))],
                context: LuaContext(fields: [LuaField("event", .text(fixture.event.rawValue))]),
                limits: configuration.limits.limits(of: handler))
            _ = try await perform(call, at: host, generation)
        }
        return RehearsalResult()
    }

    func call(
        _ handler: Handler, _ fixture: JSONValue, at host: HookHost, _ generation: Generation
    ) async throws -> RehearsalResult {
        var fields = [LuaField("event", .text(handler.trigger.label))]
        var arguments: [LuaArgument] = []
        var marks: [String] = []
        if case .route(let route) = handler.trigger {
            arguments = [.value(route.request(fixture))]
            marks = AnswerMark.allCases.map(\.rawValue)
        } else {
            fields.append(LuaField("due", .integer(services.milliseconds / 1_000)))
        }
        let call = HandlerCall(
            handler: handler, arguments: arguments, context: LuaContext(fields: fields, marks: marks),
            limits: configuration.limits.limits(of: handler), circumstances: Circumstances(user: services.user))
        let outcome = try await perform(call, at: host, generation)
        var result = RehearsalResult()
        if case .route = handler.trigger { result.status = try ScriptedAnswer(outcome).status }
        guard outcome.returned != .nil else { return result }
        result.returned = JSONValue(try LuaJSON.document(outcome.returned, documents: [], for: handler.trigger.label))
        return result
    }

    private func perform(_ call: HandlerCall, at host: HookHost, _ generation: Generation) async throws -> LuaOutcome {
        do {
            return try await host.observerPool.withMachine(of: generation) { machine in try await machine.call(call) }
        } catch let error as LuaError {
            throw HookFailure(handler: call.handler, folder: generation.folder).failed(error)
        }
    }
}

extension Fixture {
    fileprivate var hasItems: Bool {
        event.declaration.arguments.contains { $0.name == "items" || $0.name == "item" }
    }
}

extension Route {
    /// A request for this route, with what the fixture says and nothing else.
    fileprivate func request(_ fixture: JSONValue) -> LuaValue {
        func table(_ name: String) -> LuaValue { fixture[name].map { LuaValue($0) } ?? .object([]) }
        var fields = [
            LuaField("method", .text(method)), LuaField("path", .text(fixture["path"]?.string ?? path)),
            LuaField("query", table("query")), LuaField("headers", table("headers")),
            LuaField("body", .text(fixture["body"]?.string ?? fixture["json"]?.document.text ?? "")),
            LuaField("remote_addr", .text(fixture["remote_addr"]?.string ?? "203.0.113.7")),
            LuaField("authorized", .boolean(fixture["authorized"]?.bool ?? true)),
        ]
        if let json = fixture["json"] { fields.append(LuaField("json", LuaValue(json))) }
        return .object(fields)
    }
}
