internal import ContentModel
internal import CoreMetrics

/// What the metrics system knows of one handler. All labels are names that scripts registered or words from here.
struct HandlerInstruments: Sendable {
    private let succeeded, failed, outOfCPU, outOfTime, outOfMemory: Counter
    private let changed, dropped, skipped: Counter
    private let cpu, wall: Timer
    private let memory: Recorder

    init(_ handler: HandlerStatistics, _ factory: any MetricsFactory) {
        let labels = [("event", handler.event), ("handler", handler.name)]
        func calls(_ outcome: String) -> Counter {
            Counter(
                label: HandlerMetricName.calls.rawValue, dimensions: labels + [("outcome", outcome)], factory: factory)
        }
        func items(_ result: String) -> Counter {
            Counter(
                label: HandlerMetricName.items.rawValue, dimensions: labels + [("result", result)], factory: factory)
        }
        succeeded = calls("ok")
        failed = calls("error")
        outOfCPU = calls("killed_cpu")
        outOfTime = calls("killed_wall")
        outOfMemory = calls("killed_memory")
        changed = items("changed")
        dropped = items("dropped")
        skipped = items("skipped")
        cpu = Timer(label: HandlerMetricName.cpu.rawValue, dimensions: labels, factory: factory)
        wall = Timer(label: HandlerMetricName.wall.rawValue, dimensions: labels, factory: factory)
        memory = Recorder(label: HandlerMetricName.memory.rawValue, dimensions: labels, factory: factory)
    }

    /// Reports one call.
    func note(_ call: HandlerStatistics) {
        outcome(of: call).increment()
        cpu.recordNanoseconds(call.cpuNanoseconds)
        wall.recordNanoseconds(call.wallNanoseconds)
        memory.record(call.peakMemory)
        if call.changed > 0 { changed.increment(by: call.changed) }
        if call.dropped > 0 { dropped.increment(by: call.dropped) }
        if call.skipped > 0 { skipped.increment(by: call.skipped) }
    }

    private func outcome(of call: HandlerStatistics) -> Counter {
        if call.killed.cpu > 0 { return outOfCPU }
        if call.killed.wall > 0 { return outOfTime }
        if call.killed.memory > 0 { return outOfMemory }
        return call.errors > 0 ? failed : succeeded
    }
}

/// What the metrics system knows of the generations of a host.
struct GenerationInstruments: Sendable {
    private let loaded, rejected: Counter
    private let moment: Meter

    init(_ factory: any MetricsFactory) {
        func count(_ result: String) -> Counter {
            Counter(label: HandlerMetricName.generations.rawValue, dimensions: [("result", result)], factory: factory)
        }
        loaded = count("loaded")
        rejected = count("rejected")
        moment = Meter(label: HandlerMetricName.loadedAt.rawValue, dimensions: [], factory: factory)
    }

    /// Unix seconds. The age of what runs is the difference to now, which whoever reads the metrics can tell.
    func noteLoaded(at seconds: Int64) {
        loaded.increment()
        moment.set(seconds)
    }

    func noteRejected() { rejected.increment() }
}

/// The names of what the host measures, and what each means.
public enum HandlerMetricName: String, Sendable, CaseIterable {
    case calls = "tidelock_handler_calls_total"
    case items = "tidelock_handler_items_total"
    case cpu = "tidelock_handler_cpu_seconds"
    case wall = "tidelock_handler_wall_seconds"
    case memory = "tidelock_handler_memory_bytes"
    case generations = "tidelock_hooks_generations_total"
    case loadedAt = "tidelock_hooks_loaded_timestamp_seconds"

    /// One sentence for those who read the metrics.
    public var help: String {
        switch self {
        case .calls: "Calls of a handler by how they ended: ok, error, killed_cpu, killed_wall or killed_memory."
        case .items: "Items that a filter handler changed, dropped or skipped."
        case .cpu: "Processor time of one call, host functions not counted."
        case .wall: "Time from the beginning of one call to its end."
        case .memory: "Bytes that Lua held at most during one call."
        case .generations: "Generations of handlers that were loaded, and contents of hooks/ that were rejected."
        case .loadedAt: "When the generation that runs was loaded, in Unix seconds."
        }
    }
}
