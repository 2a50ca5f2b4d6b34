internal import ContentModel
internal import GRDB
public import SyncEngine

extension Store: SearchIndex {
    /// Rows are replaced one by one, so searching goes on meanwhile.
    public func rebuildIndex(model: String?) async throws -> Int {
        let kinds = try await indexable(model)
        try await write { db in
            for kid in kinds.all { try SearchProgress.move(db, kid, to: SearchPlace()) }
        }
        for kid in kinds.all { try await index(kid) }
        return try await read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*)
                    FROM (SELECT DISTINCT kid, bucket, id FROM search_row WHERE \(kinds.condition))
                    """) ?? 0
        }
    }

    /// What was committed before the call is found; a kind that was never indexed is indexed first.
    public func search(_ query: SearchQuery) async throws -> SearchResult {
        let words = SearchWords(query.words)
        let kinds = try await indexable(query.model)
        guard !words.phrases.isEmpty, !kinds.all.isEmpty else { return SearchResult(total: 0, hits: []) }
        for kid in kinds.all { try await index(kid) }
        return try await read { db in
            let statement = HitStatement(words, kinds, fields: query.fields)
            let total = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM (\(statement.sql))", arguments: statement.arguments)
            let rows = try Row.fetchAll(
                db, sql: "\(statement.sql) ORDER BY score, kid, id LIMIT ? OFFSET ?",
                arguments: statement.arguments + [query.limit, query.offset])
            return SearchResult(
                total: total ?? 0,
                hits: rows.map { row in
                    let kind = kinds.models[row[0]]
                    return SearchResult.Hit(model: kind ?? row[1], id: row[1], score: -(row[2] as Double))
                })
        }
    }

    /// The kinds a search looks at: those of content, and the singletons, each of which is a model of its own.
    private func indexable(_ model: String?) async throws -> SearchedKinds {
        try await read { db in
            var searched = SearchedKinds(model: model)
            for (kid, kind) in try Numbers.kinds(db) {
                if kind == .singletons { searched.singletons = kid }
                if let name = kind.model, model == nil || model == name { searched.models[kid] = name }
            }
            return searched
        }
    }
}

/// Where to look.
private struct SearchedKinds: Sendable {
    var model: String?
    /// Models by the number of their kind.
    var models: [Int64: String] = [:]
    var singletons: Int64?

    var all: [Int64] { models.keys.sorted() + [singletons].compactMap(\.self) }

    /// Over the columns `kid` and `id`; holds only numbers, and for one singleton its name as a blob literal.
    var condition: String {
        let content = "kid IN (\(models.keys.sorted().map { String($0) }.joined(separator: ", ")))"
        guard let singletons else { return content }
        guard let model else { return "(\(content) OR kid = \(singletons))" }
        return "(\(content) OR (kid = \(singletons) AND id = CAST(x'\(Array(model.utf8).hex)' AS TEXT)))"
    }
}

/// Live items in which every word occurs, with the sum of the words' ranks; a lower one is better.
private struct HitStatement {
    let sql: String
    let arguments: StatementArguments

    init(_ words: SearchWords, _ kinds: SearchedKinds, fields: [String]?) {
        var arguments: [any DatabaseValueConvertible] = []
        let places = fields.map { "AND field IN (\(databaseQuestionMarks(count: $0.count)))" } ?? ""
        let occurrences = words.phrases.map { phrase in
            arguments.append(phrase)
            arguments += fields ?? []
            return """
                SELECT kid, bucket, id, min(search_text.rank) AS score
                FROM search_text JOIN search_row ON sid = search_text.rowid
                WHERE search_text MATCH ? AND \(kinds.condition) \(places)
                GROUP BY kid, bucket, id
                """
        }
        sql = """
            SELECT kid, id, sum(score) AS score
            FROM (\(occurrences.joined(separator: "\nUNION ALL\n"))) hit
            WHERE EXISTS (
                SELECT 1 FROM head
                WHERE head.kid = hit.kid AND head.bucket = hit.bucket AND head.id = hit.id AND deleted = 0)
            GROUP BY kid, bucket, id
            HAVING count(*) = \(words.phrases.count)
            """
        self.arguments = StatementArguments(arguments)
    }
}
