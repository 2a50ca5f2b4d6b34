import CoreMetrics
import Testing

@testable import PrometheusMetrics

@Suite("Prometheus' text format")
struct PrometheusRegistryTests {
    let registry = PrometheusRegistry()

    @Test func withoutMetricsThereIsNothing() {
        #expect(registry.render() == "")
    }

    @Test func countersCountExactlyAndOnlyUpwards() {
        let counter = Counter(label: "app.calls", dimensions: [("event", "a"), ("by", "b")], factory: registry)
        counter.increment(by: 9_007_199_254_740_993)
        counter.increment(by: -5)
        #expect(
            registry.render()
                == "# TYPE app_calls_total counter\napp_calls_total{by=\"b\",event=\"a\"} 9007199254740993\n")
        counter.increment(by: Int64.max)
        #expect(registry.render().hasSuffix(" \(Int64.max)\n"))
        counter.reset()
        #expect(registry.render().hasSuffix(" 0\n"))
    }

    @Test func theSameLabelsInAnyOrderAreOneSeries() {
        Counter(label: "x", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "x_total", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(registry.render() == "# TYPE x_total counter\nx_total{a=\"1\",b=\"2\"} 2\n")
    }

    @Test func wholeAndFloatingCountersOfOneNameAddUp() {
        Counter(label: "x", factory: registry).increment(by: 2)
        let handler = registry.makeFloatingPointCounter(label: "x", dimensions: [])
        handler.increment(by: 0.5)
        handler.increment(by: .nan)
        handler.increment(by: -.infinity)
        #expect(registry.render() == "# TYPE x_total counter\nx_total 2.5\n")
    }

    @Test(arguments: [
        (1.0, "1"), (-0.5, "-0.5"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"),
        (0.1 + 0.2, "0.30000000000000004"),
    ])
    func gaugesShowAnyNumber(value: Double, text: String) {
        Meter(label: "g", factory: registry).set(value)
        #expect(registry.render() == "# TYPE g gauge\ng \(text)\n")
    }

    @Test func gaugesGoUpAndDown() {
        let meter = registry.makeMeter(label: "g", dimensions: [])
        meter.increment(by: 3)
        meter.decrement(by: 1)
        registry.makeRecorder(label: "h", dimensions: [], aggregate: false).record(Int64(7))
        #expect(registry.render() == "# TYPE g gauge\ng 2\n# TYPE h gauge\nh 7\n")
    }

    @Test func timersAreHistogramsInSeconds() {
        let timer = registry.makeTimer(label: "t", dimensions: [("a", "1")])
        timer.recordNanoseconds(1_000_000)
        timer.recordNanoseconds(60_000_000_000)
        let lines = registry.render().split(separator: "\n").map(String.init)
        #expect(lines.first == "# TYPE t_seconds histogram")
        #expect(lines.contains("t_seconds_bucket{a=\"1\",le=\"0.0005\"} 0"))
        // A bound belongs to its bucket, and buckets count everything below them.
        #expect(lines.contains("t_seconds_bucket{a=\"1\",le=\"0.001\"} 1"))
        #expect(lines.contains("t_seconds_bucket{a=\"1\",le=\"30\"} 1"))
        #expect(
            Array(lines.suffix(3)) == [
                "t_seconds_bucket{a=\"1\",le=\"+Inf\"} 2", "t_seconds_sum{a=\"1\"} 60.001",
                "t_seconds_count{a=\"1\"} 2",
            ])
    }

    @Test func recordersAreHistogramsOfWhatIsANumber() {
        let recorder = registry.makeRecorder(label: "r", dimensions: [], aggregate: true)
        recorder.record(Int64(4))
        recorder.record(Double.nan)
        recorder.record(-1.5)
        let text = registry.render()
        #expect(text.contains("r_bucket{le=\"1\"} 1\nr_bucket{le=\"4\"} 2\n"))
        #expect(text.hasSuffix("r_sum 2.5\nr_count 2\n"))
    }

    @Test(arguments: [
        ("http.route", "http_route"), ("9lives", "_9lives"), ("ü", "_"), ("", "_"), ("a:b", "a_b"),
        ("le", "exported_le"),
    ])
    func labelNamesAreMadeValid(name: String, valid: String) {
        Meter(label: "m", dimensions: [(name, "v")], factory: registry).set(1)
        #expect(registry.render() == "# TYPE m gauge\nm{\(valid)=\"v\"} 1\n")
    }

    @Test func metricNamesMayHoldColons() {
        Meter(label: "a:b-c", factory: registry).set(1)
        #expect(registry.render() == "# TYPE a:b_c gauge\na:b_c 1\n")
    }

    @Test func valuesCannotBreakOutOfTheirQuotes() {
        Meter(label: "m", dimensions: [("a", "\"} 1\r\nevil 2\n\\")], factory: registry).set(1)
        #expect(registry.render() == "# TYPE m gauge\nm{a=\"\\\"} 1\r\\nevil 2\\n\\\\\"} 1\n")
    }

    @Test func labelsThatBecomeOneKeepTheFirst() {
        Meter(label: "m", dimensions: [("a.b", "1"), ("a_b", "2")], factory: registry).set(1)
        #expect(registry.render() == "# TYPE m gauge\nm{a_b=\"1\"} 1\n")
    }

    @Test func helpIsWrittenOnceAndEscaped() {
        registry.describe("m", "a \\ b\nc \"d\"")
        registry.describe("never_reported", "x")
        Meter(label: "m", factory: registry).set(1)
        #expect(registry.render() == "# HELP m a \\\\ b\\nc \"d\"\n# TYPE m gauge\nm 1\n")
    }

    @Test func anotherKindOfTheSameNameGetsAnotherName() {
        Meter(label: "x", factory: registry).set(1)
        registry.makeRecorder(label: "x", dimensions: [], aggregate: true).record(Int64(1))
        let text = registry.render()
        #expect(text.contains("# TYPE x gauge\nx 1\n"))
        #expect(text.contains("# TYPE x_histogram histogram\n"))
    }

    @Test func tooManySeriesShareOne() {
        let registry = PrometheusRegistry(seriesPerName: 2)
        for round in 1...2 {
            for number in 1...5 {
                Counter(label: "x", dimensions: [("n", "\(number)")], factory: registry).increment(by: round)
            }
        }
        #expect(
            registry.render() == """
                # TYPE x_total counter
                x_total{n="1"} 3
                x_total{n="2"} 3
                x_total{overflow="true"} 9

                """)
    }

    @Test func whatIsDestroyedIsNotShown() {
        let counter = Counter(label: "x", dimensions: [("n", "1")], factory: registry)
        Counter(label: "x", dimensions: [("n", "2")], factory: registry).increment()
        counter.destroy()
        #expect(registry.render() == "# TYPE x_total counter\nx_total{n=\"2\"} 1\n")
    }

    @Test func theOrderDoesNotDependOnWhatCameFirst() {
        for name in ["b", "a", "c"] {
            for value in ["2", "1"] { Meter(label: name, dimensions: [("v", value)], factory: registry).set(1) }
        }
        let names = registry.render().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(names == names.sorted())
        #expect(registry.render() == registry.render())
    }

    @Test func manyThreadsMayCountAtOnce() async {
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { [registry] in
                    for step in 0..<1_000 {
                        Counter(label: "x", dimensions: [("n", "\(step % 3)")], factory: registry).increment()
                        if step % 100 == task { _ = registry.render() }
                    }
                }
            }
        }
        let sum = registry.render().split(separator: "\n").compactMap { Int($0.split(separator: " ").last ?? "") }
        #expect(sum.reduce(0, +) == 8_000)
    }
}
