import ContentModel
import Dispatch
import Foundation
import Synchronization
import Testing
import TidelockTestSupport

@testable import ContentStore

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

    /// A store as it was before references stood in the rows of staged items.
    private func makeOlder(holding rows: String = "") throws {
        try open().close()
        try EarlierStore.restore(in: folder.url, upTo: "v018-packed-leaves")
        try StoreVandal(storage: folder.url).execute(rows)
    }

    @Test func referencesOfWhatIsStagedComeAlong() throws {
        try makeOlder(
            holding: """
                INSERT INTO stage (transfer, kid, bucket, id, op, batch)
                VALUES ('t1', 1, 10, 'a', 1, 4), ('t1', 1, 20, 'b', 1, 5), ('t2', 1, 10, 'a', 1, 6), ('t1', 1, 30, 'c', 2, 5);
                INSERT INTO stage_link (transfer, batch, number, from_kid, from_id, kind, bucket, id) VALUES
                    ('t1', 4, 1, 1, 'a', 'assets', 7, 'ü'), ('t1', 4, 2, 1, 'a', 'content/tags', 65535, ''),
                    ('t1', 5, 1, 1, 'b', 'assets', 0, 'x'), ('t1', 4, 3, 1, 'b', 'assets', 8, 'of an older row'),
                    ('t2', 6, 1, 1, 'a', 'assets', 9, 'y');
                """)
        let rows = try StoreInspector(open()).texts(
            "SELECT transfer || ' ' || id || ' ' || coalesce(CAST(links AS TEXT), 'none') FROM stage ORDER BY transfer, id"
        )
        #expect(
            rows == [
                "t1 a 6:assets7:2:ü12:content/tags65535:0:", "t1 b 6:assets0:1:x", "t1 c none", "t2 a 6:assets9:1:y",
            ])
    }

    @Test func undoThatWasKeptBeforeTakesItsPlace() throws {
        try open().close()
        try EarlierStore.restore(in: folder.url, upTo: "v019-links-in-rows")
        let undo = { (run: String, verdict: Int, rows: Int) in
            (0..<rows).map { "('\(run)', 1, \($0), 'x', \(verdict), 1, 0, 0, 0, 0)" }.joined(separator: ", ")
        }
        let rows = [undo("put1", 1, 3), undo("pull", 1, 2), undo("put2", 0, 1), undo("kept", 4, 2), undo("push", 5, 1)]
        try StoreVandal(storage: folder.url).execute(
            """
            INSERT INTO run (id, direction, phase, started, undoable) VALUES
                ('put1', 'local', 'committed', 1, 1), ('pull', 'pull', 'committed', 2, 1),
                ('put2', 'import', 'committed', 3, 1), ('kept', 'receive', 'committed', 4, 1),
                ('push', 'receive', 'committed', 5, 1), ('old', 'local', 'committed', 0, 0);
            INSERT INTO undo
                (run, kid, bucket, id, verdict, existed, old_origin, old_edited, old_deleted, new_origin)
            VALUES \(rows.joined(separator: ", "));
            """)
        let places = try StoreInspector(open()).texts(
            """
            SELECT id || ' ' || undo_class || ' ' || undo_before || ' ' || undo_rows
            FROM run WHERE undoable = 1 ORDER BY undo_class, undo_before
            """)
        #expect(places == ["put1 0 0 3", "put2 0 3 1", "kept 0 4 2", "pull 1 0 2", "push 1 2 1"])
    }

    @Test func whichTransfersWereCarriedOutIsKnownFromBefore() throws {
        try open().close()
        try EarlierStore.restore(in: folder.url, upTo: "v023-decided-conflicts")
        try StoreVandal(storage: folder.url).execute(
            """
            INSERT INTO peer (pid, instance, name) VALUES (1, 'b', 'b'), (2, 'c', 'c'), (3, 'd', 'd');
            INSERT INTO transfer (id, pid, initiator, direction, scope, phase, fence, opened, touched) VALUES
                ('t1', 1, 'b', 'push', '{}', 'committed', 1, 1, 1), ('t2', 1, 'b', 'push', '{}', 'committed', 2, 1, 1),
                ('t9', 1, 'b', 'push', '{}', 'abandoned', 3, 1, 1), ('t3', 2, 'c', 'push', '{}', 'committed', 4, 1, 1),
                ('t0', 2, 'a', 'pull', '{}', 'committed', 5, 1, 1);
            INSERT INTO plan (transfer, pid, initiator, direction, scope, phase, summary, opened) VALUES
                ('t4', 2, 'a', 'push', '{}', 'acknowledged', '{"batches":[{}]}', 1),
                ('t8', 2, 'a', 'push', '{}', 'acknowledged', '{"batches":[]}', 1),
                ('t7', 3, 'a', 'push', '{}', 'ready', '{"batches":[{}]}', 1);
            INSERT INTO setting (key, value) VALUES ('newest-acknowledged:c', 't8');
            """)
        let known = try StoreInspector(open()).texts(
            "SELECT key || ' ' || value FROM setting WHERE key GLOB 'newest-*' ORDER BY key")
        #expect(known == ["newest-here:c t4", "newest-there:b t2", "newest-there:c t3"])
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
            let lock = try SyncLock.acquire(in: folder.url, holder: Self.holder)
            expectRefusal(naming: "run-1", "42", "here")
            withExtendedLifetime(lock) {}
        }
        try open()
    }

    private var database: String { folder.appending("tidelock.sqlite").path }

    @Test func aStoreThatAnyCommandOfAnEarlierVersionUsesStaysAsItIs() throws {
        try makeOlder()
        do {
            let lock = try OpenLock.shared(on: database)
            expectRefusal(naming: "command")
            withExtendedLifetime(lock) {}
        }
        try open()
    }

    @Test func aStoreIsInUseFromItsOpeningToItsClosing() throws {
        let (first, second) = (try open(), try open())
        #expect(try OpenLock.alone(on: database) == nil)
        try first.close()
        try first.close()
        #expect(try OpenLock.alone(on: database) == nil)
        try second.close()
        #expect(try OpenLock.alone(on: database) != nil)
    }

    /// The migration had looked at the lock before this one took it.
    @Test func aStoreThatIsMigratedWhileItIsOpenedIsNotUsed() throws {
        let store = try open()
        try migrateAsNewerVersion()
        #expect(Self.code { _ = try Schema.keep(store.pool) } == .schemaTooNew)
    }

    @Test func aServerOfThisVersionKeepsNobodyOut() throws {
        let lock = try ServingLock(in: folder.url)
        try open().close()
        try open()
        withExtendedLifetime(lock) {}
    }

    private static let holder = SyncLock.Holder(pid: 42, host: "here", run: "run-1", started: 1_800_000_000)

    /// Leaves behind what a newer version does that has migrated the store.
    private func migrateAsNewerVersion() throws {
        try StoreVandal(storage: folder.url)
            .execute("INSERT INTO grdb_migrations (identifier) VALUES ('v999-of-a-newer-version')")
    }

    private static func code(of body: () throws -> Void) -> ErrorCode? {
        do {
            try body()
            return nil
        } catch {
            return TidelockError(wrapping: error).code
        }
    }

    @Test func aStoreThatWasMigratedAfterItWasOpenedIsNotServed() throws {
        let store = try open()
        try migrateAsNewerVersion()
        #expect(Self.code { _ = try store.lockForServing() } == .schemaTooNew)
        #expect(try !ServingLock.isHeld(in: folder.url))
    }

    @Test func noRunBeginsOnAStoreThatWasMigratedAfterItWasOpened() throws {
        let store = try open()
        try migrateAsNewerVersion()
        #expect(Self.code { _ = try store.lockForRun(Self.holder) } == .schemaTooNew)
        #expect(try SyncLock.holder(in: folder.url) == nil)
    }

    @Test func aStoreThatIsAsItWasIsServedAndRunOn() throws {
        let store = try open()
        let locks = (try store.lockForServing(), try store.lockForRun(Self.holder))
        #expect(try ServingLock.isHeld(in: folder.url))
        #expect(try SyncLock.holder(in: folder.url) == Self.holder)
        withExtendedLifetime(locks) {}
    }

    /// The migration had looked for servers before this one took its lock.
    @Test func aMigrationThatHasBegunIsWaitedFor() throws {
        let store = try open()
        let serving = DispatchGroup()
        let code = Mutex<ErrorCode?>(nil)
        try Schema.alone(with: store.pool) {
            DispatchQueue.global().async(group: serving) {
                let found = Self.code { _ = try store.lockForServing() }
                code.withLock { $0 = found }
            }
            let (start, limit) = (ContinuousClock.now, Duration.seconds(30))
            while try !ServingLock.isHeld(in: folder.url) {
                guard .now < start + limit else { throw NeverHappened("a server took its lock", within: limit) }
                sched_yield()
            }
            try migrateAsNewerVersion()
        }
        serving.wait()
        #expect(code.withLock { $0 } == .schemaTooNew)
    }

    /// Each of them serves as soon as it has opened the store, as servers do.
    @Test func serversThatStartAtOnceOnAnOlderStoreAllServe() async throws {
        try makeOlder()
        let locks = try await withThrowingTaskGroup(of: ServingLock.self) { group in
            for _ in 1...6 {
                group.addTask {
                    try open().lockForServing()
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
