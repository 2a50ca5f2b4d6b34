import Foundation
import Testing

/// Random histories of three instances. `TIDELOCK_SEED` and `TIDELOCK_CASES` choose others, or more of them.
@Suite struct SimulationTests {
    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test func everyHistoryKeepsTheRules() async throws {
        let first = Self.number("TIDELOCK_SEED") ?? UInt64.random(in: 1...1_000_000_000)
        let cases = Self.number("TIDELOCK_CASES") ?? 150
        print("simulation: TIDELOCK_SEED=\(first) TIDELOCK_CASES=\(cases)")
        var tally: [String: Int] = [:]
        for seed in first..<(first + cases) {
            do {
                let simulation = try Simulation(seed: seed)
                try await simulation.perform(steps: 40)
                tally.merge(simulation.tally, uniquingKeysWith: +)
            } catch {
                Issue.record("TIDELOCK_SEED=\(seed) TIDELOCK_CASES=1: \(error)")
                return
            }
        }
        print("simulation: \(tally.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))")
    }
}
