public import ContentModel
public import Foundation
internal import Glibc

/// Keeps a second run out of an instance: `storage/tmp/sync.lock`, held by the kernel's lock on the file.
///
/// A crash frees it, whatever the file says. Deleting the file lets another run begin, which is safe because
/// the fence inside the commit decides who writes.
public final class SyncLock: Sendable {
    /// Who holds the lock, as the file says.
    public struct Holder: Sendable, Codable, Equatable {
        public var pid: Int32
        public var host: String
        public var run: String
        /// Unix seconds.
        public var started: Int64

        public init(pid: Int32, host: String, run: String, started: Int64) {
            self.pid = pid
            self.host = host
            self.run = run
            self.started = started
        }
    }

    private let descriptor: Int32
    private let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        release()
    }

    /// Takes the lock. Throws `run_in_progress` naming the holder when another process has it.
    static func acquire(in storage: URL, holder: Holder) throws -> SyncLock {
        let path = file(in: storage)
        let descriptor = try lockedFile(path)
        let text = Array(try JSONColumns.encode(holder).utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            defer { _ = Glibc.close(descriptor) }
            throw TidelockError(
                .storageFailed, "The lock file \(path) cannot be written: \(String(cString: strerror(errno))).")
        }
        return SyncLock(descriptor: descriptor, path: path)
    }

    /// Opens the file and locks it.
    ///
    /// Between the two its holder may have removed it: a lock on a file that nobody can open any more keeps nobody
    /// out, so the file of that name is tried again.
    private static func lockedFile(_ path: String) throws -> Int32 {
        while true {
            let descriptor = try LockFile.open(path)
            guard isLocked(descriptor) else {
                defer { _ = Glibc.close(descriptor) }
                throw inProgress(read(path))
            }
            if isFile(descriptor, at: path) { return descriptor }
            _ = Glibc.close(descriptor)
        }
    }

    /// Somebody who only asks who holds the lock shares it for a moment; a holder shares it with nobody.
    private static func isLocked(_ descriptor: Int32) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { return false }
            sched_yield()
        }
        return true
    }

    private static func isFile(_ descriptor: Int32, at path: String) -> Bool {
        guard let mine = DiskFacts(of: descriptor), let present = DiskFacts(at: path, followsLinks: true) else {
            return false
        }
        return mine.isSameFile(as: present)
    }

    /// Frees the lock. The file is removed only while it still is the one that was locked.
    private func release() {
        if Self.isFile(descriptor, at: path) { unlink(path) }
        _ = Glibc.close(descriptor)
    }

    /// Who holds the lock at the moment; nil when nobody does.
    public static func holder(in storage: URL) throws -> Holder? {
        let path = file(in: storage)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { _ = Glibc.close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        return read(path) ?? Holder(pid: 0, host: "?", run: "?", started: 0)
    }

    /// Removes the lock file, whoever holds it. Answers whether there was one.
    public static func reset(in storage: URL) -> Bool {
        unlink(file(in: storage)) == 0
    }

    private static func file(in storage: URL) -> String {
        storage.appending(path: "tmp").appending(path: "sync.lock").path
    }

    private static func read(_ path: String) -> Holder? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return try? JSONDecoder().decode(Holder.self, from: data)
    }

    private static func inProgress(_ holder: Holder?) -> TidelockError {
        holder?.inProgress
            ?? TidelockError(
                .runInProgress, "Another run is at work on this instance.", hint: "Wait until it has ended.")
    }
}

extension Store {
    /// Keeps other runs out, and newer versions from migrating the store, while the lock is held.
    ///
    /// Throws `run_in_progress` naming the holder when another process has it, `schema_too_new` when a newer version
    /// has migrated the store since it was opened, and `storage_failed`.
    public func lockForRun(_ holder: SyncLock.Holder) throws -> SyncLock {
        try translatingErrors(on: folder.path) {
            let lock = try SyncLock.acquire(in: folder, holder: holder)
            try Schema.requireUnchanged(pool)
            return lock
        }
    }
}

extension SyncLock.Holder {
    /// What somebody is told who wants the lock meanwhile.
    public var inProgress: TidelockError {
        let since = Date(timeIntervalSince1970: TimeInterval(started)).formatted(.iso8601)
        return TidelockError(
            .runInProgress,
            "Run \(run.printable) is at work on this instance: process \(pid) on \(host.printable), since \(since).",
            hint:
                "Wait until it has ended. If it hangs, end that process; 'tidelock lock reset' is safe at any moment.",
            details: ["pid": String(pid), "run": run])
    }
}
