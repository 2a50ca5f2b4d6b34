internal import ContentModel
internal import HookCatalog
internal import LuaRuntime

/// One complete, consistent load of `hooks/`: immutable, and good for making any number of machines.
final class Generation: Sendable {
    let folder: HookFolder
    /// Hash of everything that was loaded.
    let identity: String
    /// In the order of their registration.
    let handlers: [Handler]
    /// What can influence the handlers of each entry file, by its path.
    let influences: [String: [HookFile]]
    private let handlersByTrigger: [Trigger: [Handler]]
    /// The events that have handlers.
    let handledEvents: EventSet
    private let factory: MachineFactory

    init(_ folder: HookFolder, _ handlers: [Handler], _ factory: MachineFactory) {
        self.folder = folder
        self.handlers = handlers
        self.factory = factory
        identity = Generation.identity(of: folder, factory)
        handlersByTrigger = Dictionary(grouping: handlers, by: \.trigger).mapValues {
            $0.sorted(by: Handler.runsBefore)
        }
        handledEvents = EventSet(
            handlers.compactMap { handler in if case .event(let event) = handler.trigger { event } else { nil } })
        let dependencies = SourceDependencies(folder)
        let entries = Set(handlers.map(\.entry))
        influences = folder.entries.reduce(into: [:]) { influences, entry in
            if entries.contains(entry.path) { influences[entry.path] = dependencies.influences(on: entry) }
        }
    }

    /// The JSON text of `app.config`.
    var configuration: [UInt8] { factory.configuration.bytes }

    var limits: HookLimits { factory.limits }

    /// The handlers of an event in the order in which they run.
    func handlers(for event: EventName) -> [Handler] {
        handlersByTrigger[.event(event)] ?? []
    }

    /// The handlers that run by the clock.
    var scheduled: [(handler: Handler, schedule: Schedule)] {
        handlers.compactMap { handler in
            if case .schedule(let schedule) = handler.trigger { (handler, schedule) } else { nil }
        }
    }

    /// The handlers that answer requests.
    var routes: [(handler: Handler, route: Route)] {
        handlers.compactMap { handler in
            if case .route(let route) = handler.trigger { (handler, route) } else { nil }
        }
    }

    /// What a machine has before any file is loaded.
    var emptyConfiguration: LuaConfiguration { factory.machineConfiguration(folder, MachineSession()) }

    /// A fresh machine with this generation in it, whose functions are in the order of `handlers`.
    func instantiate(on workers: LuaWorkers) async throws -> LoadedMachine {
        let load = await factory.load(folder, on: workers)
        if let problem = load.problems.first ?? difference(from: load.handlers) {
            load.machine?.close()
            throw HookFailure.notLoaded(problem)
        }
        guard let machine = load.machine else { throw HookFailure.notLoaded(HookProblem("hooks: nothing was loaded.")) }
        return LoadedMachine(
            machine, load.session, generation: identity, factory.meter, factory.library.log.redaction)
    }

    /// What is wrong when the same files registered something else this time.
    ///
    /// Functions are found by their position, so that a file whose top level depends on chance would run one handler
    /// in place of another.
    func difference(from others: [Handler]) -> HookProblem? {
        guard others != handlers else { return nil }
        let first = zip(handlers, others).first { $0 != $1 }?.0
        let culprit = first ?? (handlers.count > others.count ? handlers[others.count] : others[handlers.count])
        return HookProblem(
            file: culprit.file, line: culprit.line,
            "loading the same files twice registered different handlers; that must not depend on chance."
        )
    }

    private static func identity(of folder: HookFolder, _ factory: MachineFactory) -> String {
        var text = LabelledText()
        text.add("interface", HookInterface.version)
        text.add("folder", folder.identity)
        text.add("configuration", factory.configuration.bytes)
        return text.sha256.hex
    }
}

/// Versions of what is not in `hooks/` but decides what handlers produce.
enum HookInterface {
    /// Raised when handlers with the same text could come to give other results.
    static let version = "1"
    /// Raised when the canonical form of items changes.
    static let canonicalForm = "1"
}
