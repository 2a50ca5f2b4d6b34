internal import ContentModel
internal import Foundation
internal import GRDB

/// The released versions of the store's tables. A migration is never edited after its release.
enum Schema {
    private static let versions: [(name: String, sql: [UInt8])] = [
        ("v001-store", PackageResources.v001_store_sql),
        ("v002-deliveries", PackageResources.v002_deliveries_sql),
        ("v003-services", PackageResources.v003_services_sql),
        ("v004-arrivals", PackageResources.v004_arrivals_sql),
        ("v005-statistics", PackageResources.v005_statistics_sql),
        ("v006-conflicts", PackageResources.v006_conflicts_sql),
        ("v007-links", PackageResources.v007_links_sql),
        ("v008-audit", PackageResources.v008_audit_sql),
        ("v009-plan-only", PackageResources.v009_plan_only_sql),
        ("v010-open-rows", PackageResources.v010_open_rows_sql),
        ("v011-contested", PackageResources.v011_contested_sql),
        ("v012-resume", PackageResources.v012_resume_sql),
        ("v013-superseding", PackageResources.v013_superseding_sql),
        ("v014-blobs", PackageResources.v014_blobs_sql),
        ("v016-serving", PackageResources.v016_serving_sql),
        ("v017-committed-stages", PackageResources.v017_committed_stages_sql),
        ("v018-packed-leaves", PackageResources.v018_packed_leaves_sql),
        ("v019-links-in-rows", PackageResources.v019_links_in_rows_sql),
        ("v020-item-lives", PackageResources.v020_item_lives_sql),
        ("v022-undo-order", PackageResources.v022_undo_order_sql),
        ("v023-decided-conflicts", PackageResources.v023_decided_conflicts_sql),
        ("v024-forgetful-peers", PackageResources.v024_forgetful_peers_sql),
        ("v025-conflicts-by-source", PackageResources.v025_conflicts_by_source_sql),
        ("v026-taken-over", PackageResources.v026_taken_over_sql),
    ]

    /// Makes the tables of a new store, and brings those of an earlier version of Tidelock to the form of this one.
    ///
    /// Throws `schema_too_new`, and `run_in_progress` while a process of an earlier version has the store open.
    static func migrate(_ pool: DatabasePool, in storage: URL) throws {
        try requireKnown(pool)
        guard try !pool.read(migrator.hasCompletedMigrations) else { return }
        // Which migrations are missing is read before the write lock is taken, so two processes that open an older store
        // at once could both run the same one.
        try alone(with: pool) {
            // Of several that waited here, one of a newer version may have been first.
            try requireKnown(pool)
            let lock = try pool.read(isOlder) ? requireUnused(pool, in: storage) : nil
            try migrator.migrate(pool)
            withExtendedLifetime(lock) {}
        }
    }

    /// Shares the lock that keeps newer versions from migrating the store, and makes sure that none has done so since
    /// `migrate`.
    ///
    /// Throws `schema_too_new` and `storage_failed`.
    static func keep(_ pool: DatabasePool) throws -> OpenLock {
        let lock = try OpenLock.shared(on: pool.path)
        try requireKnown(pool)
        return lock
    }

    /// Makes sure that the tables stay as they were when the store was opened, for as long as the caller holds a lock
    /// that `migrate` respects.
    ///
    /// A migration that began before the lock was taken has not seen it, and is waited for on this thread. Throws
    /// `schema_too_new` when a newer version of Tidelock has migrated the store.
    static func requireUnchanged(_ pool: DatabasePool) throws {
        try alone(with: pool) { try requireKnown(pool) }
    }

    /// Carries out `body` while nobody migrates the store.
    static func alone(with pool: DatabasePool, _ body: () throws -> Void) throws {
        try LockFile.alone(at: pool.path + ".migrate", body)
    }

    private static func requireKnown(_ pool: DatabasePool) throws {
        guard try !pool.read(migrator.hasBeenSuperseded) else {
            throw TidelockError(
                .schemaTooNew, "The store was written by a newer version of Tidelock.",
                hint: "Use that version, or restore an older backup.")
        }
    }

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for version in versions {
            migrator.registerMigration(version.name) { db in
                try db.execute(sql: String(decoding: version.sql, as: UTF8.self))
            }
        }
        return migrator
    }

    /// Whether an earlier version made the store. One that another process has migrated meanwhile is not older any more.
    private static func isOlder(_ db: Database) throws -> Bool {
        let applied = try migrator.appliedIdentifiers(db)
        return !applied.isEmpty && versions.contains { !applied.contains($0.name) }
    }

    /// A process that works on an older store goes by the rules of then, and could free what rows need by those of now.
    /// One that takes its lock later finds out that the store was migrated: see `keep` and `requireUnchanged`.
    private static func requireUnused(_ pool: DatabasePool, in storage: URL) throws -> OpenLock {
        let failed = "The store in \(storage.path) cannot be brought to the form of this version"
        guard try !ServingLock.isHeld(in: storage) else {
            throw TidelockError(
                .runInProgress, "\(failed): a server of an earlier version runs on it.",
                hint: "Stop that 'tidelock serve', and run again.")
        }
        if let holder = try SyncLock.holder(in: storage) {
            throw TidelockError(
                .runInProgress,
                "\(failed): process \(holder.pid) on \(holder.host.printable), of an earlier version, is at work on run \(holder.run.printable).",
                hint: "Wait until it has ended, or end that process, and run again.",
                details: ["pid": String(holder.pid), "run": holder.run])
        }
        guard let lock = try OpenLock.alone(on: pool.path) else {
            throw TidelockError(
                .runInProgress, "\(failed): a command of an earlier version works with it.",
                hint: "Wait until it has ended, or end it, and run again. 'lsof \(pool.path)' names its process.")
        }
        return lock
    }
}
