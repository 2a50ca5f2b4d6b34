internal import ContentModel
internal import GRDB
internal import SyncEngine
internal import SyncProtocol

// MARK: Definitions that break items

extension Commit {
    /// Stops a run that was asked not to break anything.
    ///
    /// What a report says may be a moment old: it was found out before the lock was taken, and looking at every item again
    /// would hold the lock for as long. A refusal has to be right for the very rows that are committed, so it counts only
    /// while none of the kinds it was found out from has moved.
    func requireFittingSchema() throws {
        guard request.confirmations.refusesSchemaChanges == true else { return }
        for kind in Set(preparation.schema.kinds) { try requireUnmoved(kind) }
        if let refusal = preparation.schema.changes?.refusal { throw refusal }
    }

    private func requireUnmoved(_ kind: Kind) throws {
        guard let kid = try Numbers.knownKind(db, kind) else { return }
        let hasMoved = try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM head WHERE kid = ? AND seq > ?)"),
            arguments: [kid, preparation.schema.sequence])
        guard hasMoved == true else { return }
        throw TidelockError(
            .movedMeanwhile,
            "Items of \(kind) were changed here while it was looked at what the definitions of the run would break.",
            hint: "Run again.")
    }
}
