import ContentModel
import SyncEngine
import SyncProtocol
import Synchronization
import Testing

@testable import TidelockCommands

@Suite("Runs one after another")
struct JobSequenceTests {
    private func sequence(_ count: Int, pause: @escaping @Sendable () async throws -> Void = {}) throws -> JobSequence {
        let requests = (0..<count).map {
            SyncRunner.Request(direction: .push, scope: Scope(models: ["model\($0)"]))
        }
        return try JobSequence(requests, pause: pause)
    }

    /// Runs that create one item each; the one of `failing` fails instead.
    private func perform(_ sequence: JobSequence, failing: String? = nil) async -> JobSequence.Outcome {
        await sequence.perform { request in
            var report = RunReport(run: request.scope.models?.first ?? "", target: "edge", direction: .push)
            guard report.run != failing else {
                let failure = TidelockError(.deleteGuard, "It deletes too much.")
                report.note(failure)
                return (report, failure)
            }
            report.status = .committed
            report.verified = true
            report.created = 1
            return (report, nil)
        }
    }

    @Test func areSummedAndToldSingly() async throws {
        let outcome = await perform(try sequence(3))
        #expect(outcome.failure == nil && outcome.remains == nil)
        #expect(outcome.report.created == 3 && outcome.report.verified && outcome.report.status == .committed)
        #expect(outcome.report.jobs?.map(\.run) == ["model0", "model1", "model2"])
        #expect(await perform(try sequence(1)).report.jobs == nil)
    }

    @Test func haveBatchesOfTheSizesThatCommandsTake() throws {
        func sizes(_ size: Int) throws -> [Int] {
            let settings = "{\"name\":\"content\",\"syncSettings\":{\"batchSize\":\(size)}}"
            let job = try Job(JSONDocument(validating: settings))
            return try SyncRunner.Request(direction: .push, scope: .everything).moving([job]).map(\.options.batchSize)
        }
        #expect(try sizes(1) == [1] && sizes(Limits.batchItems) == [Limits.batchItems])
        for size in [0, Limits.batchItems + 1, 1_000_001] {
            #expect { try sizes(size) } throws: { ($0 as? TidelockError)?.code == .usage }
        }
    }

    @Test func stopAtTheFirstFailure() async throws {
        let outcome = await perform(try sequence(4), failing: "model1")
        #expect(outcome.failure?.code == .deleteGuard && outcome.reports.count == 2)
        #expect(outcome.report.created == 1 && !outcome.report.verified)
        #expect(outcome.report.error?.code == "delete_guard" && outcome.report.status == .failed)
        #expect(outcome.remains == "Job 2 of 4 failed; 1 before it was done, 2 not started.")
    }

    @Test func waitBetweenTwoAndBeginNoneWhenThatIsInterrupted() async throws {
        let pauses = Mutex(0)
        let outcome = await perform(
            try sequence(3) {
                let count = pauses.withLock { pauses in
                    pauses += 1
                    return pauses
                }
                if count == 2 { throw CancellationError() }
            })
        #expect(pauses.withLock { $0 } == 2)
        #expect(outcome.failure?.code == .cancelled && outcome.reports.count == 2)
        #expect(outcome.remains == "2 of 3 jobs were done, the others not started.")
    }

    @Test func noneIsNoSequence() {
        #expect(throws: TidelockError.self) { _ = try JobSequence([]) }
    }
}
