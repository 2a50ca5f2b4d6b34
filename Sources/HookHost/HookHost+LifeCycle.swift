public import ContentModel
public import HookCatalog
internal import LuaRuntime
internal import Synchronization

extension HookHost {
    /// Says that this process serves an instance: from now on handlers are told when generations change.
    public func serve(_ instance: InstanceIdentity, version: String) {
        state.withLock { $0.served = ProcessInfo(instance: instance, version: version) }
    }

    /// Tells the handlers of `app.started` or `app.stopping`; a failure is logged and changes nothing. Does nothing
    /// in a process that does not serve.
    public func announce(_ event: EventName) async {
        guard let generation = try? await current() else { return }
        await announce(event, of: generation)
    }

    func announce(_ event: EventName, of generation: Generation) async {
        guard let info = state.withLock(\.served) else { return }
        for handler in generation.handlers(for: event) {
            let call = HandlerCall(
                handler: handler, arguments: [.value(info.luaValue(generation.identity))],
                context: LuaContext(fields: [LuaField("event", .text(event.rawValue))]),
                limits: configuration.limits.limits(of: handler))
            await runAlone(call, of: generation)
        }
    }

    /// Runs a handler that nobody waits for; a failure is logged and changes nothing.
    func runAlone(_ call: HandlerCall, of generation: Generation) async {
        do {
            _ = try await observerPool.withMachine(of: generation) { machine in try await machine.call(call) }
        } catch let error as LuaError {
            log.report("error", HookFailure(handler: call.handler, folder: generation.folder).failed(error).message)
        } catch {
            reportUnrun(call.handler, error)
        }
    }

    func reportUnrun(_ handler: Handler, _ error: any Error) {
        log.report("error", "Handler '\(handler.name)' of \(handler.trigger.label) could not run: \(error)")
    }
}

/// The process that serves, as handlers see it.
struct ProcessInfo: Sendable, Equatable {
    var instance: InstanceIdentity
    var version: String

    func luaValue(_ generation: String) -> LuaValue {
        .object([
            LuaField("id", .text(instance.id)), LuaField("name", .text(instance.name)),
            LuaField("version", .text(version)), LuaField("generation", .text(generation)),
        ])
    }
}
