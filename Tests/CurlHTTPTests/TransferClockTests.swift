import Testing

@testable import CurlHTTP

@Suite("When a request has taken too long")
struct TransferClockTests {
    private let start = ContinuousClock.now

    @Test func onlyTheTotalCountsBeforeTheConnection() {
        let clock = clock(total: 10, stall: 3)
        #expect(clock.verdict(at: after(9)) == .fine(until: after(10)))
        #expect(clock.verdict(at: after(10)) == .passed(.total))
    }

    @Test func beforeTheConnectionItIsLookedAtOftenEnoughForAStall() {
        #expect(clock(total: 10, stall: 3).verdict(at: after(1)) == .fine(until: after(4)))
    }

    @Test func movingPutsOffTheStall() {
        var clock = clock(total: 10, stall: 3)
        clock.moved(at: after(2))
        #expect(clock.verdict(at: after(4)) == .fine(until: after(5)))
        clock.moved(at: after(4))
        #expect(clock.verdict(at: after(6)) == .fine(until: after(7)))
        #expect(clock.verdict(at: after(7)) == .passed(.stall))
    }

    @Test func movingDoesNotPutOffTheTotal() {
        var clock = clock(total: 10, stall: 3)
        clock.moved(at: after(9))
        #expect(clock.verdict(at: after(9)) == .fine(until: after(10)))
        #expect(clock.verdict(at: after(10)) == .passed(.total))
    }

    @Test(arguments: [
        (Duration.milliseconds(250), "250 ms"), (.seconds(30), "30 s"), (.milliseconds(1500), "1.5 s"), (.zero, "0 ms"),
        (.microseconds(1), "1 ms"),
    ])
    func durationsInWords(duration: Duration, words: String) {
        #expect(duration.inWords == words)
    }

    @Test func hugeDurationsStayWithinBounds() {
        #expect(Duration.seconds(Int64.max / 2).milliseconds == Int(Int32.max))
    }

    private func clock(total: Int, stall: Int) -> TransferClock {
        var limits = HTTPLimits()
        (limits.total, limits.stall) = (.seconds(total), .seconds(stall))
        return TransferClock(start: start, limits: limits)
    }

    private func after(_ seconds: Int) -> ContinuousClock.Instant {
        start.advanced(by: .seconds(seconds))
    }
}
