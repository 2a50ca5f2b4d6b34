import Testing
import TidelockTestSupport

@Suite("Pushes whose processes are killed", .story)
struct KillTests {
    /// `scripts/torture` asks for more kills and more items.
    @Test func leaveTheOldOrTheNewStateAndNeedNoRepair() async throws {
        let kills = Setting.number("TIDELOCK_KILLS") ?? 6
        let items = Setting.number("TIDELOCK_ITEMS") ?? 2_000
        var torture = try await Torture(items: items, bytes: Setting.number("TIDELOCK_ITEM_BYTES") ?? 300)
        while torture.tally.kills < kills { try await torture.killOnce() }
        try await torture.expectEqualSides()
        if Setting.number("TIDELOCK_KILLS") != nil { report(torture.tally) }
    }

    private func report(_ tally: Torture.Tally) {
        print(
            """
            seed \(Story.current.seed): \(tally.kills) kills, \(tally.killedSources) of the source and \
            \(tally.killedDestinations) of the destination
              before the first batch \(tally.moments[0]), while sending \(tally.moments[1]), after the last batch \
            \(tally.moments[2])
              \(tally.committed) killed pushes had been committed, \(tally.survived) found the restarted server \
            themselves, \(tally.gaveUp) gave up; \(tally.resumed) batches were taken over and not sent again
              the destination was read \(tally.observations) times and always showed the old or the new state
            """)
    }
}
