import LuaKernel

/// What running Lua costs apart from the script, in nanoseconds; medians.
public struct LuaMicroBenchmark: Sendable {
    /// One call of a function that does nothing, with a context, on the Lua thread.
    public var emptyCall: Double
    /// Making a machine with a given configuration, ready to load files.
    public var freshMachine: Double
    /// A tight loop under limits that do not fire, compared with the same loop in a plain state: 0.01 is 1 % slower.
    public var limitOverhead: Double

    private static let loop = Array("local n = 0; for i = 1, 5000000 do n = n + i % 7 end; return n".utf8)

    /// Takes about a second of one Lua thread.
    public static func run(_ configuration: LuaConfiguration, on workers: LuaWorkers) async throws(LuaError) -> Self {
        let machine = try LuaMachine(configuration, on: workers)
        defer { machine.close() }
        let loaded = try await machine.load(LuaSource(path: "empty.lua", text: "return function(ctx) end"))
        guard case .function(let function) = loaded else { throw LuaError(kind: .misuse, message: "no function") }
        let call = try await machine.measureCalls(of: function)
        let fresh = try samples(51) { () throws(LuaError) in
            try LuaMachine(configuration, on: workers).close()
        }
        return LuaMicroBenchmark(
            emptyCall: call, freshMachine: median(fresh), limitOverhead: try await limitOverhead(machine))
    }

    /// Both in turn, so that a busy machine slows them alike.
    private static func limitOverhead(_ machine: LuaMachine) async throws(LuaError) -> Double {
        var ratios: [Double] = []
        for _ in 0..<15 {
            let (limited, plain) = try await machine.measureLoop(loop)
            ratios.append(limited / plain - 1)
        }
        return median(ratios)
    }

    private static func samples(_ count: Int, _ body: () throws(LuaError) -> Void) throws(LuaError) -> [Double] {
        var times: [Double] = []
        for _ in 0..<count {
            let start = ContinuousClock.now
            try body()
            times.append(start.duration(to: .now).inNanoseconds)
        }
        return times
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }
}

extension KernelMachine {
    /// Nanoseconds a call of the function takes; the median of many batches.
    func measureCalls(of function: LuaFunction, on worker: OpaquePointer) -> Result<Double, LuaError> {
        var invocation = LuaInvocation()
        invocation.context = LuaContext()
        var times: [Double] = []
        for _ in 0..<101 {
            switch measureBatch(of: function, invocation, count: 100, on: worker) {
            case .success(let time): times.append(time)
            case .failure(let error): return .failure(error)
            }
        }
        return .success(LuaMicroBenchmark.median(times))
    }

    /// Nanoseconds that the chunk takes under the machine's limits, and in a plain state.
    func measureLoop(_ text: [UInt8], on worker: OpaquePointer) -> Result<(Double, Double), LuaError> {
        let source = LuaSource(path: "loop.lua", text: text)
        let start = ContinuousClock.now
        if case .failure(let error) = load(source, on: worker) { return .failure(error) }
        let limited = start.duration(to: .now).inNanoseconds
        let plain = lk_time_without_limits(text, text.count)
        guard plain > 0 else { return .failure(LuaError(kind: .misuse, message: "the loop cannot be run")) }
        return .success((limited, Double(plain)))
    }
}

extension LuaMachine {
    fileprivate func measureCalls(of function: LuaFunction) async throws(LuaError) -> Double {
        try await run { kernel, worker in kernel.measureCalls(of: function, on: worker) }
    }

    fileprivate func measureLoop(_ text: [UInt8]) async throws(LuaError) -> (Double, Double) {
        try await run { kernel, worker in kernel.measureLoop(text, on: worker) }
    }
}

extension Duration {
    var inNanoseconds: Double {
        Double(components.seconds) * 1e9 + Double(components.attoseconds) / 1e9
    }
}
