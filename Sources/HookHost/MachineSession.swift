internal import HookCatalog
internal import LuaRuntime
internal import Synchronization

/// What the host functions of one machine need to know: what the machine is doing right now.
///
/// Host functions run on a Lua thread while Swift waits for the machine, so the two meet here.
final class MachineSession: Sendable {
    private let state = Mutex(State())

    fileprivate struct State {
        var entry: HookFile?
        var registrations: [Registration] = []
        var problems: [HookProblem] = []
        var invocation: Invocation?
    }

    /// A handler together with the function that is its body in this machine.
    struct Registration {
        var handler: Handler
        var function: LuaFunction
    }

    var registrations: [Registration] { state.withLock(\.registrations) }

    // MARK: - Loading

    func beginLoading(_ entry: HookFile) {
        state.withLock { $0.entry = entry }
    }

    /// Ends the loading of a file; answers what was wrong with its registrations.
    ///
    /// They are kept here as well as raised, because a `pcall` around `app.on` must not hide that a handler is missing.
    func endLoading() -> [HookProblem] {
        state.withLock { state in
            state.entry = nil
            defer { state.problems = [] }
            return state.problems
        }
    }

    /// Carries out `app.on` and the other functions that register.
    func register(_ function: HostFunction, _ call: LuaCall) throws(HostError) {
        do throws(HostError) {
            let reader = RegistrationReader(function: function)
            let (trigger, body, options) = try reader.read(call.arguments)
            try state.withLock { state throws(HostError) in
                try state.add(trigger, body, options, by: function, at: call.location)
            }
        } catch {
            let problem = HookProblem(file: call.location.file, line: call.location.line, error.description)
            state.withLock { $0.problems.append(problem) }
            throw error
        }
    }

    // MARK: - Handling

    /// What is being handled; `nil` while a file is loaded.
    var invocation: Invocation? { state.withLock(\.invocation) }

    func begin(_ invocation: Invocation) {
        state.withLock { $0.invocation = invocation }
    }

    func end() {
        state.withLock { $0.invocation = nil }
    }
}

extension MachineSession.State {
    fileprivate mutating func add(
        _ trigger: Trigger, _ body: LuaFunction, _ options: HandlerOptions, by function: HostFunction,
        at location: LuaLocation
    ) throws(HostError) {
        guard let entry else { throw HostError(function.refusal) }
        guard registrations.count < MachineSession.mostHandlers else {
            throw HostError("\(function.rawValue): there are more than \(MachineSession.mostHandlers) handlers")
        }
        let handler = Handler(
            position: registrations.count, trigger: trigger, name: options.name ?? defaultName(trigger, entry),
            options: options, entry: entry.path, file: location.file, line: location.line)
        if let twin = twin(of: handler) {
            throw HostError(
                "\(function.rawValue): \(trigger.label) already has a handler named '\(twin.name)', "
                    + "registered at \(twin.file):\(twin.line)")
        }
        registrations.append(MachineSession.Registration(handler: handler, function: body))
    }

    /// An earlier handler that could not be told from this one. A request has one answer, whatever the handler is
    /// called.
    private func twin(of handler: Handler) -> Handler? {
        registrations.map(\.handler).first { other in
            if case .route(let route) = handler.trigger, case .route(let known) = other.trigger {
                return route.method == known.method && route.path == known.path
            }
            return other.trigger == handler.trigger && other.name == handler.name
        }
    }

    /// Stable while lines move: the peers of a stream remember handlers by name.
    private func defaultName(_ trigger: Trigger, _ entry: HookFile) -> String {
        let earlier = registrations.count { $0.handler.trigger == trigger && $0.handler.entry == entry.path }
        return earlier == 0 ? entry.stem : "\(entry.stem)#\(earlier + 1)"
    }
}

extension MachineSession {
    /// Bounds what a loop around `app.on` can do.
    static let mostHandlers = 10_000
}
