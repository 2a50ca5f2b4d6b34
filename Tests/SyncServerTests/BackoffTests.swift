import Testing

@testable import RemotePeer

/// How long a client waits between attempts.
@Suite struct BackoffTests {
    @Test("T26: waiting never grows beyond two seconds, however often it is repeated")
    func waitingIsCapped() {
        var backoff = Backoff(start: 0)
        for _ in 1...10_000 { #expect(backoff.next(jitter: 0) <= .seconds(2)) }
    }

    @Test("T55: a minute of attempts is a few dozen, whatever chance does")
    func attemptsAreNotManyInAMinute() {
        var backoff = Backoff(start: 0)
        var (waited, attempts) = (Duration.zero, 0)
        while waited < .seconds(60) {
            waited += backoff.next(jitter: .max)
            attempts += 1
        }
        #expect(attempts < 100, "\(attempts)")
    }
}
