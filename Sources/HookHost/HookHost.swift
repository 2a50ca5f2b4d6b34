internal import ContentModel
public import Foundation
public import HookCatalog
public import LuaRuntime
internal import SyncEngine
internal import Synchronization

/// Loads `hooks/` and runs the handlers in it.
///
/// A class, because it is the one place that knows which generation is current. Whoever begins something takes that
/// generation with him; a reload only replaces the reference.
public final class HookHost: Sendable {
    let folder: URL
    let configuration: HookHostConfiguration
    let services: HookServices
    let workers: LuaWorkers
    let log: LogService
    let gatePool: MachinePool
    let observerPool: MachinePool
    /// Apart from the observers, so that neither waits for the other's machines.
    let routePool: MachinePool
    let meter: HandlerMeter
    let factory: MachineFactory
    private let http: HTTPService
    let state = Mutex(State())

    struct State {
        var current: Generation?
        var loadedAt: Int64?
        var rejected: HookProblem?
        /// Identity of the contents that were looked at last, loaded or rejected.
        var seen: String?
        /// Whether there ever was something in the folder.
        var hadFiles = false
        /// Reloads may overlap; the one that read the folder last wins.
        var lastTicket = 0
        var installedTicket = 0
        /// What handlers are told about this process; nil while it does not serve.
        var served: ProcessInfo?
    }

    /// Makes a host for `folder`, which need not exist. Nothing is read before `start`.
    ///
    /// `observerWorkers` are the threads observers run on, which may wait for the network; the same as `workers`, if
    /// they have no threads of their own. Throws `bad_setting` for hosts or a configuration that mean nothing.
    public init(
        folder: URL, configuration: HookHostConfiguration, services: HookServices, workers: LuaWorkers,
        observerWorkers: LuaWorkers? = nil
    ) throws {
        guard configuration.config.isObject else {
            throw TidelockError(.badSetting, "The configuration of the handlers must be a table with names.")
        }
        self.folder = folder
        self.configuration = configuration
        self.services = services
        self.workers = workers
        let egress = try EgressPolicy(allowing: configuration.allowedHosts)
        http = HTTPService(services, egress, configuration.limits)
        meter = HandlerMeter(services.metrics)
        factory = MachineFactory(configuration, services, http, egress, meter)
        log = factory.library.log
        let log = factory.library.log
        let report: @Sendable (Handler, LuaError) -> Void = { handler, error in
            log.report("error", "A function that handler '\(handler.name)' left to run afterwards failed: \(error)")
        }
        gatePool = configuration.pool(on: workers, report)
        observerPool = configuration.pool(on: observerWorkers ?? workers, report)
        routePool = configuration.pool(on: observerWorkers ?? workers, report)
    }

    /// Loads the first generation. What is wrong with it stands in the status, and is thrown to whoever needs handlers.
    @discardableResult
    public func start() async -> HookStatus {
        await reload()
    }

    /// Reads the folder again and, if all of it is good, replaces the current generation.
    @discardableResult
    public func reload() async -> HookStatus {
        let ticket = takeTicket()
        do throws(HookProblem) {
            await load(try readFolder(), ticket)
        } catch {
            reject(error, seen: nil, ticket)
        }
        return status
    }

    /// As `reload`, but only if the folder's contents are others than those looked at last.
    func reloadIfChanged() async {
        let ticket = takeTicket()
        do throws(HookProblem) {
            let contents = try readFolder()
            if state.withLock({ $0.seen != contents.identity }) { await load(contents, ticket) }
        } catch {
            if state.withLock({ $0.rejected != error }) { reject(error, seen: nil, ticket) }
        }
    }

    public var status: HookStatus {
        state.withLock { state in
            HookStatus(
                generation: state.current?.identity, loadedAt: state.loadedAt, files: state.current?.fileNames ?? [],
                handlers: state.current?.handlerInfos ?? [], rejected: state.rejected)
        }
    }

    /// Waits for functions that handlers left to run afterwards, but not longer than a service manager waits for a
    /// process to end.
    public func drain() async {
        let deadline = ContinuousClock.now + .seconds(30)
        for pool in [gatePool, observerPool, routePool] where await !pool.drain(until: deadline) {
            log.report("warning", "The process ends before everything has run that handlers left to run afterwards.")
        }
    }

    /// Gives back the pooled machines and the threads of this host, not its workers. May be called twice.
    public func stop() {
        gatePool.close()
        observerPool.close()
        routePool.close()
        http.shutdown()
    }

    /// Whether the current generation has a handler for an event; true while nothing could be loaded, so that whoever
    /// asks finds out.
    public func hasHandlers(for event: EventName) -> Bool {
        state.withLock { $0.current?.handledEvents.contains(event) ?? true }
    }

    /// The generation to run now, loading the first one if nobody did. Throws `hook_load_failed` if there is none.
    func current() async throws -> Generation {
        if let current = state.withLock(\.current) { return current }
        await reload()
        let (current, rejected) = state.withLock { ($0.current, $0.rejected) }
        if let current { return current }
        throw HookFailure.notLoaded(rejected ?? HookProblem("hooks: nothing was loaded."))
    }
}

// MARK: - Loading

