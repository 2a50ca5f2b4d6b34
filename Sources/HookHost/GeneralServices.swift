internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine

/// `app.auth.user`, `app.async.run` and `app.secret`.
struct GeneralServices: Sendable {
    let currentUser: @Sendable () -> String?
    let secrets: [String: String]

    func user(_ arguments: [LuaValue], _ invocation: Invocation) -> [LuaValue] {
        [(invocation.user ?? currentUser()).map { .object([LuaField("user", .text($0))]) } ?? .nil]
    }

    /// The function stays with the machine that it came from, and runs there when the handler has ended.
    func runLater(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        guard arguments.count == 1, case .function(let function) = arguments[0] else {
            throw HostError("\(HostFunction.asyncRun.rawValue): the argument must be a function")
        }
        try invocation.postpone(function)
        return []
    }

    func secret(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        throw HostError("\(HostFunction.secret.rawValue) is not available in this version")
    }
}
