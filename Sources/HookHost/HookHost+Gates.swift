internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
public import SyncEngine

/// What a gate is asked about.
private struct GateQuestion: Sendable {
    var event: EventName
    var arguments: [LuaValue]
    var fields: [LuaField] = []
    /// "refused the request".
    var refusal: String
    var circumstances = Circumstances()
}

extension HookHost {
    public func admit(_ request: IncomingRequest) async throws {
        let question = GateQuestion(
            event: .requestBefore, arguments: [request.luaValue], refusal: "refused the request")
        try await ask(question) { _ in true }
    }

    public func approve(_ proposal: Proposal) async throws {
        let context = proposal.context
        try await ask(proposal.question) { handler in
            handler.options.match(target: context.target.name, direction: context.direction)
        }
    }

    private func ask(_ question: GateQuestion, _ isFor: (Handler) -> Bool) async throws {
        guard hasHandlers(for: question.event) else { return }
        let generation = try await current()
        let handlers = generation.handlers(for: question.event).filter(isFor)
        guard !handlers.isEmpty else { return }
        try await gatePool.withMachine(of: generation) { machine in
            for handler in handlers { try await ask(question, handler, of: generation, machine) }
        }
    }

    private func ask(
        _ question: GateQuestion, _ handler: Handler, of generation: Generation, _ machine: LoadedMachine
    ) async throws {
        let failure = HookFailure(handler: handler, folder: generation.folder)
        let call = HandlerCall(
            handler: handler, arguments: question.arguments.map { .value($0) },
            context: LuaContext(
                fields: [LuaField("event", .text(handler.trigger.label))] + question.fields, marks: [denial]),
            limits: configuration.limits.limits(of: handler), circumstances: question.circumstances)
        do {
            let outcome = try await machine.call(call)
            if let mark = outcome.marks.first { throw failure.refused(question.refusal, reason: mark.reason) }
            guard outcome.returnedCount <= 1, outcome.returned == .nil else {
                throw failure.misbehaved(
                    "returned a value", hint: "A gate refuses by ctx.deny(reason) or error(reason).")
            }
        } catch let error as LuaError {
            // A script refuses by raising an error. The peer learns the reason, the log also the place and the line.
            let failed = failure.failed(error)
            log.report(error.isLimit ? "error" : "warning", failed.message)
            guard !error.isLimit else { throw failed }
            throw failure.refused(question.refusal, reason: error.plainMessage)
        }
    }

    /// The function on `ctx` that refuses.
    private var denial: String { "deny" }
}

extension Proposal {
    fileprivate var question: GateQuestion {
        let fields = [
            LuaField("run", .text(context.run)), LuaField("direction", .text(context.direction.rawValue)),
            LuaField("mode", .text(context.mode.rawValue)), LuaField("user", context.user.map(LuaValue.text) ?? .nil),
        ]
        let circumstances = Circumstances(user: context.user, depth: context.depth)
        switch stage {
        case .beginning(let jobs):
            return GateQuestion(
                event: context.direction == .push ? .pushBefore : .pullBefore,
                arguments: [.target(context.target), .array(jobs.map { LuaValue(JSONValue($0)) })], fields: fields,
                refusal: "refused the \(context.direction.rawValue)", circumstances: circumstances)
        case .planned(let plan):
            return GateQuestion(
                event: .planReady, arguments: [LuaValue(JSONValue(plan)), .target(context.target)], fields: fields,
                refusal: "refused the plan", circumstances: circumstances)
        }
    }
}

extension IncomingRequest {
    /// What passes for a secret. Scripts may log what they are given.
    private static let secretHeaders: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "api-key", "x-api-key",
    ]

    var luaValue: LuaValue { .object(luaFields) }

    var luaFields: [LuaField] {
        var merged: [String: String] = [:]
        for header in headers {
            let name = header.name.lowercased()
            let value = IncomingRequest.secretHeaders.contains(name) ? "***" : header.value
            merged[name] = merged[name].map { "\($0), \(value)" } ?? value
        }
        return [
            LuaField("method", .text(method)), LuaField("path", .text(path)),
            LuaField("remote_addr", .text(remoteAddress)),
            LuaField("headers", .object(merged.sorted { $0.key < $1.key }.map { LuaField($0.key, .text($0.value)) })),
        ]
    }
}
