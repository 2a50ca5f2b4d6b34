public import ContentModel
internal import GRDB
public import SyncEngine

extension Store {
    /// Those of some items that handlers kept from an instance when they were asked last.
    public func heldBack(_ items: [ItemKey], from instance: String) async throws -> [ItemKey] {
        try await read { db in
            guard let pid = try Numbers.knownPeer(db, instance) else { return [] }
            return try items.filter { item in
                guard let kid = try Numbers.knownKind(db, item.kind) else { return false }
                let place = Place(kid: kid, bucket: Bucket(kind: item.kind, id: item.id), id: item.id)
                let state = try db.cachedStatement(
                    sql: "SELECT state FROM shadow WHERE pid = ? AND kid = ? AND bucket = ? AND id = ?"
                ).fetchInteger(StatementArguments([pid] + place.arguments))
                return [ShadowState.dropped, .skipped].contains { Int64($0.rawValue) == state }
            }
        }
    }
}
