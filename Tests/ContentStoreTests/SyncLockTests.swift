import ContentModel
import Foundation
import Synchronization
import Testing
import TidelockTestSupport

@testable import ContentStore

/// The lock file that keeps a second run out.
@Suite struct SyncLockTests {
    private let folder: TemporaryFolder
    private let holder = SyncLock.Holder(pid: 42, host: "here", run: "run-1", started: 1_800_000_000)

    init() throws {
        folder = try TemporaryFolder()
    }

    private var file: URL { folder.appending("tmp/sync.lock") }

    private func acquire(_ run: String = "run-1") throws -> SyncLock {
        try SyncLock.acquire(
            in: folder.url, holder: SyncLock.Holder(pid: 42, host: "here", run: run, started: 1_800_000_000))
    }

    @Test func aSecondRunIsToldWhoHoldsTheLock() throws {
        let lock = try acquire()
        do {
            _ = try acquire("run-2")
            Issue.record("two runs hold the lock")
        } catch let error as TidelockError {
            #expect(error.code == .runInProgress)
            for fact in ["run-1", "42", "here", "2027-01-15"] {
                #expect(error.message.contains(fact), "\(error.message)")
            }
        }
        #expect(try SyncLock.holder(in: folder.url) == holder)
        withExtendedLifetime(lock) {}
    }

    @Test func theLockIsFreeOnceItsDescriptorIsClosed() throws {
        do {
            let lock = try acquire()
            withExtendedLifetime(lock) {}
        }
        #expect(try SyncLock.holder(in: folder.url) == nil)
        #expect(!FileManager.default.fileExists(atPath: file.path))
        _ = try acquire("run-2")
    }

    @Test func aFileThatNobodyLocksIsNoLock() throws {
        try FileManager.default.createDirectory(at: folder.appending("tmp"), withIntermediateDirectories: true)
        for text in [
            #"{"pid":1,"host":"h","run":"r","started":1}"#, "", "not JSON", String(repeating: "x", count: 500),
        ] {
            try Data(text.utf8).write(to: file)
            #expect(try SyncLock.holder(in: folder.url) == nil)
            let lock = try acquire()
            #expect(try SyncLock.holder(in: folder.url) == holder)
            withExtendedLifetime(lock) {}
        }
    }

    @Test func deletingTheFileLetsAnotherRunBeginAndHarmsNobody() throws {
        var first: SyncLock? = try acquire()
        #expect(SyncLock.reset(in: folder.url))
        let second = try acquire("run-2")
        #expect(first != nil)
        // The first one ends, and must leave the second one's file alone.
        first = nil
        #expect(try SyncLock.holder(in: folder.url)?.run == "run-2")
        #expect(throws: TidelockError.self) { try acquire("run-3") }
        withExtendedLifetime(second) {}
    }

    @Test func onlyOneOfManyThatTryAtOnceHoldsTheLock() async throws {
        for _ in 1...50 {
            let locks = await withTaskGroup(of: SyncLock?.self) { group in
                for number in 1...8 { group.addTask { try? acquire("run-\(number)") } }
                return await group.reduce(into: [SyncLock]()) { if let lock = $1 { $0.append(lock) } }
            }
            #expect(locks.count == 1)
        }
    }

    /// Whoever opened the file just before its holder removed it must not believe to hold the lock of the next file.
    @Test func noTwoEverHoldTheLockWhileRunsComeAndGo() async throws {
        let crowd = Crowd()
        await withTaskGroup(of: Void.self) { group in
            for number in 1...6 {
                group.addTask {
                    for _ in 1...300 {
                        guard let lock = try? acquire("run-\(number)") else { continue }
                        crowd.visit()
                        withExtendedLifetime(lock) {}
                    }
                }
            }
        }
        #expect(crowd.most == 1)
    }

    /// Counts how many are inside at once.
    private final class Crowd: Sendable {
        private let counts = Mutex((inside: 0, most: 0))

        var most: Int { counts.withLock { $0.most } }

        func visit() {
            counts.withLock {
                $0.inside += 1
                $0.most = max($0.most, $0.inside)
            }
            sched_yield()
            counts.withLock { $0.inside -= 1 }
        }
    }

    @Test func askingWhoHoldsTheLockNeverRefusesARun() async throws {
        try FileManager.default.createDirectory(at: folder.appending("tmp"), withIntermediateDirectories: true)
        await withTaskGroup(of: Void.self) { group in
            for _ in 1...4 {
                group.addTask { for _ in 1...500 { _ = try? SyncLock.holder(in: folder.url) } }
            }
            group.addTask {
                for _ in 1...500 {
                    // What a run that crashed leaves behind.
                    try? Data().write(to: file)
                    #expect(throws: Never.self) { _ = try acquire() }
                }
            }
        }
    }
}
