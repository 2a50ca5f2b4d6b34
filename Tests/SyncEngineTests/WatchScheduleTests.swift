import SyncEngine
import Testing

/// When a watched source is pushed.
@Suite struct WatchScheduleTests {
    private func expect(
        _ schedule: inout WatchSchedule, sequence: Int64, at now: Int64, isDue: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let due = schedule.isDue(sequence: sequence, at: now)
        #expect(due == isDue, sourceLocation: sourceLocation)
    }

    @Test func theFirstPushIsAtOnceAndTheNextAfterAQuietTime() {
        var schedule = WatchSchedule(quiet: 2_000)
        expect(&schedule, sequence: 5, at: 0, isDue: true)
        schedule.ended(sequence: 5, hasFailed: false, at: 100)
        expect(&schedule, sequence: 5, at: 60_000, isDue: false)
        expect(&schedule, sequence: 6, at: 60_200, isDue: false)
        expect(&schedule, sequence: 7, at: 62_000, isDue: false)
        expect(&schedule, sequence: 7, at: 63_999, isDue: false)
        expect(&schedule, sequence: 7, at: 64_000, isDue: true)
    }

    @Test func somebodyWhoNeverStopsEditingIsNotWaitedForForEver() {
        var schedule = WatchSchedule(quiet: 2_000)
        expect(&schedule, sequence: 0, at: 0, isDue: true)
        schedule.ended(sequence: 0, hasFailed: false, at: 0)
        var now: Int64 = 1_000
        var sequence: Int64 = 1
        while !schedule.isDue(sequence: sequence, at: now), now < 120_000 {
            now += 200
            sequence += 1
        }
        #expect(now == 31_000)
    }

    @Test func aChangeDuringAPushIsPushedNext() {
        var schedule = WatchSchedule(quiet: 0)
        expect(&schedule, sequence: 1, at: 0, isDue: true)
        schedule.ended(sequence: 1, hasFailed: false, at: 500)
        expect(&schedule, sequence: 2, at: 700, isDue: true)
    }

    @Test func onlyWhatAPushThatSucceededHasSentDoesNotWait() {
        var schedule = WatchSchedule(quiet: 2_000)
        #expect(schedule.isWaiting(sequence: 5))
        expect(&schedule, sequence: 5, at: 0, isDue: true)
        schedule.ended(sequence: 5, hasFailed: true, at: 0)
        #expect(schedule.isWaiting(sequence: 5))
        schedule.ended(sequence: 5, hasFailed: false, at: 0)
        #expect(!schedule.isWaiting(sequence: 5))
        #expect(schedule.isWaiting(sequence: 6))
    }

    @Test func failuresAreRepeatedAtGrowingIntervals() {
        var schedule = WatchSchedule(quiet: 0)
        var now: Int64 = 0
        var pauses: [Int64] = []
        for _ in 1...7 {
            let start = now
            while !schedule.isDue(sequence: 1, at: now) { now += 1_000 }
            pauses.append(now - start)
            schedule.ended(sequence: 1, hasFailed: true, at: now)
        }
        #expect(pauses == [0, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000])
    }
}
