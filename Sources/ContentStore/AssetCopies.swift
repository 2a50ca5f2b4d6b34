internal import ContentModel
internal import Foundation
internal import GRDB
internal import SyncEngine

/// Finds the items that carry copies of assets.
enum AssetCopies {
    /// An item that may carry one.
    struct Holder {
        var kind: Kind
        var place: Place
    }

    /// Ids that one pass over the bodies looks for; each costs a little time, each pass all of it.
    private static let idsOfAPass = 20

    /// Live items of content and pages whose bodies mention one of the assets.
    ///
    /// Reads every body: assets change seldom, and what would spare the search had to be kept with every write.
    static func holders(_ db: Database, of ids: [String]) throws -> [Holder] {
        let kinds = try Numbers.kinds(db).filter { $0.value.isContent || $0.value == .pages }
        guard !kinds.isEmpty else { return [] }
        var found: [Holder] = []
        var known: Set<ItemKey> = []
        for start in stride(from: 0, to: ids.count, by: idsOfAPass) {
            let needles = Set(ids[start..<min(start + idsOfAPass, ids.count)].map(needle))
            for row in try rows(db, kinds: kinds.keys.sorted(), needles: needles.sorted()) {
                let id: String = row[1]
                guard let kind = kinds[row[0]], known.insert(ItemKey(kind, id)).inserted else { continue }
                found.append(
                    Holder(kind: kind, place: Place(kid: row[0], bucket: Bucket(kind: kind, id: id), id: id)))
            }
        }
        return found
    }

    private static func rows(_ db: Database, kinds: [Int64], needles: [String]) throws -> [Row] {
        let mentions = needles.map { _ in "instr(body.bytes, ?) > 0" }.joined(separator: " OR ")
        return try Row.fetchAll(
            db,
            sql: """
                SELECT kid, id
                FROM head JOIN body USING (rid)
                WHERE kid IN (\(kinds.map { String($0) }.joined(separator: ", "))) AND deleted = 0 AND (\(mentions))
                ORDER BY kid, bucket, id
                """,
            arguments: StatementArguments(needles.map { Data($0.utf8) }))
    }

    /// What a body with a copy holds. An id that could be spelled in several ways is found by what each copy has.
    private static func needle(_ id: String) -> String {
        let isPlain = id.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        return isPlain ? "\"\(id)\"" : "\"_id\""
    }
}
