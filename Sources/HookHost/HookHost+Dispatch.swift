internal import ContentModel
public import HookCatalog
internal import LuaRuntime
public import SyncEngine

extension HookHost: HookPort {
    public func pin(for context: RunContext) async throws -> any RunHooks {
        PinnedRun(try await current(), for: context, on: workers)
    }

    public func handlers(of event: EventName) async throws -> [String] {
        guard hasHandlers(for: event) else { return [] }
        return try await current().handlers(for: event).map(\.name)
    }

    public func observe(_ observation: Observation, by name: String) async throws {
        let generation = try await current()
        guard let handler = observation.handlers(of: generation).first(where: { $0.name == name }) else { return }
        do {
            try await observe(observation, through: handler, of: generation)
        } catch {
            log.report("error", TidelockError(wrapping: error).message)
            throw error
        }
    }
}

// MARK: - Observers

extension HookHost {
    private func observe(
        _ observation: Observation, through handler: Handler, of generation: Generation
    ) async throws {
        let arguments = observation.arguments(for: handler)
        guard let arguments else { return }
        let call = HandlerCall(
            handler: handler, documents: arguments.documents, arguments: arguments.values,
            context: LuaContext(fields: observation.fields, marks: []),
            limits: configuration.limits.limits(of: handler),
            circumstances: Circumstances(user: observation.user, depth: observation.depth))
        do {
            _ = try await observerPool.withMachine(of: generation) { machine in try await machine.call(call) }
        } catch let error as LuaError {
            var failure = HookFailure(handler: handler, folder: generation.folder)
            failure.details = ["run": observation.run, "delivery": observation.delivery]
            throw failure.failed(error)
        }
    }
}
