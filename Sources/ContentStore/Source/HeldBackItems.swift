internal import ContentModel
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
                return try ShadowRow.fetch(db, place, at: pid)?.state.isHeldBack == true
            }
        }
    }
}
