import ContentModel
import ContentStore
import Foundation
import SyncEngine
import Testing
import TidelockTestSupport

/// What handlers did, of all processes together, and which of them are there.
@Suite struct StatisticsTests {
    private let a: TestInstance

    init() throws {
        a = try TestInstance.make("a")[0]
    }

    private func statistics(_ name: String, calls: Int, peak: Int = 0) -> HandlerStatistics {
        var statistics = HandlerStatistics(event: "sync.content.before", name: name)
        statistics.calls = calls
        statistics.errors = 1
        statistics.killed = .init(cpu: 1, wall: 2, memory: 3)
        statistics.cpuNanoseconds = 5
        statistics.wallNanoseconds = 7
        statistics.peakMemory = peak
        (statistics.changed, statistics.dropped, statistics.skipped) = (11, 13, 17)
        return statistics
    }

    private func process(_ pid: Int32, on host: String = ProcessInfo.processInfo.hostName) -> ProcessReport {
        ProcessReport(
            pid: pid, host: host, command: "serve", started: a.clock.seconds, seen: a.clock.seconds,
            generation: "abc", error: "hooks/a.lua:1: x")
    }

    @Test func whatProcessesAddIsSummedAndThePeakIsTheHighest() async throws {
        #expect(try await a.store.handlerTotals().isEmpty)
        try await a.store.add([statistics("b", calls: 2, peak: 100), statistics("a", calls: 1)])
        try await a.store.add([statistics("b", calls: 3, peak: 40)])
        var sum = statistics("b", calls: 2, peak: 100)
        sum.add(statistics("b", calls: 3, peak: 40))
        #expect(sum.calls == 5 && sum.peakMemory == 100 && sum.killed.memory == 6)
        #expect(try await a.store.handlerTotals() == [statistics("a", calls: 1), sum])
    }

    @Test func handlersThatNobodyCallsAreForgottenInTheEnd() async throws {
        try await a.store.add([statistics("old", calls: 1)])
        a.clock.advance(by: .seconds(91 * 86_400))
        try await a.store.add([statistics("new", calls: 1)])
        #expect(try await a.store.handlerTotals().map(\.name) == ["new"])
    }

    @Test func aProcessIsThereUntilItEndsOrFallsSilent() async throws {
        let here = process(getpid())
        try await a.store.report(here)
        try await a.store.report(here)
        try await a.store.report(process(1, on: "elsewhere"))
        #expect(try await Set(a.store.processes().map(\.host)) == [here.host, "elsewhere"])
        #expect(try await a.store.processes().first { $0.host == here.host } == here)
        try await a.store.forget(here)
        try await a.store.forget(here)
        #expect(try await a.store.processes().map(\.host) == ["elsewhere"])
        a.clock.advance(by: .seconds(ProcessReport.silence + 1))
        #expect(try await a.store.processes().isEmpty)
    }

    @Test func aProcessOfThisMachineThatIsGoneIsLeftOut() async throws {
        // No process has a number beyond the largest that Linux gives out.
        try await a.store.report(process((1 << 22) + 1))
        #expect(try await a.store.processes().isEmpty)
    }
}
