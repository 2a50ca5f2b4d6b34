import Testing
import TidelockTestSupport

/// Random histories of three instances. `TIDELOCK_SEED` and `TIDELOCK_CASES` choose others, or more of them;
/// `TIDELOCK_ITEM`, such as `content/posts/p2`, adds what becomes of one item to a history that broke a rule.
@Suite struct SimulationTests {
    private static let steps = 40

    @Test(arguments: KeptSeed.all)
    func aHistoryThatOnceBrokeARuleKeepsThem(kept: KeptSeed) async throws {
        let simulation = try Simulation(seed: kept.seed, repertoire: kept.repertoire)
        try await simulation.perform(steps: Self.steps)
    }

    @Test func everyHistoryKeepsTheRules() async throws {
        let histories = RandomHistories("simulation", casesVariable: "TIDELOCK_CASES", cases: 500)
        let tally = await histories.tally { seed in
            let simulation = try Simulation(seed: seed)
            try await simulation.perform(steps: Self.steps)
            return simulation.tally
        }
        let kinds = ["adopt", "apply", "delete", "keepDeleted", "keepOriginal", "nothing", "release"]
        print("simulation: \(tally["operations"] ?? 0) operations, all rules checked after each")
        print("simulation: \(kinds.map { "\($0) \(tally[$0] ?? 0)" }.joined(separator: ", "))")
        print("simulation: \(tally["freedFiles"] ?? 0) files freed")
        print("simulation: \(tally["roundTrips"] ?? 0) times both sides were quiet")
        let further = ["guarded", "itemRuns", "oneItemRolledBack", "stopped", "unguarded", "unstopped"]
        print("simulation: \(further.map { "\($0) \(tally[$0] ?? 0)" }.joined(separator: ", "))")
        // A simulation that never gets somewhere proves nothing about it.
        guard histories.cases >= 60 else { return }
        #expect((kinds + further + ["freedFiles", "roundTrips"]).filter { tally[$0] ?? 0 == 0 } == [])
    }

    /// A seed that was printed tells the same history ever after. The numbers are those of the generator's authors.
    @Test func theNumbersOfASeedNeverChange() {
        let random = SeededRandom(seed: 1_234_567)
        let numbers = (0..<3).map { _ in random.next() }
        #expect(numbers == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }
}
