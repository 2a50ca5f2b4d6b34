import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Sources that are put back to a backup, in random histories. `TIDELOCK_SEED` and `TIDELOCK_RESTORES` choose others, or
/// more of them.
@Suite struct RestoredSourceTests {
    @Test func nothingThatTheSourceForgotIsReplacedSilently() async throws {
        let histories = RandomHistories("restored sources", casesVariable: "TIDELOCK_RESTORES", cases: 20)
        let tally = await histories.tally { seed in
            var history = try RestoreHistory(seed: seed)
            return try await history.perform(steps: 40)
        }
        print(
            "restored sources: \(tally.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))"
        )
        #expect(tally["restores", default: 0] > 20 && tally["replaced", default: 0] > 10, "\(tally)")
    }

    /// What a restored destination went back to is known to the source; what a restored source forgot is not.
    @Test func nothingThatTheSourceForgotIsReplacedSilentlyWhereBothAreRestored() async throws {
        let histories = RandomHistories("restored sides", casesVariable: "TIDELOCK_RESTORES", cases: 20)
        let tally = await histories.tally { seed in
            var history = try RestoreHistory(seed: seed, restoresBoth: true)
            return try await history.perform(steps: 40)
        }
        print(
            "restored sides: \(tally.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))"
        )
        #expect(tally["restores", default: 0] > 10 && tally["destination restores", default: 0] > 10, "\(tally)")
    }
}

/// A source that edits, pushes, and loses what it did since its last backup.
private struct RestoreHistory {
    /// What a source remembers to have sent, by item.
    private typealias Memory = [String: Set<ContentHash>]

    private static let ids = ["p1", "p2", "p3", "p4"]

    private let random: SeededRandom
    private let clock = TestClock(sleep: .lastsUntilCancelled)
    private var source: TestInstance
    private var destination: TestInstance
    private let restoresBoth: Bool
    private var memory: Memory = [:]
    private var backup: (store: TestBackup, memory: Memory)?
    private var destinationBackup: TestBackup?
    private var steps: [String] = []
    private var tally: [String: Int] = [:]

    init(seed: UInt64, restoresBoth: Bool = false) throws {
        self.restoresBoth = restoresBoth
        random = SeededRandom(seed: seed)
        let ids = SeededRandom(seed: seed &+ 1)
        source = try TestInstance("source", clock: clock, random: ids)
        destination = try TestInstance("destination", clock: clock, random: ids)
    }

    mutating func perform(steps count: Int) async throws -> [String: Int] {
        for _ in 0..<count {
            clock.advance(by: .seconds(1))
            switch random.next() % (restoresBoth ? 12 : 10) {
            case 0..<4: try await edit(source)
            case 4: try await edit(destination)
            case 5: try await keep()
            case 6: try restore()
            case 10: try await keepDestination()
            case 11: try restoreDestination()
            default: try await push()
            }
        }
        return tally
    }

    private mutating func edit(_ instance: TestInstance) async throws {
        let id = Self.ids[Int(random.next() % UInt64(Self.ids.count))]
        if random.next() % 4 == 0 {
            steps.append("rm \(id) at \(instance.name)")
            guard try await instance.text(.posts, id) != nil else { return }
            try await instance.remove(.posts, id)
        } else {
            let text = "{\"_id\":\"\(id)\",\"v\":\(random.next() % 1_000),\"w\":\(random.next() % 3)}"
            steps.append("put \(text) at \(instance.name)")
            try await instance.put(.posts, text)
        }
    }

    private mutating func keep() async throws {
        backup = (try await source.backup(), memory)
        steps.append("backup")
    }

    private mutating func restore() throws {
        guard let backup else { return }
        source = try backup.store.restored()
        memory = backup.memory
        tally["restores", default: 0] += 1
        steps.append("restore")
    }

    private mutating func keepDestination() async throws {
        destinationBackup = try await destination.backup()
        steps.append("backup of the destination")
    }

    private mutating func restoreDestination() throws {
        guard let destinationBackup else { return }
        destination = try destinationBackup.restored()
        tally["destination restores", default: 0] += 1
        steps.append("restore of the destination")
    }

    private mutating func push() async throws {
        let policies: [ConflictPolicy] = [.source, .source, .target, .mergeFields, .park]
        var scope = Scope(mode: random.next() % 2 == 0 ? .mirror : .merge)
        scope.policy = policies[Int(random.next() % UInt64(policies.count))]
        steps.append("push \(scope.mode) \(scope.policy)")
        // Rows made at the destination are not the source's: a mirror deletes them because it was asked to.
        let before = try await content().filter { id, _ in
            try destination.head(.posts, id)?.origin == source.identity.id
        }
        let run = TestRun(scope: scope, confirmations: Confirmations(deletes: 1_000))
        do {
            let result = try await source.push(to: destination, run).result
            try await check(before, result)
        } catch let failure as TestRunFailure where failure.error.code == .emptySource {
            steps.append("    refused: the source is empty")
        }
        #expect(try destination.problems() == [])
        #expect(try source.problems() == [])
    }

    /// Whatever the push replaced or deleted, and the source had not sent as far as it knows, is told.
    private mutating func check(_ before: [String: ContentHash], _ result: CommitResult?) async throws {
        let after = try await content()
        let told = Set((result?.conflicts ?? []).map(\.id))
        for (id, hash) in before where after[id] != hash && memory[id]?.contains(hash) != true {
            guard told.contains(id) else { throw BrokenRule(rule: "\(id) was replaced silently", history: steps) }
            tally["replaced", default: 0] += 1
        }
        for id in Self.ids {
            guard let row = try destination.head(.posts, id), row.origin == source.identity.id,
                let base = row.base.flatMap({ ContentHash(hex: $0.lowercased()) })
            else { continue }
            memory[id, default: []].insert(base)
        }
    }

    private func content() async throws -> [String: ContentHash] {
        var content: [String: ContentHash] = [:]
        for id in Self.ids {
            guard let text = try await destination.text(.posts, id) else { continue }
            content[id] = try JSONDocument(validating: text).hash
        }
        return content
    }
}
