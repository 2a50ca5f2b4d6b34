import ContentModel
import Testing

@testable import TidelockCommands

@Suite("How a watch ends")
struct WatchEndingTests {
    @Test func isGoodOnlyWhenEverythingHasArrived() {
        #expect(WatchedPush.ending(failures: [], isWaiting: false) == nil)
        #expect(WatchedPush.ending(failures: [], isWaiting: true) == .cancelled)
    }

    @Test func isTheGravestFailureOfTheLastPush() {
        #expect(WatchedPush.ending(failures: [.targetUnreachable], isWaiting: true) == .targetUnreachable)
        let several: [ErrorCode] = [.leaseHeld, .targetUnreachable, .filterMissing]
        #expect(WatchedPush.ending(failures: several, isWaiting: true) == .targetUnreachable)
    }
}
