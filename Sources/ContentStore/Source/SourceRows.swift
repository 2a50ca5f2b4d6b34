internal import ContentModel
internal import GRDB
public import SyncEngine
public import SyncProtocol

extension Store {
    public func plannedRows(transfer: String, _ request: ListPlanned) async throws -> PlannedPage {
        try await read { db in
            let isReady = try Bool.fetchOne(
                db.cachedStatement(sql: "SELECT phase IN ('ready', 'looked') FROM plan WHERE transfer = ?"),
                arguments: [transfer])
            guard isReady == true else { throw TidelockError.noPlan(of: transfer) }
            let after = try request.after.map { position in
                (kid: try Numbers.knownKind(db, Kind(position.kind)), bucket: Int64(position.bucket), id: position.id)
            }
            let rows = try Row.fetchAll(
                db, sql: Self.plannedSQL,
                arguments: [
                    "transfer": transfer, "kid": after?.kid ?? -1, "bucket": after?.bucket ?? -1,
                    "id": after?.id ?? "", "limit": request.limit,
                ])
            let scope = try PlanTables.scope(db, transfer: transfer)
            let planned = try rows.map { try PlannedRow($0, of: scope) }
            guard rows.count == request.limit, let last = rows.last else {
                return PlannedPage(rows: planned, next: nil)
            }
            return PlannedPage(
                rows: planned, next: PlanPosition(kind: last[0], bucket: UInt16(last[7] as Int), id: last[1]))
        }
    }

    /// What is let go and has been deleted there already changes no item.
    static let plannedSQL = """
        SELECT kind.name, p.id, p.action, p.src_hash, p.out_hash, coalesce(s.state, 0), s.out_hash, p.bucket,
            coalesce(s.id IS NULL AND h.origin = plan.pid, 0),
            coalesce(p.action = \(PlannedOperation.Action.delete.rawValue) AND p.src_hash IS NULL
                AND h.deleted = 0 AND NOT (h.origin = plan.pid AND h.edited = 0), 0),
            coalesce(s.state = \(ShadowState.answered.rawValue), 0) AND NOT \(UnmergedRows.condition(towards: "plan.pid")),
            coalesce(s.state = \(ShadowState.deletedThere.rawValue), 0)
        FROM plan
        JOIN plan_op p ON p.transfer = plan.transfer
        JOIN kind USING (kid)
        LEFT JOIN shadow s ON s.pid = plan.pid AND s.kid = p.kid AND s.bucket = p.bucket AND s.id = p.id
        LEFT JOIN head h ON h.kid = p.kid AND h.bucket = p.bucket AND h.id = p.id
        WHERE plan.transfer = :transfer AND (p.kid, p.bucket, p.id) > (:kid, :bucket, :id)
            AND NOT (s.state IS \(ShadowState.deletedThere.rawValue) AND p.action IN (
                \(PlannedOperation.Action.delete.rawValue), \(PlannedOperation.Action.release.rawValue)))
        ORDER BY p.kid, p.bucket, p.id
        LIMIT :limit
        """

    public func standingRows(_ items: [ItemKey], toward peer: String) async throws -> [ItemKey: StandingRow] {
        try await read { db in
            let pid = try Numbers.knownPeer(db, peer) ?? -1
            var standing: [ItemKey: StandingRow] = [:]
            for item in items {
                let kid = try Numbers.knownKind(db, item.kind) ?? -1
                let place = Place(kid: kid, bucket: Bucket(kind: item.kind, id: item.id), id: item.id)
                let row = try ShadowRow.fetch(db, place, at: pid)
                standing[item] = StandingRow(state: row?.state ?? .none, output: row?.output)
            }
            return standing
        }
    }
}

extension PlannedRow {
    /// Beside a filter, an item that is here although it is deleted there was left out; without one it was made since.
    fileprivate init(_ row: Row, of scope: Scope?) throws {
        guard let operation = PlannedOperation.Action(rawValue: row[2])?.written else {
            throw TidelockError(.damagedStore, "A plan holds a row that does nothing.", hint: "Restore a backup.")
        }
        self.init(
            kind: row[0], id: row[1], operation: operation, source: row.hash(3)?.hex, output: row.hash(4)?.hex,
            destination: StandingRow(state: ShadowState(rawValue: row[5]) ?? .none, output: row.hash(6)),
            cameFromThere: row[8] ? true : nil,
            isLeftOut: try row[9] && scope?.deletesLeftOut(Kind(row[0] as String)) == true ? true : nil)
        followsEdit = (operation == .put && row[10]) ? true : nil
        isDeletedThere = row[11] ? true : nil
    }
}

extension StandingRow {
    fileprivate init(state: ShadowState, output: ContentHash?) {
        switch state {
        case .acked: self.init(holder: .source, base: output?.hex)
        case .resend, .answered, .deletedThere: self.init(holder: .edited, base: output?.hex)
        case .foreign, .takenOver, .reverted: self.init(holder: .other, base: nil)
        case .none, .dropped, .skipped, .forgotten, .missing: self.init(holder: .nobody, base: nil)
        }
    }
}
