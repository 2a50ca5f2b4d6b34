internal import LuaRuntime
internal import SyncEngine

/// `app.auth.user` and `app.cache.flush`.
struct GeneralServices: Sendable {
    let cache: any CacheStore
    let currentUser: @Sendable () -> String?

    func user(_ arguments: [LuaValue], _ invocation: Invocation) -> [LuaValue] {
        [currentUser().map { .object([LuaField("user", .text($0))]) } ?? .nil]
    }

    func flush(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        try Blocking.wait("app.cache.flush", until: invocation.deadline) { [cache] in try await cache.flush() }
        return []
    }
}
