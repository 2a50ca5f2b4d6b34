import ContentModel
import SyncEngine
import Testing
import TidelockTestSupport

/// A suite whose stories happen between two instances, most of which `b` gets from `a`.
protocol PairSuite {
    var a: TestInstance { get }
    var b: TestInstance { get }
    /// Everybody whose store has to be sound.
    var instances: [TestInstance] { get }
}

extension PairSuite {
    var instances: [TestInstance] { [a, b] }

    func expectNoProblems(at location: SourceLocation = #_sourceLocation) throws {
        for instance in instances {
            #expect(try instance.problems() == [], "at \(instance.name)", sourceLocation: location)
        }
    }

    /// Brings what `a` has to `b`, whichever of the two makes the run.
    @discardableResult
    func move(_ direction: Direction, _ run: TestRun = TestRun()) async throws -> TestRunResult {
        try await a.move(to: b, isPush: direction == .push, run)
    }

    /// Makes a run of `a`, which is its source or its destination.
    @discardableResult
    func start(_ direction: Direction, _ run: TestRun = TestRun()) async throws -> TestRunResult {
        switch direction {
        case .push: try await a.push(to: b, run)
        case .pull: try await a.pull(from: b, run)
        }
    }

    /// An item of `a` that `b` got, and that both of them changed since.
    func diverge(from first: String, here: String, there: String) async throws {
        try await a.put(.posts, first)
        try await a.push(to: b)
        try await a.put(.posts, here)
        try await b.put(.posts, there)
    }
}

/// A suite with a third instance beside the two.
protocol TrioSuite: PairSuite {
    var c: TestInstance { get }
}

extension TrioSuite {
    var instances: [TestInstance] { [a, b, c] }
}

/// The error with which a run is refused, of a code that is expected; nil, and an issue, where it is not refused.
@discardableResult
func refusal(
    _ code: ErrorCode, at location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> TidelockError? {
    do {
        try await body()
        Issue.record("the run should have been refused with \(code)", sourceLocation: location)
        return nil
    } catch let failure as TestRunFailure {
        #expect(failure.error.code == code, "\(failure.error)", sourceLocation: location)
        return failure.error
    }
}
