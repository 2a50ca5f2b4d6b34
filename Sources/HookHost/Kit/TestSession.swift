internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
internal import Synchronization

/// The functions that a test file calls, and what they tell about it.
///
/// A class, because they run on a Lua thread while the runner waits for the machine.
final class TestSession: Sendable {
    /// What a file or a group declares, in order.
    enum Entry {
        case group(String, LuaFunction)
        case test(String, LuaFunction)
    }

    /// What a group declares.
    struct Group {
        var entries: [Entry] = []
        var preparations: [LuaFunction] = []
    }

    /// What an expectation that did not hold compared.
    struct Explanation {
        /// Nil where nothing was compared.
        var expected: String?
        var got: String
    }

    private let rehearsal: Rehearsal
    private let state = Mutex(State())

    private struct State {
        /// Nil while a test runs.
        var group: Group?
        var explanation: Explanation?
    }

    init(_ rehearsal: Rehearsal) {
        self.rehearsal = rehearsal
    }

    func beginGroup() {
        state.withLock { $0.group = Group() }
    }

    func endGroup() -> Group {
        state.withLock { state in
            defer { state.group = nil }
            return state.group ?? Group()
        }
    }

    func takeExplanation() -> Explanation? {
        state.withLock { state in
            defer { state.explanation = nil }
            return state.explanation
        }
    }

    var functions: [LuaHostFunction] {
        declarations + mocks + [
            LuaHostFunction("fire") { [self] call in [try fire(call)] },
            LuaHostFunction("kit.show") { call in [.text(LuaText.written(call.arguments.first ?? .nil))] },
            LuaHostFunction("kit.brief") { call in [.text(LuaText.brief(call.arguments.first?.text ?? ""))] },
            LuaHostFunction("kit.explain") { [self] call in
                state.withLock { state in
                    state.explanation = Explanation(
                        expected: call.arguments.first?.text, got: call.arguments.dropFirst().first?.text ?? "")
                    // What must never be the same has no difference to show.
                    if call.arguments.last == .boolean(false) { state.explanation?.expected = nil }
                }
                return []
            },
        ]
    }
}

// MARK: - Declarations

extension TestSession {
    private var declarations: [LuaHostFunction] {
        [
            LuaHostFunction("describe", whileLoading: true, keepsFunctions: true) { [self] call in
                try declare("describe", call) { .group($0, $1) }
            },
            LuaHostFunction("it", whileLoading: true, keepsFunctions: true) { [self] call in
                try declare("it", call) { .test($0, $1) }
            },
            LuaHostFunction("before_each", whileLoading: true, keepsFunctions: true) { [self] call in
                guard case .function(let body)? = call.arguments.first else {
                    throw HostError("before_each: the argument must be a function")
                }
                try change("before_each") { $0.preparations.append(body) }
                return []
            },
        ]
    }

    private func declare(
        _ name: String, _ call: LuaCall, _ entry: (String, LuaFunction) -> Entry
    ) throws -> [LuaValue] {
        guard let title = call.arguments.first?.text, call.arguments.count > 1,
            case .function(let body) = call.arguments[1]
        else { throw HostError("\(name): the arguments must be a name and a function") }
        let made = entry(title, body)
        try change(name) { $0.entries.append(made) }
        return []
    }

    private func change(_ name: String, _ body: (inout Group) -> Void) throws {
        let isDeclaring = state.withLock { state in
            guard var group = state.group else { return false }
            body(&group)
            state.group = group
            return true
        }
        guard isDeclaring else { throw HostError("\(name) cannot be called inside a test") }
    }
}

// MARK: - Firing and preparing

extension TestSession {
    /// The longest that one call may take.
    private static let patience = Duration.seconds(60)

    private func fire(_ call: LuaCall) throws -> LuaValue {
        guard let event = call.arguments.first?.text else {
            throw HostError("fire: the first argument must be the name of an event")
        }
        let fixture = JSONValue(try json(call.arguments.count > 1 ? call.arguments[1] : .nil, "fire"))
        let result = try wait("fire") { [rehearsal] in try await rehearsal.fire(event, fixture) }
        return LuaValue(result.value)
    }

    private var mocks: [LuaHostFunction] {
        [
            LuaHostFunction("mock.http") { [self] call in
                guard let pattern = call.arguments.first?.text, call.arguments.count > 1 else {
                    throw HostError("mock.http: the arguments must be an address and an answer")
                }
                let response = JSONValue(try json(call.arguments[1], "mock.http"))
                do {
                    rehearsal.services.answer(try RehearsedAnswer(pattern: pattern, response: response))
                } catch let error as TidelockError {
                    throw HostError("mock.http: \(error.message)")
                }
                return []
            },
            LuaHostFunction("mock.mail") { [self] call in
                rehearsal.services.failMails(call.arguments.first?.text)
                return []
            },
            LuaHostFunction("mock.clock") { [self] call in
                guard let seconds = call.arguments.first?.wholeNumber else {
                    throw HostError("mock.clock: the argument must be a whole number of seconds since 1970")
                }
                rehearsal.services.setClock(Int64(seconds))
                return []
            },
            LuaHostFunction("mock.config") { [self] call in
                let config = try json(call.arguments.first ?? .nil, "mock.config")
                let table = config.isObject ? config : .emptyObject
                try wait("mock.config") { [rehearsal] in try await rehearsal.configure(table) }
                return []
            },
            LuaHostFunction("mock.user") { [self] call in
                rehearsal.services.user = call.arguments.first?.text
                return []
            },
        ]
    }

    private func json(_ value: LuaValue, _ name: String) throws -> JSONDocument {
        try LuaJSON.document(value, documents: [], for: name)
    }

    private func wait<Result: Sendable>(
        _ name: String, _ work: @escaping @Sendable () async throws -> Result
    ) throws -> Result {
        try Blocking.wait(name, until: .now + Self.patience, work)
    }
}
