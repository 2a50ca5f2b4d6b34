internal import GRDB
internal import SyncEngine
internal import SyncProtocol

/// What a committed transfer staged. Its bodies belong to items and to undo since; only the rows are left, and freeing
/// those of a large run takes long, which need not happen while nobody else can write.
enum CommittedStage {
    /// Rows that are freed by the commit itself: for so few a transaction of their own costs more.
    static let most = 2_000
    /// Rows that a step of freeing takes.
    private static let page = 1_000

    /// True of staged rows whose bodies are theirs.
    static let ownsBodies = "transfer NOT IN (SELECT id FROM transfer WHERE phase = 'committed')"

    static func isCommitted(_ db: Database, _ transfer: String) throws -> Bool {
        try TransferTable.fetch(db, transfer)?.phase == .committed
    }

    /// Transfers whose stage the commit of this one left to be freed: its own, and those it took nothing more over from.
    fileprivate static func left(_ db: Database, by transfer: String) throws -> [String] {
        guard try isCommitted(db, transfer) else { return [] }
        let isLeft = try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM stage WHERE transfer = ?)"), arguments: [transfer])
        return try (isLeft == true ? [transfer] : []) + StagedBatches.outdated(db, besides: transfer)
    }

    /// Frees some rows and no body. Answers how many.
    fileprivate static func dropRows(_ db: Database, of transfer: String) throws -> Int {
        try db.cachedStatement(
            sql: """
                DELETE FROM stage WHERE transfer = ?1 AND (kid, bucket, id) IN (
                    SELECT kid, bucket, id FROM stage WHERE transfer = ?1 ORDER BY kid, bucket, id LIMIT \(page))
                """
        ).execute(arguments: [transfer])
        return db.changesCount
    }
}

extension GarbageCollection {
    /// Answers how many rows there were.
    func stage(ofCommitted transfer: String) async throws -> Int {
        try await repeatedly(slice: Self.shortSlice) { db in try CommittedStage.dropRows(db, of: transfer) }
    }
}

extension Store {
    public func freeStage(ofCommitted transfer: String) async throws {
        let staged = try await read { db in try CommittedStage.left(db, by: transfer) }
        let collection = GarbageCollection(store: self, now: clock.seconds, isDryRun: false)
        for transfer in staged { _ = try await collection.stage(of: transfer, slice: GarbageCollection.shortSlice) }
    }
}
