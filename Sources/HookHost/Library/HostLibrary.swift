internal import HookCatalog
internal import LuaRuntime

/// The functions below `app`, as machines get them.
///
/// One place decides who may call what, from the declarations of the catalogue; the services below only do the work.
struct HostLibrary: Sendable {
    typealias Body = @Sendable (_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue]

    let log: LogService
    let storage: StorageService
    let http: HTTPService
    let mail: MailService
    let clock: ClockService
    let cache: CacheService
    let keys: KeyService
    let search: SearchService
    let sync: SyncService
    let general: GeneralServices

    /// The functions for one machine.
    func functions(for session: MachineSession) -> [LuaHostFunction] {
        let registrations = HostFunction.allCases.filter { $0.declaration.effect == .registers }.map { function in
            LuaHostFunction(function.rawValue, whileLoading: true, keepsFunctions: true) { call in
                try session.register(function, call)
                return []
            }
        }
        let services = HostFunction.allCases.compactMap { function in
            body(of: function).map { guarded(function, session, $0) }
        }
        return registrations + services
    }

    /// What a function does; `nil` where it is not a service: the machine itself knows JSON.
    private func body(of function: HostFunction) -> Body? {
        switch function {
        case .on, .every, .cron, .route, .jsonDecode, .jsonEncode, .jsonArray, .jsonObject: nil
        case .log: log.record
        case .time: clock.time
        case .osTime: clock.osTime
        case .osDate: clock.osDate
        case .osClock: clock.cpuTime
        case .random: RandomService.draw
        case .randomSeed: RandomService.seed
        case .authUser: general.user
        case .mail: mail.mail
        case .asyncRun: general.runLater
        case .secret: general.secret
        case .cacheRead: cache.read
        case .cacheWrite: cache.write
        case .cacheDelete: cache.delete
        case .cacheFlush: cache.flush
        case .keyGet: keys.get
        case .keySet: keys.set
        case .keyDelete: keys.delete
        case .keyIncrement: keys.increment
        case .searchIndex: search.index
        case .searchQuery: search.query
        case .syncRun: sync.run
        case .syncItem: sync.item
        case .syncCheck: sync.check
        case .syncStatus: sync.status
        case .storageSave: storage.save
        case .storageFind: storage.find
        case .storageFindOne: storage.findOne
        case .storageRemove: storage.remove
        case .storageCount: storage.count
        case .httpGet: http.get
        case .httpPost: http.post
        case .httpRequest: http.request
        }
    }

    private func guarded(_ function: HostFunction, _ session: MachineSession, _ body: @escaping Body) -> LuaHostFunction
    {
        LuaHostFunction(function.rawValue, keepsFunctions: function == .asyncRun) { call in
            guard let invocation = session.invocation else {
                throw HostError("\(function.rawValue) works only inside a handler, not while a file is loaded")
            }
            try invocation.check(function)
            return try body(call.arguments, invocation)
        }
    }
}
