internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine

/// `app.kv`: values that the handlers of one file keep for themselves.
struct KeyService: Sendable {
    let keys: any KeyValueStore

    func get(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let call = ValueCall(.keyGet, arguments, invocation)
        let (key, owner) = (try call.key(), call.owner)
        return [try call.wait { [keys] in try await keys.value(key, of: owner) }.map(LuaValue.init) ?? .nil]
    }

    func set(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let call = ValueCall(.keySet, arguments, invocation)
        let (key, owner, value, seconds) = (try call.key(), call.owner, try call.value(), try call.seconds())
        try call.wait { [keys] in try await keys.set(value, key, of: owner, seconds: seconds) }
        return []
    }

    func delete(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let call = ValueCall(.keyDelete, arguments, invocation)
        let (key, owner) = (try call.key(), call.owner)
        try call.wait { [keys] in try await keys.set(nil, key, of: owner, seconds: nil) }
        return []
    }

    func increment(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let call = ValueCall(.keyIncrement, arguments, invocation)
        let (key, owner, amount) = (try call.key(), call.owner, try call.amount())
        return [.integer(try call.wait { [keys] in try await keys.increment(key, of: owner, by: amount) })]
    }
}

/// `app.cache`: values that may vanish, shared by all handlers.
struct CacheService: Sendable {
    let cache: any CacheStore

    func read(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let call = ValueCall(.cacheRead, arguments, invocation)
        let key = try call.key()
        return [try call.wait { [cache] in try await cache.cached(key) }.map(LuaValue.init) ?? .nil]
    }

    func write(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let call = ValueCall(.cacheWrite, arguments, invocation)
        let (key, value, seconds) = (try call.key(), try call.value(), try call.seconds())
        try call.wait { [cache] in
            if let value {
                try await cache.cache(value, under: key, seconds: seconds)
            } else {
                try await cache.uncache(key)
            }
        }
        return []
    }

    func delete(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let call = ValueCall(.cacheDelete, arguments, invocation)
        let key = try call.key()
        try call.wait { [cache] in try await cache.uncache(key) }
        return []
    }

    func flush(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        try ValueCall(.cacheFlush, arguments, invocation).wait { [cache] in try await cache.flush() }
        return []
    }
}

/// One call of a function that keeps values by name, and how its arguments read.
struct ValueCall: Sendable {
    private let function: HostFunction
    private let arguments: [LuaValue]
    private let invocation: Invocation

    private static let longestKey = 255
    private static let longestAge = 366.0 * 86_400

    init(_ function: HostFunction, _ arguments: [LuaValue], _ invocation: Invocation) {
        self.function = function
        self.arguments = arguments
        self.invocation = invocation
    }

    /// Handlers of one file share what they keep; those of other files cannot see it.
    var owner: String { invocation.handler.entry }

    func key() throws(HostError) -> String {
        guard let key = arguments.first?.text, !key.isEmpty, key.utf8.count <= Self.longestKey else {
            throw HostError("\(function.rawValue): the key must be a string of 1 to \(Self.longestKey) bytes")
        }
        return key
    }

    /// Nil for nil.
    func value() throws -> JSONDocument? {
        guard arguments.count > 1, arguments[1] != .nil else { return nil }
        return try LuaJSON.document(arguments[1], documents: invocation.documents, for: function.rawValue)
    }

    func seconds() throws(HostError) -> Int64? {
        guard arguments.count > 2, arguments[2] != .nil else { return nil }
        guard let seconds = arguments[2].anyNumber, seconds > 0, seconds <= Self.longestAge else {
            throw HostError("\(function.rawValue): the seconds must be a number above 0, at most a year")
        }
        return Int64(seconds.rounded(.up))
    }

    func amount() throws(HostError) -> Int64 {
        guard arguments.count > 1, arguments[1] != .nil else { return 1 }
        guard let amount = arguments[1].wholeNumber else {
            throw HostError("\(function.rawValue): the amount must be a whole number")
        }
        return Int64(amount)
    }

    func wait<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) throws -> Result {
        try Blocking.wait(function.rawValue, until: invocation.deadline, work)
    }
}

extension LuaValue {
    fileprivate init(_ document: JSONDocument) {
        self.init(JSONValue(document))
    }
}
