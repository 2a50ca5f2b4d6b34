public import CoreMetrics
internal import Synchronization

/// Keeps what swift-metrics reports and renders it in Prometheus' text format, version 0.0.4.
///
/// A class, because it is the one place that knows all series. Counters get the suffix `_total`, timers `_seconds`,
/// unless they are called so already. See https://prometheus.io/docs/instrumenting/exposition_formats/.
public final class PrometheusRegistry: Sendable {
    private struct Family {
        var kind: Kind
        var series: [LabelSet: any Series] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var help: [String: String] = [:]
    }

    private let limit: Int
    private let state = Mutex(State())

    /// Makes an empty registry.
    ///
    /// Of one name it keeps at most `seriesPerName` series; whatever comes beyond them is counted together, in a series
    /// with the label `overflow="true"`, so that labels nobody foresaw cannot fill the memory.
    public init(seriesPerName: Int = 2_000) {
        limit = max(1, seriesPerName)
    }

    /// Says what is measured under a name as it will be rendered. May be called again; the last text counts.
    public func describe(_ name: String, _ help: String) {
        state.withLock { $0.help[name] = help }
    }

    /// Everything that was reported so far, sorted by name and labels.
    public func render() -> String {
        let (families, help) = state.withLock { ($0.families, $0.help) }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            if let help = help[name] { text += "# HELP \(name) \(PrometheusText.escapedHelp(help))\n" }
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(name, labels, to: &text)
            }
        }
        return text
    }
}

// MARK: - Series

extension PrometheusRegistry {
    /// The series of this name and these labels, made if it is not there yet.
    fileprivate func series<Found: Series>(
        _ name: String, _ dimensions: [(String, String)], _ make: () -> Found
    ) -> Found {
        let labels = LabelSet(dimensions)
        return state.withLock { state in
            let name = Self.name(name, Found.kind, in: state)
            var family = state.families[name] ?? Family(kind: Found.kind)
            let isFull = family.series[labels] == nil && family.series.count >= limit
            let labels = isFull ? .overflow : labels
            // There is one class for each kind, and a family is of one kind.
            if let known = family.series[labels] as? Found { return known }
            let made = make()
            family.series[labels] = made
            state.families[name] = family
            return made
        }
    }

    /// One name stands for one kind: a second one gets another name, or nothing could be read at all.
    private static func name(_ name: String, _ kind: Kind, in state: State) -> String {
        var name = name
        while let family = state.families[name], family.kind != kind { name += "_\(kind.rawValue)" }
        return name
    }

    fileprivate func remove(_ series: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                guard let labels = family.series.first(where: { $0.value === series })?.key else { continue }
                state.families[name]?.series[labels] = nil
            }
        }
    }
}

extension PrometheusRegistry: MetricsFactory {
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// What is not aggregated is a gauge: the last value counts.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return gauge(label, dimensions) }
        return series(PrometheusText.name(label), dimensions) { HistogramSeries(bounds: HistogramSeries.sizes) }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(PrometheusText.name(label, suffix: "_seconds"), dimensions) {
            HistogramSeries(bounds: HistogramSeries.seconds)
        }
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterSeries {
        series(PrometheusText.name(label, suffix: "_total"), dimensions) { CounterSeries() }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        series(PrometheusText.name(label), dimensions) { GaugeSeries() }
    }
}
