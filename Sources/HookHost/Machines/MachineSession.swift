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
        /// Where each handler is that another one could be mistaken for, and how many a file has for a trigger.
        var positions: [Identity: Int] = [:]
        var counts: [Owner: Int] = [:]
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
            state.withLock { state in
                if state.problems.count < MachineSession.mostProblems { state.problems.append(problem) }
            }
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
        let owner = Owner(trigger: trigger, entry: entry.path)
        let handler = Handler(
            position: registrations.count, trigger: trigger, name: options.name ?? defaultName(owner, entry),
            options: options, entry: entry.path, file: location.file, line: location.line)
        let identity = Identity(handler)
        if let twin = positions[identity].map({ registrations[$0].handler }) {
            throw HostError(
                "\(function.rawValue): \(trigger.label) already has a handler named '\(twin.name)', "
                    + "registered at \(twin.file):\(twin.line)")
        }
        positions[identity] = handler.position
        counts[owner, default: 0] += 1
        registrations.append(MachineSession.Registration(handler: handler, function: body))
    }

    /// Stable while lines move: the peers of a stream remember handlers by name.
    private func defaultName(_ owner: Owner, _ entry: HookFile) -> String {
        let earlier = counts[owner] ?? 0
        return earlier == 0 ? entry.stem : "\(entry.stem)#\(earlier + 1)"
    }

    /// What tells one handler from another. A request has one answer, whatever the handler is called.
    fileprivate struct Identity: Hashable {
        private let trigger: Trigger
        private let name: String?

        init(_ handler: Handler) {
            if case .route(let route) = handler.trigger {
                trigger = .route(Route(method: route.method, path: route.path))
                name = nil
            } else {
                trigger = handler.trigger
                name = handler.name
            }
        }
    }

    fileprivate struct Owner: Hashable {
        var trigger: Trigger
        var entry: String
    }
}

extension MachineSession {
    /// Bounds what a loop around `app.on` can do.
    static let mostHandlers = 10_000
    /// A `pcall` in a loop around one that fails: the first few tell everything.
    static let mostProblems = 100
}
