import Foundation
import Testing

/// Random histories of two or three instances on a network that fails in every way, with processes that die.
///
/// `TIDELOCK_SEED` and `TIDELOCK_NETWORK_CASES` choose others, or more of them; `scripts/simulate --network` does.
@Suite struct NetworkSimulationTests {
    private static let roundsPerCase = 10
    private static let casesAtOnce = 2

    @Test func everyHistoryOnABadNetworkKeepsTheRules() async throws {
        let first = Self.number("TIDELOCK_SEED") ?? 1
        let cases = Self.number("TIDELOCK_NETWORK_CASES") ?? 16
        print("network: TIDELOCK_SEED=\(first) TIDELOCK_NETWORK_CASES=\(cases)")
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
        let words = tally.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        print("network: \(words.joined(separator: ", "))")
        // A simulation that never gets somewhere proves nothing about it.
        if cases >= 16 {
            for name in ["committed", "crashed", "failed", "recovered"] { #expect(tally[name] ?? 0 > 0, "\(name)") }
        }
    }

    private static func run(_ seed: UInt64) async -> [String: Int] {
        do {
            let simulation = try NetworkSimulation(seed: seed)
            try await simulation.perform(rounds: roundsPerCase)
            return simulation.tally
        } catch {
            Issue.record("TIDELOCK_SEED=\(seed) TIDELOCK_NETWORK_CASES=1: \(error)")
            return [:]
        }
    }

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}
