internal import ContentModel
public import HookCatalog
internal import LuaRuntime
public import SyncEngine

extension HookHost: HookPort {
    public func pin(for context: RunContext) async throws -> any RunHooks {
        PinnedRun(try await current(), for: context, on: workers)
    }

    public func admit(_ request: IncomingRequest) async throws {
        let generation = try await current()
        let handlers = generation.handlers(for: .requestBefore)
        guard !handlers.isEmpty else { return }
        try await gatePool.withMachine(of: generation) { machine in
            for handler in handlers { try await admit(request, through: handler, of: generation, machine) }
        }
    }

    /// Also `true` when nothing could be loaded: the event waits until somebody can tell.
    public func hasObservers(of event: EventName) async -> Bool {
        guard let generation = try? await current() else { return true }
        return !generation.handlers(for: event).isEmpty
    }

    public func observe(_ observation: Observation) async throws {
        let generation = try await current()
        let handlers = observation.handlers(of: generation)
        var failures: [TidelockError] = []
        for handler in handlers {
            do {
                try await observe(observation, through: handler, of: generation)
            } catch {
                let failure = TidelockError(wrapping: error)
                log.report("error", failure.message)
                failures.append(failure)
            }
        }
        guard let first = failures.first else { return }
        throw TidelockError(
            .hookFailed,
            "\(failures.count) of \(handlers.count) handlers of \(observation.event.rawValue) failed; "
                + "the first: \(first.message)",
            hint: "What was synced stays synced; 'tidelock log' has every failure.", details: first.details,
            underlying: first)
    }
}

// MARK: - Gates

extension HookHost {
    private func admit(
        _ request: IncomingRequest, through handler: Handler, of generation: Generation, _ machine: LoadedMachine
    ) async throws {
        let failure = HookFailure(handler: handler, folder: generation.folder)
        let call = HandlerCall(
            handler: handler, arguments: [.value(request.luaValue)],
            context: LuaContext(fields: [LuaField("event", .text(handler.event.rawValue))], marks: [denial]),
            limits: configuration.limits.limits(of: handler))
        do {
            let outcome = try await machine.call(call)
            if let mark = outcome.marks.first { throw failure.refused("refused the request", reason: mark.reason) }
            guard outcome.returnedCount <= 1, outcome.returned == .nil else {
                throw failure.misbehaved(
                    "returned a value", hint: "A gate refuses by ctx.deny(reason) or error(reason).")
            }
        } catch let error as LuaError {
            // A script refuses by raising an error. The peer learns the reason, the log also the place and the line.
            let failed = failure.failed(error)
            log.report(error.isLimit ? "error" : "warning", failed.message)
            guard !error.isLimit else { throw failed }
            throw failure.refused("refused the request", reason: error.plainMessage)
        }
    }

    /// The function on `ctx` that refuses.
    private var denial: String { "deny" }
}

extension IncomingRequest {
    /// What passes for a secret. Scripts may log what they are given.
    private static let secretHeaders: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "api-key", "x-api-key",
    ]

    fileprivate var luaValue: LuaValue {
        var merged: [String: String] = [:]
        for header in headers {
            let name = header.name.lowercased()
            let value = IncomingRequest.secretHeaders.contains(name) ? "***" : header.value
            merged[name] = merged[name].map { "\($0), \(value)" } ?? value
        }
        return .object([
            LuaField("method", .text(method)), LuaField("path", .text(path)),
            LuaField("remote_addr", .text(remoteAddress)),
            LuaField("headers", .object(merged.sorted { $0.key < $1.key }.map { LuaField($0.key, .text($0.value)) })),
        ])
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
            limits: configuration.limits.limits(of: handler))
        do {
            _ = try await observerPool.withMachine(of: generation) { machine in try await machine.call(call) }
        } catch let error as LuaError {
            var failure = HookFailure(handler: handler, folder: generation.folder)
            failure.details = ["run": observation.run, "delivery": observation.delivery]
            throw failure.failed(error)
        }
    }
}
