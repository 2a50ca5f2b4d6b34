/// What scripts may ask of the host, by the name they use.
public enum HostFunction: String, Sendable, CaseIterable {
    case on = "app.on"
    case every = "app.every"
    case cron = "app.cron"
    case route = "app.route"
    case log = "app.log"
    case time = "app.time"
    case jsonDecode = "app.json.decode"
    case jsonEncode = "app.json.encode"
    case jsonArray = "app.json.array"
    case jsonObject = "app.json.object"
    case storageSave = "app.storage.save"
    case storageFind = "app.storage.find"
    case storageFindOne = "app.storage.findOne"
    case storageRemove = "app.storage.remove"
    case storageCount = "app.storage.count"
    case authUser = "app.auth.user"
    case httpGet = "app.http.get"
    case httpPost = "app.http.post"
    case httpRequest = "app.http.request"
    case mail = "app.mailer.mail"
    case cacheRead = "app.cache.read"
    case cacheWrite = "app.cache.write"
    case cacheDelete = "app.cache.delete"
    case cacheFlush = "app.cache.flush"
    case keyGet = "app.kv.get"
    case keySet = "app.kv.set"
    case keyDelete = "app.kv.delete"
    case keyIncrement = "app.kv.increment"
    case searchIndex = "app.search.index"
    case searchQuery = "app.search.query"
    case asyncRun = "app.async.run"
    case syncRun = "app.sync.run"
    case syncItem = "app.sync.item"
    case syncCheck = "app.sync.check"
    case syncStatus = "app.sync.status"
    case secret = "app.secret"
    // Functions of Lua's own library that look outside; the host replaces them.
    case osTime = "os.time"
    case osDate = "os.date"
    case osClock = "os.clock"
    case random = "math.random"
    case randomSeed = "math.randomseed"
}

extension HostFunction {
    /// What a call depends on or changes, which decides who may make it.
    public enum Effect: String, Sendable {
        /// Only possible while a file is loaded.
        case registers
        /// Leaves the result of a handler what its items, its options and the configuration make it.
        case pure
        /// Reads or changes something outside of the handler.
        case outward
    }

    /// Whether a handler may call this. A filter's results are reused, so whatever is not always the same is kept
    /// from it unless it says that it is volatile.
    public func mayBeCalled(by eventClass: EventClass, isVolatile: Bool) -> Bool {
        switch declaration.effect {
        case .registers: false
        case .pure: true
        case .outward: eventClass != .filter || isVolatile
        }
    }

    /// What to tell the author of a handler that may not call this.
    public var refusal: String {
        switch declaration.effect {
        case .registers: "\(rawValue) works only while a file is loaded, not inside a handler"
        case .pure, .outward:
            "\(rawValue) is not available in a filter, because the results of filters are reused; "
                + "register the handler with { volatile = true } if it needs it"
        }
    }

    /// The name below which the machine itself offers JSON.
    public static let jsonPrefix = "app.json"

    /// The name of the frozen table with the configuration.
    public static let configuration = "app.config"
}
