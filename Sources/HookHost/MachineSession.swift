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

    /// Carries out `app.on`.
    func register(_ call: LuaCall) throws(HostError) {
        do throws(HostError) {
            let (event, function, options) = try RegistrationReader.read(call.arguments)
            try state.withLock { state throws(HostError) in
                try state.add(event, function, options, at: call.location)
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
        _ event: EventName, _ function: LuaFunction, _ options: HandlerOptions, at location: LuaLocation
    ) throws(HostError) {
        guard let entry else { throw HostError(HostFunction.on.refusal) }
        guard registrations.count < MachineSession.mostHandlers else {
            throw HostError("\(HostFunction.on.rawValue): there are more than \(MachineSession.mostHandlers) handlers")
        }
        let handler = Handler(
            position: registrations.count, event: event, name: options.name ?? defaultName(event, entry),
            options: options, entry: entry.path, file: location.file, line: location.line)
        if let twin = registrations.first(where: { $0.handler.event == event && $0.handler.name == handler.name }) {
            throw HostError(
                "\(HostFunction.on.rawValue): \(event.rawValue) already has a handler named '\(handler.name)', "
                    + "registered at \(twin.handler.file):\(twin.handler.line)")
        }
        registrations.append(MachineSession.Registration(handler: handler, function: function))
    }

    /// Stable while lines move: the peers of a stream remember handlers by name.
    private func defaultName(_ event: EventName, _ entry: HookFile) -> String {
        let earlier = registrations.count { $0.handler.event == event && $0.handler.entry == entry.path }
        return earlier == 0 ? entry.stem : "\(entry.stem)#\(earlier + 1)"
    }
}

extension MachineSession {
    /// Bounds what a loop around `app.on` can do.
    static let mostHandlers = 10_000
}
