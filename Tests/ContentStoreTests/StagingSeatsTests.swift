import Synchronization
import Testing

@testable import ContentStore

@Suite("Seats of those who stage batches")
struct StagingSeatsTests {
    @Test("No more work at once than there are seats, and all of it is done")
    func workAtOnce() async throws {
        let seats = StagingSeats(3)
        let work = Work()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await seats.withSeat {
                        work.begin()
                        await Task.yield()
                        work.end()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(work.counts.withLock { $0.now } == 0)
        #expect((1...3).contains(work.counts.withLock { $0.most }))
        #expect(work.counts.withLock { $0.done } == 50)
    }

    @Test("Who is cancelled while waiting gives up, and a seat is not lost with work that fails")
    func endsEarly() async throws {
        let seats = StagingSeats(1)
        let (busy, begun) = AsyncStream.makeStream(of: Void.self)
        let (goOn, end) = AsyncStream.makeStream(of: Void.self)
        let holder = Task {
            try await seats.withSeat {
                begun.finish()
                for await _ in goOn {}
                throw Failure()
            }
        }
        for await _ in busy {}
        let waiting = Task { try await seats.withSeat {} }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        end.finish()
        await #expect(throws: Failure.self) { try await holder.value }
        #expect(try await seats.withSeat { 7 } == 7)
    }

    private struct Failure: Error {}

    private final class Work: Sendable {
        let counts = Mutex((now: 0, most: 0, done: 0))

        func begin() { counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.done) } }
        func end() { counts.withLock { $0 = ($0.now - 1, $0.most, $0.done + 1) } }
    }
}
