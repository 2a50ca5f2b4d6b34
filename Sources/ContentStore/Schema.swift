internal import ContentModel
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
    ]

    static func migrate(_ pool: DatabasePool) throws {
        var migrator = DatabaseMigrator()
        for version in versions {
            migrator.registerMigration(version.name) { db in
                try db.execute(sql: String(decoding: version.sql, as: UTF8.self))
            }
        }
        if try pool.read(migrator.hasBeenSuperseded) {
            throw TidelockError(
                .schemaTooNew, "The store was written by a newer version of Tidelock.",
                hint: "Use that version, or restore an older backup.")
        }
        guard try !pool.read(migrator.hasCompletedMigrations) else { return }
        // Which migrations are missing is read before the write lock is taken, so two processes that open an older store
        // at once could both run the same one.
        try LockFile.alone(at: pool.path + ".migrate") { try migrator.migrate(pool) }
    }
}
