internal import ContentModel
internal import GRDB
public import SyncEngine

extension Store {
    public func plannedRows(transfer: String) async throws -> [PlannedRow] {
        try await read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT kind.name, p.id, p.action, p.src_hash, p.out_hash, coalesce(s.state, 0), s.out_hash
                    FROM plan
                    JOIN plan_op p USING (transfer)
                    JOIN kind USING (kid)
                    LEFT JOIN shadow s ON s.pid = plan.pid AND s.kid = p.kid AND s.bucket = p.bucket AND s.id = p.id
                    WHERE plan.transfer = ?
                    ORDER BY p.kid, p.bucket, p.id
                    """,
                arguments: [transfer])
            var planned: [PlannedRow] = []
            while let row = try rows.next() {
                guard let operation = PlannedOperation.Action(rawValue: row[2])?.written else { continue }
                planned.append(
                    PlannedRow(
                        kind: row[0], id: row[1], operation: operation, source: row.hash(3)?.hex,
                        output: row.hash(4)?.hex, destination: StandingRow(state: row[5], output: row.hash(6))))
            }
            return planned
        }
    }

    public func standingRows(_ items: [ItemKey], toward peer: String) async throws -> [ItemKey: StandingRow] {
        try await read { db in
            let pid = try Numbers.knownPeer(db, peer) ?? -1
            let find = try db.cachedStatement(
                sql: "SELECT state, out_hash FROM shadow WHERE pid = ? AND kid = ? AND bucket = ? AND id = ?")
            var standing: [ItemKey: StandingRow] = [:]
            for item in items {
                let kid = try Numbers.knownKind(db, item.kind) ?? -1
                let bucket = Int64(Bucket(kind: item.kind, id: item.id).number)
                let row = try Row.fetchOne(find, arguments: [pid, kid, bucket, item.id])
                standing[item] = StandingRow(state: row?[0] ?? 0, output: row?.hash(1))
            }
            return standing
        }
    }
}

extension StandingRow {
    fileprivate init(state: Int, output: ContentHash?) {
        switch ShadowState(rawValue: state) ?? .none {
        case .acked: self.init(holder: .source, base: output?.hex)
        case .resend: self.init(holder: .edited, base: output?.hex)
        case .foreign, .takenOver, .reverted: self.init(holder: .other, base: nil)
        case .none, .dropped, .skipped: self.init(holder: .nobody, base: nil)
        }
    }
}
