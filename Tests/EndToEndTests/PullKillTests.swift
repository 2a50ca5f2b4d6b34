import Testing
import TidelockTestSupport

@Suite("Pulls whose processes are killed", .story)
struct PullKillTests {
    /// `scripts/torture pulls` asks for more kills and more items, and may bound the time.
    @Test func leaveTheOldOrTheNewStateAndNeedNoRepair() async throws {
        let begin = ContinuousClock.now
        let kills = Setting.number("TIDELOCK_PULL_KILLS") ?? 4
        let items = Setting.number("TIDELOCK_ITEMS") ?? 2_000
        var torture = try await PullTorture(items: items, bytes: Setting.number("TIDELOCK_ITEM_BYTES") ?? 300)
        // Without a single kill nothing was shown.
        repeat {
            try await torture.killOnce()
        } while torture.tally.kills == 0 || torture.tally.kills < kills && Setting.isTimeLeft(since: begin)
        try await torture.expectEqualSides()
        guard Setting.number("TIDELOCK_PULL_KILLS") != nil else { return }
        print("seed \(Story.current.seed): \(torture.tally)")
        if torture.tally.kills < kills { print("  it ended there because the time was up") }
    }
}
