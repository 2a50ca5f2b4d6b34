internal import ContentModel
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

    /// The value as something that a script can pass on but not read.
    func secret(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let function = HostFunction.secret.rawValue
        guard let name = arguments.first?.text else {
            throw HostError("\(function): the first argument must be the name of a secret")
        }
        guard let value = secrets[name] else {
            throw HostError(
                "\(function): there is no secret '\(name.printable)'.\(didYouMean(name, among: secrets.keys))")
        }
        return [.secret(Array(value.utf8))]
    }
}
