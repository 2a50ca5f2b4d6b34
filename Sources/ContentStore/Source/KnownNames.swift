internal import ContentModel
internal import GRDB
public import SyncEngine

extension Store {
    public func firstUnknown(of names: [SelectedName]) async throws -> SelectedName? {
        try await read { db in
            let traces = Traces(db: db)
            return try names.first { try !traces.has($0) }
        }
    }

    public func modelNames() async throws -> [String] {
        try await read { db in
            let defined = try String.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT head.id FROM head
                        WHERE head.kid = (SELECT kid FROM kind WHERE name = ?) AND head.deleted = 0
                        LIMIT 10000
                        """),
                arguments: [Kind.models.name])
            let filled = try String.fetchAll(
                db.cachedStatement(
                    sql: "SELECT name FROM kind WHERE EXISTS (SELECT 1 FROM head WHERE head.kid = kind.kid)"))
            return Set(try defined + filled.compactMap { try Kind($0).model }).sorted()
        }
    }
}

private struct Traces {
    let db: Database

    func has(_ name: SelectedName) throws -> Bool {
        switch name {
        case .model(let model):
            if try has(.models, model) || has(.singletons, model) { return true }
            return try has(anyOf: Kind.content(model))
        case .project(let project):
            return try has(.translationProjects, project) || has(anyOf: Kind.translations(of: project))
        case .item(let item): return try has(item.kind, item.id)
        }
    }

    private func has(_ kind: Kind, _ id: String) throws -> Bool {
        guard let kid = try Numbers.knownKind(db, kind) else { return false }
        let place = Place(kid: kid, bucket: Bucket(kind: kind, id: id), id: id)
        let statement = try db.cachedStatement(
            sql: """
                SELECT EXISTS (SELECT 1 FROM head WHERE kid = ?1 AND bucket = ?2 AND id = ?3)
                    OR EXISTS (
                        SELECT 1 FROM shadow
                        WHERE pid IN (SELECT pid FROM peer) AND kid = ?1 AND bucket = ?2 AND id = ?3)
                """)
        return try Bool.fetchOne(statement, arguments: StatementArguments(place.arguments)) == true
    }

    private func has(anyOf kind: Kind) throws -> Bool {
        guard let kid = try Numbers.knownKind(db, kind) else { return false }
        let statement = try db.cachedStatement(
            sql: """
                SELECT EXISTS (SELECT 1 FROM head WHERE kid = ?1)
                    OR EXISTS (SELECT 1 FROM shadow WHERE pid IN (SELECT pid FROM peer) AND kid = ?1)
                """)
        return try Bool.fetchOne(statement, arguments: [kid]) == true
    }
}
