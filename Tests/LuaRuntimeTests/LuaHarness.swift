import LuaRuntime
import Synchronization
import Testing

/// One machine with one file loaded, and what the file handed over.
///
/// The file registers functions with `on("name", fn)`; `seen(...)` keeps its arguments for the test to look at.
final class LuaHarness: Sendable {
    static let workers = LuaWorkers(count: 2)

    let machine: LuaMachine
    private let handed: Handed

    private final class Handed: Sendable {
        let functions = Mutex<[String: LuaFunction]>([:])
        let seen = Mutex<[[LuaValue]]>([])
    }

    init(
        _ text: String, limits: LuaLimits = .wide, library: [LuaHostFunction] = [], constants: [LuaField] = [],
        modules: [String: LuaSource] = [:]
    ) async throws {
        let handed = Handed()
        let on = LuaHostFunction("on", whileLoading: true, keepsFunctions: true) { call in
            guard case .string = call.arguments[0], case .function(let function) = call.arguments[1] else { return [] }
            handed.functions.withLock { $0[call.arguments[0].text ?? ""] = function }
            return []
        }
        let seen = LuaHostFunction("seen", whileLoading: true) { call in
            handed.seen.withLock { $0.append(call.arguments) }
            return []
        }
        self.handed = handed
        machine = try LuaMachine(
            LuaConfiguration(limits: limits, library: [on, seen] + library, constants: constants, modules: modules),
            on: Self.workers)
        try await machine.load(LuaSource(path: "test.lua", text: text))
    }

    deinit { machine.close() }

    var seen: [[LuaValue]] { handed.seen.withLock { $0 } }

    func has(_ name: String) -> Bool { handed.functions.withLock { $0[name] != nil } }

    func function(_ name: String = "f") throws -> LuaFunction {
        try #require(handed.functions.withLock { $0[name] }, "The file did not register '\(name)'.")
    }

    @discardableResult
    func call(_ name: String = "f", _ invocation: LuaInvocation = LuaInvocation()) async throws -> LuaOutcome {
        try await machine.call(function(name), invocation)
    }

    @discardableResult
    func call(_ name: String = "f", _ documents: [String], context: LuaContext? = nil) async throws -> LuaOutcome {
        try await call(name, LuaInvocation(documents: documents.map { Array($0.utf8) }, context: context))
    }
}

extension LuaLimits {
    /// So wide that a slow machine does not reach them.
    static var wide: LuaLimits { with(cpu: .seconds(60)) }

    /// So tight that attacks end soon.
    static var tight: LuaLimits { with(cpu: .milliseconds(100)) }

    private static func with(cpu: Duration) -> LuaLimits {
        var limits = LuaLimits()
        limits.cpu = cpu
        limits.load = cpu
        limits.wall = .seconds(600)
        return limits
    }
}

/// Runs `body` as a function with the documents as `items`, and gives the documents as they are afterwards.
func filtered(_ documents: [String], _ body: String) async throws -> [String] {
    let lua = try await LuaHarness("local json = app.json\non('f', function(items, ctx)\n\(body)\nend)")
    let outcome = try await lua.call("f", documents, context: LuaContext())
    return zip(documents, outcome.changes).map { document, change in
        switch change {
        case .unchanged: document
        case .replaced(let bytes): String(decoding: bytes, as: UTF8.self)
        }
    }
}

func filtered(_ document: String, _ body: String) async throws -> String {
    try await filtered([document], "local item = items[1]\n" + body)[0]
}

/// What the expression gives, evaluated by a fresh machine.
func evaluated(_ expression: String) async throws -> LuaValue {
    let machine = try LuaMachine(LuaConfiguration(), on: LuaHarness.workers)
    defer { machine.close() }
    return try await machine.load(LuaSource(path: "test.lua", text: "return " + expression))
}

/// The error that loading the text ends with.
func failure(_ text: String, modules: [String: LuaSource] = [:]) async throws -> LuaError {
    do {
        _ = try await LuaHarness(text, modules: modules)
    } catch let error as LuaError {
        return error
    }
    throw NothingFailed()
}

struct NothingFailed: Error {}
