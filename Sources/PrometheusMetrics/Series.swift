internal import CoreMetrics
internal import Synchronization

/// What a family of series measures, as the format names it.
enum Kind: String {
    case counter, gauge, histogram
}

/// One line or group of lines: a name with one set of labels.
protocol Series: AnyObject, Sendable {
    static var kind: Kind { get }
    func write(_ name: String, _ labels: LabelSet, to text: inout String)
}

/// A number that only grows. Negative amounts and those that are no number are left out.
final class CounterSeries: Series, CounterHandler, FloatingPointCounterHandler {
    static let kind = Kind.counter

    /// Apart, so that whole numbers stay exact.
    private let value = Mutex<(whole: Int64, rest: Double)>((0, 0))

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        value.withLock { value in
            let (sum, isOver) = value.whole.addingReportingOverflow(amount)
            value.whole = isOver ? .max : sum
        }
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        value.withLock { $0.rest += amount }
    }

    func reset() {
        value.withLock { $0 = (0, 0) }
    }

    func write(_ name: String, _ labels: LabelSet, to text: inout String) {
        let (whole, rest) = value.withLock { $0 }
        let number = rest == 0 ? "\(whole)" : PrometheusText.number(Double(whole) + rest)
        text += "\(name)\(labels.text) \(number)\n"
    }
}

/// A number that may be anything; the last one counts.
final class GaugeSeries: Series, MeterHandler, RecorderHandler {
    static let kind = Kind.gauge

    private let value = Mutex(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func write(_ name: String, _ labels: LabelSet, to text: inout String) {
        text += "\(name)\(labels.text) \(PrometheusText.number(value.withLock { $0 }))\n"
    }
}

/// How often values of which size were recorded.
final class HistogramSeries: Series, RecorderHandler, TimerHandler {
    static let kind = Kind.histogram

    /// From the call of a small script to a request that somebody waited for.
    static let seconds = [
        0.000_01, 0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    /// For counts and bytes: powers of four up to a gigabyte.
    static let sizes = (0...15).map { Double(1 << (2 * $0)) }

    private struct State {
        /// Of each bucket alone; the last one takes what is larger than every bound.
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    /// What is no number belongs in no bucket, and would spoil the sum for ever.
    func record(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func write(_ name: String, _ labels: LabelSet, to text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var count: UInt64 = 0
        for (bound, own) in zip(bounds + [.infinity], counts) {
            count += own
            text += "\(name)_bucket\(labels.text(adding: ("le", PrometheusText.number(bound)))) \(count)\n"
        }
        text += "\(name)_sum\(labels.text) \(PrometheusText.number(sum))\n"
        text += "\(name)_count\(labels.text) \(count)\n"
    }
}
