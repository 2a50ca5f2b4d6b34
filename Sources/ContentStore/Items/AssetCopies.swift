internal import ContentModel
internal import Foundation
internal import GRDB
internal import SyncEngine

/// The items that carry copies of some assets.
///
/// Finding them reads every body: assets change seldom, and what would spare the search had to be kept with every
/// write. So they are looked for before anything is written, while others may write, and whoever writes then reads what
/// has changed since.
struct AssetCopies {
    /// An item that carries one.
    struct Holder {
        var kind: Kind
        var place: Place
    }

    private let assets: Set<ItemID>
    private let found: [Holder]
    /// Changes up to this number were looked at.
    private let sequence: Int64

    /// Nobody has looked for anything.
    init() {
        assets = []
        found = []
        sequence = 0
    }

    init(_ db: Database, of ids: [ItemID]) throws {
        assets = Set(ids)
        sequence = try Settings.sequence(db)
        found = try Self.search(db, for: ids)
    }

    /// Those that carry copies of the assets now, among them some that did so when they were looked for.
    func holders(_ db: Database, of ids: [ItemID]) throws -> [Holder] {
        let changed = try Self.search(db, for: ids.filter(assets.contains), since: sequence)
        let others = try Self.search(db, for: ids.filter { !assets.contains($0) })
        var known: Set<ItemKey> = []
        return (found + changed + others).filter { known.insert(ItemKey($0.kind, $0.place.id)).inserted }
    }
}

extension AssetCopies {
    /// Ids that one pass over the bodies looks for; each costs a little time, each pass all of it.
    private static let idsOfAPass = 20

    /// Live items of content and pages, of all or of those that changed after a number.
    private static func search(_ db: Database, for ids: [ItemID], since: Int64? = nil) throws -> [Holder] {
        let kinds = try Numbers.kinds(db).filter { $0.value.isContent || $0.value == .pages }
        guard !kinds.isEmpty else { return [] }
        var found: [Holder] = []
        for part in ids.pages(of: idsOfAPass) {
            let needles = Set(part.map(needle)).sorted()
            let rows = try Row.fetchCursor(
                db, sql: sql(kinds: kinds.keys.sorted(), needles: needles.count, since: since),
                arguments: StatementArguments(needles.map { Data($0.utf8) }))
            let gone = Dictionary(part.map { ($0, AssetChange(from: .null, to: nil)) }) { first, _ in first }
            while let row = try rows.next() {
                let body = JSONDocument(trusted: row.bytes(2)!)  // heads that are not deleted have bodies
                guard let kind = kinds[row[0]], body.updatingCopies(of: gone) != nil else { continue }
                let id: String = row[1]
                found.append(Holder(kind: kind, place: Place(kid: row[0], bucket: Bucket(kind: kind, id: id), id: id)))
            }
        }
        return found
    }

    static func sql(kinds: [Int64], needles: Int, since: Int64?) -> String {
        let mentions = Array(repeating: "instr(body.bytes, ?) > 0", count: needles).joined(separator: " OR ")
        return """
            SELECT kid, id, body.bytes
            FROM head \(since == nil ? "" : "INDEXED BY head_by_sequence") JOIN body USING (rid)
            WHERE kid IN (\(kinds.map { String($0) }.joined(separator: ", "))) AND deleted = 0 AND (\(mentions))
                \(since.map { "AND seq > \($0)" } ?? "")
            ORDER BY kid, bucket, id
            """
    }

    /// What a body with a copy holds. An id that could be spelled in several ways is found by what each copy has.
    private static func needle(_ id: ItemID) -> String {
        let isPlain = id.text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        return isPlain ? "\"\(id)\"" : "\"_id\""
    }
}
