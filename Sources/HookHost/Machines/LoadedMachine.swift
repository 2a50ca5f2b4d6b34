internal import LuaRuntime
internal import Synchronization

/// A machine into which one generation is loaded.
///
/// A class, because it is one machine with one life: taken from a pool, used by one call at a time, put back or ended.
final class LoadedMachine: Sendable {
    let generation: String
    private let machine: LuaMachine
    private let session: MachineSession
    private let meter: HandlerMeter
    private let functions: [LuaFunction]
    private let redaction: Redaction
    private let uses = Mutex(0)
    /// Functions that handlers left to run afterwards.
    private let postponed = Mutex<ArraySlice<(LuaFunction, HandlerCall)>>([])

    init(
        _ machine: LuaMachine, _ session: MachineSession, generation: String, _ meter: HandlerMeter,
        _ redaction: Redaction
    ) {
        self.machine = machine
        self.redaction = redaction
        self.session = session
        self.meter = meter
        self.generation = generation
        functions = session.registrations.map(\.function)
    }

    /// Calls a handler. Only one call at a time: what the host functions see is the machine's current call.
    func call(_ call: HandlerCall) async throws(LuaError) -> LuaOutcome {
        try await self.call(functions[call.handler.position], call)
    }

    /// Calls functions that a handler left, one after the other, each like a call of that handler.
    ///
    /// Not after a limit stopped one of them: the machine is gone then.
    func runPostponed(_ report: (Handler, LuaError) -> Void) async {
        while !machine.isPoisoned, let (function, call) = postponed.withLock({ $0.popFirst() }) {
            do {
                _ = try await self.call(function, call)
            } catch {
                report(call.handler, error)
            }
            await machine.release(function)
        }
        let left = postponed.withLock { postponed in
            defer { postponed = [] }
            return postponed
        }
        for (_, call) in left {
            report(call.handler, LuaError(kind: .misuse, message: "it did not run, because its machine was stopped"))
        }
    }

    var hasPostponed: Bool { postponed.withLock { !$0.isEmpty } }

    private func call(_ function: LuaFunction, _ call: HandlerCall) async throws(LuaError) -> LuaOutcome {
        uses.withLock { $0 += 1 }
        let current = Invocation(
            call.handler, documents: call.documents, time: call.limits.wall, call.circumstances)
        session.begin(current)
        defer {
            session.end()
            keep(current.postponed, of: call)
        }
        var invocation = LuaInvocation()
        invocation.documents = call.documents
        invocation.documentsAreValid = true
        invocation.documentsAtOnce = call.documentsAtOnce
        invocation.key = call.key
        invocation.arguments = call.arguments
        invocation.context = call.context
        invocation.limits = call.limits
        do throws(LuaError) {
            let outcome = try await machine.call(function, invocation)
            meter.note(outcome, of: call)
            return outcome
        } catch {
            meter.note(error, of: call)
            throw redaction.redacted(error)
        }
    }

    private func keep(_ functions: [LuaFunction], of call: HandlerCall) {
        guard !functions.isEmpty else { return }
        var later = HandlerCall(handler: call.handler, arguments: [], context: nil, limits: call.limits)
        later.circumstances = call.circumstances
        later.circumstances.isPostponed = true
        postponed.withLock { $0 += functions.map { ($0, later) } }
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
    /// The bytes of documents, so they need not be validated once more.
    var documents: [[UInt8]] = []
    /// With more documents, the handler is called several times.
    var documentsAtOnce = Int.max
    /// The member by which documents are known, where it matters whether the handler wrote to it.
    var key: String?
    var arguments: [LuaArgument]
    var context: LuaContext?
    var limits: LuaLimits
    var circumstances = Circumstances()
}
