public import ContentModel
internal import GRDB
public import SyncEngine

/// A target as it is stored: the key itself, or the name of the environment variable that holds it.
public struct TargetRecord: Sendable, Equatable {
    public enum Key: Sendable, Equatable {
        case stored(SyncKey)
        case variable(String)
    }

    public var name: String
    public var uri: String
    public var key: Key
    public var allowsPush: Bool
    public var allowsPull: Bool

    public init(name: String, uri: String, key: Key, allowsPush: Bool, allowsPull: Bool) {
        self.name = name
        self.uri = uri
        self.key = key
        self.allowsPush = allowsPush
        self.allowsPull = allowsPull
    }
}

extension Store {
    public func targets() async throws -> [TargetRecord] {
        try await read { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: "SELECT name, uri, key, key_variable, push, pull FROM target ORDER BY position, name")
            ).map { row in
                let key: TargetRecord.Key =
                    if let variable = row[3] as String? { .variable(variable) } else { .stored(try SyncKey(row[2])) }
                return TargetRecord(name: row[0], uri: row[1], key: key, allowsPush: row[4], allowsPull: row[5])
            }
        }
    }

    /// Adds a target, or replaces the one of that name.
    public func saveTarget(_ target: TargetRecord) async throws {
        let auditor = auditor
        try await write { db in
            try auditor.note(db, .targetAdd, target: target.name, note: target.uri)
            let key: (stored: String?, variable: String?) =
                switch target.key {
                case .stored(let key): (key.secret, nil)
                case .variable(let name): (nil, name)
                }
            try db.cachedStatement(
                sql: """
                    INSERT INTO target (name, position, uri, key, key_variable, push, pull)
                    VALUES (?, (SELECT coalesce(max(position), 0) + 1 FROM target), ?, ?, ?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET
                        uri = excluded.uri, key = excluded.key, key_variable = excluded.key_variable,
                        push = excluded.push, pull = excluded.pull
                    """
            ).execute(arguments: [
                target.name, target.uri, key.stored, key.variable, target.allowsPush, target.allowsPull,
            ])
        }
    }

    public func removeTarget(name: String) async throws {
        let auditor = auditor
        try await write { db in
            try auditor.note(db, .targetRemove, target: name)
            try db.cachedStatement(sql: "DELETE FROM target WHERE name = ?").execute(arguments: [name])
            guard db.changesCount == 1 else {
                throw TidelockError(
                    .unknownTarget, "There is no target '\(name.printable)'.",
                    hint: "'tidelock targets list' lists them.")
            }
        }
    }

    /// Remembers which instance answers at a target, so that the next run can say at once what it holds of it.
    public func note(instance: String, answering target: String, at uri: String) async throws {
        try await write { db in
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO answered (target, uri, instance) VALUES (?, ?, ?)")
                .execute(arguments: [target, uri, instance])
        }
    }

    /// The instance that answered last at a target's present address.
    public func instance(answering target: String, at uri: String) async throws -> String? {
        try await read { db in
            try String.fetchOne(
                db.cachedStatement(sql: "SELECT instance FROM answered WHERE target = ? AND uri = ?"),
                arguments: [target, uri])
        }
    }
}

extension Store: SourceStore, DestinationStore {}
