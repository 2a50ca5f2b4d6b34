import Testing
import TidelockTestSupport

@Suite("Observers of pushes that are killed around their commit", .story)
struct DeliveryKillTests {
    /// `scripts/torture deliveries` asks for more kills.
    @Test func areToldOfEveryCommitAndOfNothingElse() async throws {
        let kills = Setting.number("TIDELOCK_DELIVERY_KILLS") ?? 6
        var torture = try await DeliveryTorture()
        while torture.tally.kills < kills { try await torture.killOnce() }
        try await torture.expectEverythingTold()
        if Setting.number("TIDELOCK_DELIVERY_KILLS") != nil { report(torture.tally) }
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
