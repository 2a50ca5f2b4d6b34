internal import HookCatalog
internal import LuaRuntime

/// What the handlers' surroundings cost, apart from the handlers. Medians.
public struct HookMicroBenchmarks: Sendable, Codable, Equatable {
    /// A call of a handler that does nothing, on the Lua thread.
    public var emptyHandlerNanoseconds: Double
    /// A fresh sandboxed state with everything scripts may use.
    public var freshStateMicroseconds: Double
    /// How much slower a tight loop is under limits that do not fire, in percent. Noise may make it negative.
    public var limitOverheadPercent: Double
    /// Asking for the handlers of an event that has none.
    public var eventWithoutHandlerNanoseconds: Double
}

extension HookHost {
    /// Measures what does not depend on the handlers. Takes a few seconds.
    public func microBenchmarks() async throws -> HookMicroBenchmarks {
        let generation = try await current()
        let lua = try await LuaMicroBenchmark.run(generation.emptyConfiguration, on: workers)
        return HookMicroBenchmarks(
            emptyHandlerNanoseconds: lua.emptyCall, freshStateMicroseconds: lua.freshMachine / 1_000,
            limitOverheadPercent: lua.limitOverhead * 100, eventWithoutHandlerNanoseconds: measureAbsentEvent())
    }

    private func measureAbsentEvent() -> Double {
        let event = EventName.allCases.first { !hasHandlers(for: $0) } ?? .hooksUnloading
        let count = 10_000
        var times: [Double] = []
        var found = 0
        for _ in 0..<51 {
            let start = ContinuousClock.now
            for _ in 0..<count where hasHandlers(for: event) { found += 1 }
            let (seconds, attoseconds) = start.duration(to: .now).components
            times.append((Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(count))
        }
        // What was found is used, or the loop could be left out.
        return times.sorted()[times.count / 2] + (found < 0 ? 1 : 0)
    }
}
