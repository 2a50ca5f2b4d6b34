public import ContentModel
internal import GRDB

extension Store {
    /// The translations of a kind in the order of their keys, as of one moment; nil when neither its project nor a key
    /// of it is here.
    ///
    /// Throws `too_large` above `most` bytes: an incomplete list that looks complete would be worse than none.
    public func translations(of kind: Kind, most: Int = .max) async throws -> [Translation]? {
        try await read { db in
            let translations = try Translations.read(db, kind, most: most)
            guard translations.isEmpty, let project = kind.project else { return translations }
            return try Translations.hasProject(db, project) ? [] : nil
        }
    }

    /// The names of all projects that are defined here or have a key, sorted.
    public func translationProjects() async throws -> [String] {
        try await read { db in
            try String.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT h.id FROM head h JOIN kind USING (kid) WHERE kind.name = :projects AND h.deleted = 0
                        UNION
                        SELECT substr(name, length(:prefix) + 1) FROM kind
                        WHERE name GLOB :prefix || '*'
                            AND EXISTS (SELECT 1 FROM head WHERE head.kid = kind.kid AND head.deleted = 0)
                        ORDER BY 1
                        """),
                arguments: ["projects": Kind.translationProjects.name, "prefix": Kind.translationPrefix])
        }
    }
}

private enum Translations {
    static func read(_ db: Database, _ kind: Kind, most: Int) throws -> [Translation] {
        guard let kid = try Numbers.knownKind(db, kind) else { return [] }
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT body.bytes FROM head JOIN body USING (rid) WHERE kid = ? AND deleted = 0 ORDER BY id",
            arguments: [kid])
        var translations: [Translation] = []
        var size = 0
        while let row = try rows.next() {
            let item = JSONDocument(trusted: row.bytes(0)!)  // never null
            size += item.bytes.count
            guard size <= most else {
                throw TidelockError(
                    .tooLarge, "The translations of '\(kind.project ?? kind.name)' are more than fit one answer.",
                    hint: "'tidelock lokalize export' writes them all.")
            }
            translations.append(Translation(item))
        }
        return translations
    }

    static func hasProject(_ db: Database, _ name: String) throws -> Bool {
        guard let kid = try Numbers.knownKind(db, .translationProjects) else { return false }
        let place = Place(kid: kid, bucket: Bucket(kind: .translationProjects, id: name), id: name)
        return try Head.fetch(db, place)?.isLive == true
    }
}
