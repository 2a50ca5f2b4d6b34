import Foundation
import Testing

/// Random histories of three instances. `TIDELOCK_SEED` and `TIDELOCK_CASES` choose others, or more of them;
/// `TIDELOCK_ITEM`, such as `content/posts/p2`, adds what becomes of one item to a history that broke a rule.
@Suite struct SimulationTests {
    private static let stepsPerCase = 40
    private static let casesAtOnce = 2

    @Test func everyHistoryKeepsTheRules() async throws {
        let first = Self.number("TIDELOCK_SEED") ?? 1
        let cases = Self.number("TIDELOCK_CASES") ?? 60
        print("simulation: TIDELOCK_SEED=\(first) TIDELOCK_CASES=\(cases)")
        var tally: [String: Int] = [:]
        await withTaskGroup(of: [String: Int].self) { group in
            for seed in first..<(first + cases) {
                if seed >= first + UInt64(Self.casesAtOnce), let done = await group.next() {
                    tally.merge(done, uniquingKeysWith: +)
                }
                group.addTask { await Self.run(seed) }
            }
            for await done in group { tally.merge(done, uniquingKeysWith: +) }
        }
        let kinds = ["adopt", "apply", "delete", "keepOriginal", "nothing", "release"]
        print("simulation: \(tally["operations"] ?? 0) operations, all rules checked after each")
        print("simulation: \(kinds.map { "\($0) \(tally[$0] ?? 0)" }.joined(separator: ", "))")
        // A simulation that never gets somewhere proves nothing about it.
        if cases >= 60 { #expect(kinds.allSatisfy { tally[$0] ?? 0 > 0 }) }
    }

    /// Answers how often runs did what.
    private static func run(_ seed: UInt64) async -> [String: Int] {
        do {
            let simulation = try Simulation(seed: seed)
            try await simulation.perform(steps: stepsPerCase)
            return simulation.tally
        } catch {
            Issue.record("TIDELOCK_SEED=\(seed) TIDELOCK_CASES=1: \(error)")
            return [:]
        }
    }

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}
