internal import ContentModel
internal import GRDB

/// Makes sure that by what arrives no asset gets its file where another asset has one: of two files at one path, a web
/// server would show one for both.
struct PathCheck {
    let db: Database
    /// The transfer, or the run, under which undo has what changes.
    let changes: String

    /// An asset that would lie where another does.
    private struct Shared {
        var id: String
        var path: String
        var other: String

        var words: String { "assets/\(id.printable) at \(path.printable), where assets/\(other.printable) is" }
    }

    /// Called when the heads have moved, so that paths may change hands within a run. Throws `path_taken` with the
    /// assets, and nothing is changed.
    func run() throws {
        guard let kid = try Numbers.knownKind(db, .assets), try changesAssets(kid) else { return }
        while let page = try AssetPaths.next(db) { try page.store(db) }
        var (shared, count) = ([Shared](), 0)
        let rows = try Row.fetchCursor(db, sql: Self.sharedSQL, arguments: [changes, kid])
        while let row = try rows.next() {
            let (old, asset) = (row.bytes(3), Shared(id: row[0], path: row[1], other: row[2]))
            // What shared a path before is nothing that has arrived.
            guard old.flatMap({ JSONDocument(trusted: $0).string("path") }) != asset.path else { continue }
            count += 1
            if shared.count < Self.named { shared.append(asset) }
        }
        guard count == 0 else { throw refusal(shared, count) }
    }

    /// Assets that a refusal names.
    private static let named = 10

    private static let sharedSQL = """
        SELECT u.id, mine.path, min(other.id), old.bytes
        FROM undo u
        CROSS JOIN asset_path mine ON mine.id = u.id
        CROSS JOIN asset_path other ON other.path = mine.path AND other.id <> mine.id
        LEFT JOIN body old ON u.old_deleted = 0 AND old.rid = u.old_rid
        WHERE u.run = ? AND u.kid = ? AND u.verdict IN (\(Verdict.list(Verdict.applied)))
        GROUP BY u.bucket, u.id
        ORDER BY u.bucket, u.id
        """

    private func changesAssets(_ kid: Int64) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT EXISTS (
                        SELECT 1 FROM undo WHERE run = ? AND kid = ? AND verdict IN (\(Verdict.list(Verdict.applied))))
                    """),
            arguments: [changes, kid]) == true
    }

    private func refusal(_ shared: [Shared], _ count: Int) -> TidelockError {
        let more = count > shared.count ? "; and \(count - shared.count) more" : ""
        return TidelockError(
            .pathTaken,
            "Files of two assets would lie at one path: \(shared.map(\.words).joined(separator: "; "))\(more); nothing was changed.",
            hint: "Give one of them another path, or delete one of them first.",
            details: ["assets": String(count)])
    }
}
