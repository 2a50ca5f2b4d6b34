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
        try migrator.migrate(pool)
    }
}
