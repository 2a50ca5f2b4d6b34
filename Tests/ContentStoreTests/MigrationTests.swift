import ContentModel
import ContentStore
import Foundation
import Testing
import TidelockTestSupport

/// Stores of an earlier version, and who may bring them to the form of this one.
@Suite struct MigrationTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @discardableResult
    private func open() throws -> Store {
        try Store.open(in: folder.url, name: "a", clock: TestClock(), random: SeededRandom(seed: 7))
    }

    /// A store as it was before references of staged items had numbers.
    private func makeOlder() throws {
        try open().close()
        try StoreVandal(storage: folder.url).execute(
            """
            DROP TABLE stage_link;
            CREATE TABLE stage_link (
                transfer TEXT    NOT NULL,
                from_kid INTEGER NOT NULL,
                from_id  TEXT    NOT NULL,
                kind     TEXT    NOT NULL,
                bucket   INTEGER NOT NULL,
                id       TEXT    NOT NULL,
                batch    INTEGER
            ) STRICT;
            CREATE INDEX stage_link_by_transfer ON stage_link (transfer);
            DELETE FROM grdb_migrations WHERE identifier = 'v017-committed-stages';
            """)
    }

    private func expectRefusal(naming facts: String...) {
        do {
            try open()
            Issue.record("a store that an earlier version works with was migrated")
        } catch let error as TidelockError {
            #expect(error.code == .runInProgress && error.hint != nil)
            for fact in facts + [folder.path] { #expect(error.message.contains(fact), "\(error.message)") }
        } catch {
            Issue.record(error)
        }
    }

    @Test func aStoreThatAServerOfAnEarlierVersionUsesStaysAsItIs() throws {
        try makeOlder()
        do {
            let lock = try ServingLock(in: folder.url)
            for _ in 1...2 { expectRefusal(naming: "server") }
            withExtendedLifetime(lock) {}
        }
        try open()
    }

    @Test func aStoreThatARunOfAnEarlierVersionUsesStaysAsItIs() throws {
        try makeOlder()
        do {
            let holder = SyncLock.Holder(pid: 42, host: "here", run: "run-1", started: 1_800_000_000)
            let lock = try SyncLock.acquire(in: folder.url, holder: holder)
            expectRefusal(naming: "run-1", "42", "here")
            withExtendedLifetime(lock) {}
        }
        try open()
    }

    @Test func aServerOfThisVersionKeepsNobodyOut() throws {
        let lock = try ServingLock(in: folder.url)
        try open().close()
        try open()
        withExtendedLifetime(lock) {}
    }

    /// Each of them serves as soon as it has opened the store, as servers do.
    @Test func serversThatStartAtOnceOnAnOlderStoreAllServe() async throws {
        try makeOlder()
        let locks = try await withThrowingTaskGroup(of: ServingLock.self) { group in
            for _ in 1...6 {
                group.addTask {
                    try open()
                    return try ServingLock(in: folder.url)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(locks.count == 6)
    }

    @Test func askingWhetherAServerRunsNeverTakesItsLockAway() async throws {
        await withTaskGroup(of: Void.self) { group in
            for _ in 1...3 {
                group.addTask { for _ in 1...500 { _ = try? ServingLock.isHeld(in: folder.url) } }
            }
            group.addTask {
                for _ in 1...500 {
                    do {
                        let lock = try ServingLock(in: folder.url)
                        #expect(try ServingLock.isHeld(in: folder.url))
                        withExtendedLifetime(lock) {}
                    } catch {
                        Issue.record(error)
                    }
                }
            }
        }
    }
}
