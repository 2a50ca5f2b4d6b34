import Foundation
import Synchronization
import Testing
import TidelockTestSupport

/// The scene of one test: a folder of its own and a seed. Both are told when the test fails, and the folder is kept.
final class Story: Sendable {
    /// The story of the running test.
    @TaskLocal static var running: Story?

    let folder: URL
    let seed: UInt64
    private let mustBeKept = Mutex(false)

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tidelock-story-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        seed = Setting.number("TIDELOCK_SEED").map { UInt64($0) } ?? UInt64.random(in: 1...1_000_000)
    }

    deinit {
        if !mustBeKept.withLock({ $0 }) { try? FileManager.default.removeItem(at: folder) }
    }

    static var current: Story {
        guard let running else { preconditionFailure("a test that makes instances has the trait .story") }
        return running
    }

    func keep() {
        mustBeKept.withLock { $0 = true }
    }
}

/// Gives each test a `Story`, and lets only a few run at once: they start processes, and machines are small.
struct StoryTrait: TestTrait, SuiteTrait, TestScoping {
    var isRecursive: Bool { true }

    private static let turnstile = Turnstile(places: 3)

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        await Self.turnstile.enter()
        defer { Self.turnstile.leave() }
        let story = try Story()
        let explaining = IssueHandlingTrait.compactMapIssues { issue in
            story.keep()
            var issue = issue
            issue.comments.append("The story's folder is \(story.folder.path), its seed \(story.seed).")
            return issue
        }
        try await Story.$running.withValue(story) {
            try await explaining.provideScope(for: test, testCase: testCase) {
                do {
                    try await function()
                } catch is ExpectationFailedError {
                    // A requirement has recorded itself.
                } catch {
                    // Recorded as an issue of its own, so that it too tells where to look.
                    Issue.record(error)
                }
            }
        }
    }
}

extension Trait where Self == StoryTrait {
    static var story: Self { StoryTrait() }
}

/// Lets so many in at a time, in the order of their coming.
private final class Turnstile: Sendable {
    private struct Queue {
        var places: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let queue: Mutex<Queue>

    init(places: Int) {
        queue = Mutex(Queue(places: places))
    }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = queue.withLock { queue in
                guard queue.places == 0 else {
                    queue.places -= 1
                    return true
                }
                queue.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = queue.withLock { queue -> CheckedContinuation<Void, Never>? in
            guard queue.waiting.isEmpty else { return queue.waiting.removeFirst() }
            queue.places += 1
            return nil
        }
        next?.resume()
    }
}

/// What `scripts/torture` asks for by environment variables.
enum Setting {
    static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    /// Whether something that began then may go on: there is no bound where nobody asked for one.
    static func isTimeLeft(since begin: ContinuousClock.Instant) -> Bool {
        number("TIDELOCK_MINUTES").map { begin.duration(to: .now) < .seconds($0 * 60) } ?? true
    }
}
