public import ContentModel
internal import CoreMetrics
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine
internal import Synchronization

/// Adds up what the calls of each handler came to, and tells the metrics system.
///
/// A class, because all machines of a host report to the same one.
final class HandlerMeter: Sendable {
    private struct Key: Hashable {
        var event: String
        var name: String

        init(_ statistics: HandlerStatistics) {
            event = statistics.event
            name = statistics.name
        }
    }

    private struct Entry {
        var instruments: HandlerInstruments
        /// Since the process began.
        var total: HandlerStatistics
        /// What nobody took yet to add it to the store.
        var unreported: HandlerStatistics
    }

    /// Handlers that are told apart. Names come from scripts, and a reload may bring other ones again and again.
    private static let handlers = 20_000

    private let factory: any MetricsFactory
    private let generations: GenerationInstruments
    private let entries = Mutex<[Key: Entry]>([:])

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        generations = GenerationInstruments(factory)
    }

    /// Counts a call that ended by itself, unless it only repeated another one to compare results.
    func note(_ outcome: LuaOutcome, of call: HandlerCall) {
        guard !call.circumstances.isRepetition else { return }
        var statistics = HandlerStatistics(outcome.usage, of: call.handler)
        if call.handler.trigger.eventClass == .filter { statistics.count(outcome) }
        add(statistics)
    }

    /// Counts a call that failed or was stopped.
    func note(_ error: LuaError, of call: HandlerCall) {
        var statistics = HandlerStatistics(error.usage, of: call.handler)
        switch error.kind {
        case .cpuLimit: statistics.killed.cpu = 1
        case .wallLimit: statistics.killed.wall = 1
        case .memoryLimit: statistics.killed.memory = 1
        case .syntax, .runtime, .binaryChunk, .invalidDocument, .host, .misuse: statistics.errors = 1
        }
        add(statistics)
    }

    /// By event and name.
    var statistics: [HandlerStatistics] {
        entries.withLock { $0.values.map(\.total) }.sorted { ($0.event, $0.name) < ($1.event, $1.name) }
    }

    /// What happened since the last time this was asked for.
    func takeUnreported() -> [HandlerStatistics] {
        entries.withLock { entries in
            entries.keys.compactMap { key in
                guard let news = entries[key]?.unreported, news.calls > 0 else { return nil }
                entries[key]?.unreported = HandlerStatistics(event: news.event, name: news.name)
                return news
            }
        }
    }

    /// Keeps for the next time what somebody took and could not add up.
    func giveBack(_ news: [HandlerStatistics]) {
        entries.withLock { entries in
            for statistics in news { entries[Key(statistics)]?.unreported.add(statistics) }
        }
    }

    func noteLoaded(at seconds: Int64) { generations.noteLoaded(at: seconds) }
    func noteRejected() { generations.noteRejected() }

    private func add(_ statistics: HandlerStatistics) {
        let key = Key(statistics)
        let instruments = entries.withLock { entries -> HandlerInstruments? in
            guard entries[key] == nil else {
                entries[key]?.total.add(statistics)
                entries[key]?.unreported.add(statistics)
                return entries[key]?.instruments
            }
            guard entries.count < Self.handlers else { return nil }
            let entry = Entry(
                instruments: HandlerInstruments(statistics, factory), total: statistics, unreported: statistics)
            entries[key] = entry
            return entry.instruments
        }
        instruments?.note(statistics)
    }
}

extension HandlerStatistics {
    /// One call.
    fileprivate init(_ usage: LuaUsage?, of handler: Handler) {
        self.init(event: handler.trigger.label, name: handler.name)
        calls = 1
        cpuNanoseconds = usage?.cpu.nanoseconds ?? 0
        wallNanoseconds = usage?.wall.nanoseconds ?? 0
        peakMemory = usage?.peakMemory ?? 0
    }

    /// What became of the items: of one that was dropped or skipped it does not matter what else was done to it.
    fileprivate mutating func count(_ outcome: LuaOutcome) {
        var verdicts: [Int: String] = [:]
        for mark in outcome.marks {
            if let document = mark.document, verdicts[document] == nil { verdicts[document] = mark.name }
        }
        dropped = verdicts.values.count { $0 == FilterMark.drop.rawValue }
        skipped = verdicts.values.count { $0 == FilterMark.skip.rawValue }
        for (position, change) in outcome.changes.enumerated() {
            if case .replaced = change, verdicts[position] == nil { changed += 1 }
        }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}

// MARK: - For callers

extension HookHost {
    /// What the handlers did in this process, by event and name.
    public var statistics: [HandlerStatistics] { meter.statistics }

    /// What happened since the last time this was asked for, so that somebody can add it up elsewhere.
    public func takeUnreportedStatistics() -> [HandlerStatistics] { meter.takeUnreported() }

    /// Takes back what could not be added up, so that it is handed out again.
    public func giveBackStatistics(_ news: [HandlerStatistics]) { meter.giveBack(news) }
}
