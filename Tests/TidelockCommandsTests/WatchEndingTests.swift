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

    @Test func isAtOnceWhereWhatWasNamedIsKnownNowhere() {
        #expect(WatchedPush.isPointless(failures: [.unknownKind], of: 1))
        #expect(WatchedPush.isPointless(failures: [.unknownItem, .unknownKind], of: 2))
        #expect(!WatchedPush.isPointless(failures: [.unknownKind], of: 2), "another target got something")
        #expect(!WatchedPush.isPointless(failures: [.unknownKind, .targetUnreachable], of: 2))
        #expect(!WatchedPush.isPointless(failures: [.targetUnreachable], of: 1))
        #expect(!WatchedPush.isPointless(failures: [], of: 0))
    }
}