extension HookHost {
    /// The folder as it is now. One that vanished while we run is a mistake, not a wish to run without handlers: gates
    /// and filters would be gone with it.
    private func readFolder() throws(HookProblem) -> HookFolder {
        let contents = try HookFolderReader.read(folder)
        let hadFiles = state.withLock { state in
            state.hadFiles = state.hadFiles || !contents.files.isEmpty
            return state.hadFiles
        }
        guard contents.exists || !hadFiles else {
            throw HookProblem("The folder hooks/ is gone; to run without handlers, leave it empty.")
        }
        return contents
    }

    /// Everything that is wrong with the folder as it is now, which is not made current.
    func check() async -> HookCheck {
        do throws(HookProblem) {
            let contents = try HookFolderReader.read(folder)
            let load = await factory.load(contents, on: workers)
            load.machine?.close()
            let generation = Generation(contents, load.handlers, factory)
            var problems = load.problems
            if problems.isEmpty { problems = await differences(generation) }
            problems += contents.mistakes(besides: problems)
            return HookCheck(files: generation.fileNames, handlers: generation.handlerInfos, problems: problems)
        } catch {
            return HookCheck(files: [], handlers: [], problems: [error])
        }
    }

    private func differences(_ generation: Generation) async -> [HookProblem] {
        do {
            try await generation.instantiate(on: workers).close()
            return []
        } catch {
            return [HookFailure.problem(error)]
        }
    }

    private func load(_ contents: HookFolder, _ ticket: Int) async {
        let first = await factory.load(contents, on: workers)
        first.machine?.close()
        if let problem = first.problems.first { return reject(problem, seen: contents.identity, ticket) }
        let generation = Generation(contents, first.handlers, factory)
        do {
            // Loaded once more at once, because every run will do so and a difference has to show now. The pool has
            // use for the machine.
            let machine = try await generation.instantiate(on: workers)
            let (previous, isInstalled) = install(generation, ticket)
            gatePool.adopt(machine)
            guard isInstalled else { return }
            if let previous { await announce(.hooksUnloading, of: previous) }
            await announce(.hooksLoaded, of: generation)
        } catch {
            reject(HookFailure.problem(error), seen: contents.identity, ticket)
        }
    }

    private func takeTicket() -> Int {
        state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
    }

    /// Makes a generation the current one, unless a later one was. Answers the one it replaced, and whether anything
    /// changed.
    private func install(_ generation: Generation, _ ticket: Int) -> (previous: Generation?, isInstalled: Bool) {
        let now = services.clock.seconds
        let (previous, isOther, isNews) = state.withLock { state -> (Generation?, Bool, Bool) in
            guard ticket > state.installedTicket else { return (nil, false, false) }
            // What a process begins with is no news: every command loads the handlers it runs with.
            let isFirst = state.current == nil && state.rejected == nil
            let isOther = state.current?.identity != generation.identity
            let previous = state.current
            if isOther { state.loadedAt = now }
            state.current = generation
            state.rejected = nil
            state.seen = generation.folder.identity
            state.installedTicket = ticket
            if isOther { meter.noteLoaded(at: now) }
            return (previous, isOther, isOther && !isFirst)
        }
        guard isNews else { return (previous, isOther) }
        let handlers = generation.handlers.count
        let files = generation.folder.files.count
        log.report(
            "info", "Loaded \(handlers) handlers from \(files) files (generation \(generation.identity.prefix(12))).")
        return (previous, isOther)
    }

    private func reject(_ problem: HookProblem, seen: String?, _ ticket: Int) {
        let (isNews, hasCurrent) = state.withLock { state in
            guard ticket > state.installedTicket else { return (false, true) }
            let isNews = state.rejected != problem
            state.rejected = problem
            state.seen = seen
            state.installedTicket = ticket
            return (isNews, state.current != nil)
        }
        guard isNews else { return }
        meter.noteRejected()
        let consequence =
            hasCurrent ? "the handlers loaded before stay in force" : "nothing can run until it is repaired"
        log.report("error", "hooks/ was not loaded; \(consequence): \(problem)")
    }
}

extension MachineFactory {
    init(
        _ configuration: HookHostConfiguration, _ services: HookServices, _ http: HTTPService, _ egress: EgressPolicy,
        _ meter: HandlerMeter
    ) {
        let limits = configuration.limits
        self.init(
            configuration: configuration.config, limits: limits,
            library: HostLibrary(
                log: LogService(
                    sink: services.log, clock: services.clock, limits: limits,
                    redaction: Redaction(services.secrets.values)),
                storage: StorageService(collections: services.collections, limits: limits), http: http,
                mail: MailService(
                    settings: services.mail, sender: services.mailSender, clock: services.clock, limits: limits),
                clock: ClockService(clock: services.clock), cache: CacheService(cache: services.cache),
                keys: KeyService(keys: services.keys), search: SearchService(index: services.search),
                sync: SyncService(
                    control: services.sync, egress: egress, targets: services.targets,
                    activity: services.activity),
                general: GeneralServices(currentUser: services.user, secrets: services.secrets)),
            meter: meter)
    }
}

extension HookHostConfiguration {
    fileprivate func pool(
        on workers: LuaWorkers, _ report: @escaping @Sendable (Handler, LuaError) -> Void
    ) -> MachinePool {
        MachinePool(
            on: workers, limit: max(1, pooledMachines), maximumUses: max(1, usesOfAMachine), report: report)
    }
}
