import Testing

/// Random histories of two or three instances on a network that fails in every way, with processes that die.
///
/// `TIDELOCK_SEED` and `TIDELOCK_NETWORK_CASES` choose others, or more of them; `scripts/simulate --network` does.
@Suite struct NetworkSimulationTests {
    @Test func everyHistoryOnABadNetworkKeepsTheRules() async throws {
        let histories = RandomHistories("network", casesVariable: "TIDELOCK_NETWORK_CASES", cases: 32)
        let tally = await histories.tally { seed in
            let simulation = try NetworkSimulation(seed: seed)
            try await simulation.perform(rounds: 10)
            return simulation.tally
        }
        let words = tally.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        print("network: \(words.joined(separator: ", "))")
        // A simulation that never gets somewhere proves nothing about it.
        if histories.cases >= 32 {
            let names = [
                "committed", "crashed", "failed", "raised", "recovered", "responderCrashed", "roundTrips", "searched",
                "storeFailed",
            ]
            for name in names {
                #expect(tally[name] ?? 0 > 0, "\(name)")
            }
        }
    }
}
