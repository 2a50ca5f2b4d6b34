internal import LuaRuntime
internal import Synchronization

/// A machine into which one generation is loaded.
///
/// A class, because it is one machine with one life: taken from a pool, used by one call at a time, put back or ended.
final class LoadedMachine: Sendable {
    let generation: String
    private let machine: LuaMachine
    private let session: MachineSession
    private let functions: [LuaFunction]
    private let uses = Mutex(0)

    init(_ machine: LuaMachine, _ session: MachineSession, generation: String) {
        self.machine = machine
        self.session = session
        self.generation = generation
        functions = session.registrations.map(\.function)
    }

    /// Calls a handler. Only one call at a time: what the host functions see is the machine's current call.
    func call(_ call: HandlerCall) async throws(LuaError) -> LuaOutcome {
        uses.withLock { $0 += 1 }
        let deadline = ContinuousClock.now + call.limits.wall
        session.begin(Invocation(call.handler, documents: call.documents, deadline: deadline))
        defer { session.end() }
        var invocation = LuaInvocation()
        invocation.documents = call.documents
        invocation.arguments = call.arguments
        invocation.context = call.context
        invocation.limits = call.limits
        return try await machine.call(functions[call.handler.position], invocation)
    }

    /// Whether it may serve another call.
    func isFit(maximumUses: Int) -> Bool {
        !machine.isPoisoned && uses.withLock { $0 } < maximumUses
    }

    func close() {
        machine.close()
    }
}

/// What to call, with what.
struct HandlerCall: Sendable {
    var handler: Handler
    var documents: [[UInt8]] = []
    var arguments: [LuaArgument]
    var context: LuaContext
    var limits: LuaLimits
}
