import Testing
import TidelockTestSupport

@Suite("Observers of pushes that are killed around their commit", .story)
struct DeliveryKillTests {
    /// `scripts/torture deliveries` asks for more kills, and may bound the time.
    @Test func areToldOfEveryCommitAndOfNothingElse() async throws {
        let begin = ContinuousClock.now
        let kills = Setting.number("TIDELOCK_DELIVERY_KILLS") ?? 6
        var torture = try await DeliveryTorture()
        // Without a single kill nothing was shown.
        repeat {
            try await torture.killOnce()
        } while torture.tally.kills == 0 || torture.tally.kills < kills && Setting.isTimeLeft(since: begin)
        try await torture.expectEverythingTold()
        guard Setting.number("TIDELOCK_DELIVERY_KILLS") != nil else { return }
        report(torture.tally)
        if torture.tally.kills < kills { print("  it ended there because the time was up") }
    }

    private func report(_ tally: DeliveryTorture.Tally) {
        print(
            """
            seed \(Story.current.seed): \(tally.kills) kills of a push, \(tally.killedServers) of them with the server
              \(tally.committed) killed pushes had been committed, \(tally.untold) of them with observers left to tell
              all events of all \(tally.runs) committed runs were told, \(tally.repeated) calls more than once, none of \
            any other run
            """)
    }
}
