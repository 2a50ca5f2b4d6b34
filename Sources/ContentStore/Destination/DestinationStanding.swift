internal import ContentModel
internal import GRDB
public import SyncEngine
public import SyncProtocol

extension Store {
    public func standingRows(_ items: [ItemKey], from source: String) async throws -> [ItemKey: StandingRow] {
        try await read { db in
            let pid = try Numbers.knownPeer(db, source) ?? -1
            var standing: [ItemKey: StandingRow] = [:]
            for item in items { standing[item] = try StandingRow.fetch(db, item, from: pid) }
            return standing
        }
    }
}

extension Commit {
    /// What was planned for a row that has moved since is not done, and the rest would be another plan.
    func requireStandingRows() throws {
        for (item, standing) in preparation.rows {
            guard try StandingRow.fetch(db, item, from: pid) != standing else { continue }
            throw TidelockError(
                .movedMeanwhile,
                "Item \(item.kind)/\(item.id.printable) was changed here while the plan was carried out; nothing was applied.",
                hint: "Apply the plan again: the row will be left out and named.")
        }
    }
}

extension StandingRow {
    /// What is here of a row, as the source numbered `pid` left it or otherwise.
    fileprivate static func fetch(_ db: Database, _ item: ItemKey, from pid: Int64) throws -> StandingRow {
        let nothing = StandingRow(holder: .nobody, base: nil)
        guard let kid = try Numbers.knownKind(db, item.kind) else { return nothing }
        let place = Place(kid: kid, bucket: Bucket(kind: item.kind, id: item.id), id: item.id)
        guard let head = try Head.fetch(db, place) else { return nothing }
        let content = head.isLive ? head.hash?.hex : nil
        switch (head.origin == pid, head.isEdited, head.isLive) {
        case (true, true, _): return StandingRow(holder: .edited, base: head.base?.hex, content: content)
        case (true, false, true): return StandingRow(holder: .source, base: head.base?.hex, content: content)
        case (false, _, true): return StandingRow(holder: .other, base: nil, content: content)
        case (_, _, false): return nothing
        }
    }
}
