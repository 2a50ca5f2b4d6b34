internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine

/// `app.sync`: runs that a handler starts, and what goes on.
struct SyncService: Sendable {
    let control: (any SyncControl)?
    let egress: EgressPolicy
    let targets: @Sendable () async throws -> [TargetFacts]
    let activity: (@Sendable () async throws -> JSONDocument)?

    func status(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let name = HostFunction.syncStatus.rawValue
        guard let activity else { throw HostError("\(name): nothing is known of runs here") }
        let answer = try Blocking.wait(name, until: invocation.deadline) { try await activity() }
        return [LuaValue(JSONValue(answer))]
    }

    func run(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let name = HostFunction.syncRun.rawValue
        let target = try target(arguments, name)
        let options = try TableReader(argument(2, of: arguments), of: name, allowing: ["mode"])
        let mode = try options.choice("mode", among: [Direction.push, .pull]) ?? target.mode ?? .push
        let jobs = try jobs(argument(1, of: arguments), name, invocation)
        return try perform(ScriptedRun(target: target.target, direction: mode, jobs: jobs), name, invocation)
    }

    func item(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let name = HostFunction.syncItem.rawValue
        let target = try target(arguments, name)
        let what = try TableReader(
            argument(1, of: arguments), of: name, allowing: ["type", "model", "id", "item", "syncAssets", "mode"])
        let mode = try what.choice("mode", among: [Direction.push, .pull]) ?? target.mode ?? .push
        let item = try item(what, name)
        return try perform(ScriptedRun(target: target.target, direction: mode, item: item), name, invocation)
    }

    func check(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let name = HostFunction.syncCheck.rawValue
        let target = try target(arguments, name).target
        let control = try theControl(name)
        let answer = try Blocking.wait(name, until: invocation.deadline) {
            do {
                return try await control.check(try await permitted(target))
            } catch {
                // Asking is how a script finds out, so "no" is an answer.
                let failure = TidelockError(wrapping: error)
                return JSONDocument.object([
                    ("success", JSONDocument(bool: false)), ("code", JSONDocument(string: failure.code.rawValue)),
                    ("error", JSONDocument(string: failure.message)),
                ])
            }
        }
        return [LuaValue(JSONValue(answer))]
    }

    private func perform(_ run: ScriptedRun, _ name: String, _ invocation: Invocation) throws -> [LuaValue] {
        let control = try theControl(name)
        let depth = invocation.depth + 1
        guard depth <= HookLimits.deepestRun else {
            throw HostError(
                "\(name): this run was started by a handler of a run that was started by a handler; "
                    + "more than \(HookLimits.deepestRun) in a row are refused")
        }
        let report = try Blocking.wait(name, until: invocation.deadline) {
            var run = run
            run.target = try await permitted(run.target)
            return try await control.run(run, depth: depth)
        }
        return [LuaValue(JSONValue(report))]
    }

    /// A target of the script's own is a place on the network like any other.
    private func permitted(_ target: ScriptedTarget) async throws -> ScriptedTarget {
        guard let uri = target.uri, target.key != nil else { return target }
        egress.update(try await targets())
        do throws(HostError) {
            try egress.check(try WebAddress(uri))
        } catch {
            throw TidelockError(.permissionDenied, "\(error)")
        }
        var target = target
        target.admits = { [egress] address, host, port in egress.admits(address, for: host, port) }
        return target
    }

    private func theControl(_ name: String) throws(HostError) -> any SyncControl {
        guard let control else { throw HostError("\(name): nothing can be synced from here") }
        return control
    }
}

// MARK: - Arguments

extension SyncService {
    private func argument(_ position: Int, of arguments: [LuaValue]) -> LuaValue {
        arguments.count > position ? arguments[position] : .nil
    }

    /// A name, or a table as handlers are given it, or one with uri, syncKey and mode as the documentation writes it.
    private func target(
        _ arguments: [LuaValue], _ name: String
    ) throws(HostError) -> (target: ScriptedTarget, mode: Direction?) {
        let value = argument(0, of: arguments)
        if let text = value.text { return (ScriptedTarget(name: text), nil) }
        guard case .object = value else {
            throw HostError("\(name): the target must be the name of one, or a table with name or uri")
        }
        let table = try TableReader(value, of: name, allowing: ["name", "uri", "syncKey", "mode"])
        let target = ScriptedTarget(
            name: try table.string("name"), uri: try table.string("uri"), key: try table.string("syncKey"))
        guard target.name != nil || target.uri != nil else { throw HostError("\(name): the target has no name or uri") }
        return (target, try table.choice("mode", among: [Direction.push, .pull]))
    }

    /// A page, an item of a model, or, where the item itself says that it is one, a singleton.
    private func item(_ what: TableReader, _ name: String) throws -> ScriptedItem {
        let bringsAssets = try what.boolean("syncAssets") ?? false
        let id = try what.string("id") ?? what.value("item")?["_id"].text
        let kind: Kind
        switch try what.choice("type", among: [Job.Name.content, .pages]) ?? .content {
        case .pages: kind = .pages
        default:
            guard let model = try what.string("model") else { throw HostError("\(name): 'model' is missing") }
            guard what.value("item")?["_model"].text != model else {
                return ScriptedItem(kind: .singletons, id: model, bringsAssets: bringsAssets)
            }
            kind = try .content(model)
        }
        guard let id else { throw HostError("\(name): 'id' is missing, or an 'item' with an _id") }
        return ScriptedItem(kind: kind, id: id, bringsAssets: bringsAssets)
    }

    private func jobs(_ value: LuaValue, _ name: String, _ invocation: Invocation) throws -> [JSONDocument]? {
        switch value {
        case .nil: return nil
        case .array(let jobs):
            return try jobs.map { try LuaJSON.document($0, documents: invocation.documents, for: name) }
        default: throw HostError("\(name): the jobs must be a list of tables, such as { { name = \"content\" } }")
        }
    }
}
