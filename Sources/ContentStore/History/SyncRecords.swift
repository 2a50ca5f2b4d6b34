internal import ContentModel
internal import GRDB
internal import SyncEngine
internal import SyncProtocol

/// What the collection `sync/log` keeps of a run, for scripts: one document a run.
public struct SyncRecord: Sendable {
    public var run: String
    /// push, pull or receive.
    public var direction: String
    /// Where a run of ours went.
    public var target: (name: String, uri: String)?
    /// Who wrote here.
    public var origin: (id: String, name: String)?
    /// committed, unchanged, failed, unsettled or interrupted.
    public var status: String
    public var created = 0
    public var updated = 0
    public var deleted = 0
    public var unchanged = 0
    public var conflicts = 0
    public var milliseconds = 0
    public var error: (code: String, message: String)?

    public init(run: String, direction: String, status: String) {
        self.run = run
        self.direction = direction
        self.status = status
    }
}

extension Store {
    /// Keeps the record of a run, instead of an earlier one of the same run.
    public func keep(_ record: SyncRecord) async throws {
        let now = clock.seconds
        try await write { db in try SyncRecords.keep(db, record, now: now) }
    }
}

enum SyncRecords {
    static let collection = "sync/log"
    /// Records above this number push out the oldest: a run a minute must not fill the disk.
    private static let kept = 1_000

    static func keep(_ db: Database, _ record: SyncRecord, now: Int64) throws {
        let moment = try String.fetchOne(
            db.cachedStatement(sql: "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', ?, 'unixepoch')"), arguments: [now])
        let document = document(record, timestamp: now, moment ?? "")
        try Documents.save(db, document, id: record.run, in: collection)
        try db.cachedStatement(
            sql: """
                DELETE FROM document
                WHERE collection = ?1 AND ordinal <= (SELECT max(ordinal) FROM document WHERE collection = ?1) - ?2
                """
        ).execute(arguments: [collection, kept])
    }

    /// The record of a transfer that another instance committed here.
    static func keepReceived(
        _ db: Database, transfer: String, pid: Int64, result: CommitResult, now: Int64
    ) throws {
        var record = SyncRecord(run: transfer, direction: "receive", status: "committed")
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT instance, name, opened FROM peer, transfer WHERE peer.pid = ? AND transfer.id = ?"),
            arguments: [pid, transfer])
        if let row {
            record.origin = (id: row[0], name: row[1])
            record.milliseconds = Int(now - (row[2] as Int64)) * 1_000
        }
        (record.created, record.updated, record.deleted) = (result.created, result.updated, result.deleted)
        (record.unchanged, record.conflicts) = (result.adopted, result.conflictCount)
        try keep(db, record, now: now)
    }

    private static func document(_ record: SyncRecord, timestamp: Int64, _ moment: String) -> JSONDocument {
        var fields: [(String, JSONDocument)] = [
            ("_id", JSONDocument(string: record.run)), ("timestamp", JSONDocument(integer: timestamp)),
            ("datetime", JSONDocument(string: moment)), ("run", JSONDocument(string: record.run)),
            ("direction", JSONDocument(string: record.direction)),
        ]
        if let target = record.target {
            fields.append(("target", .texts([("name", target.name), ("uri", target.uri)])))
        }
        if let origin = record.origin {
            fields.append(("origin", .texts([("id", origin.id), ("name", origin.name)])))
        }
        fields.append(("status", JSONDocument(string: record.status)))
        let counts: [(String, Int)] = [
            ("created", record.created), ("updated", record.updated), ("deleted", record.deleted),
            ("unchanged", record.unchanged), ("conflicts", record.conflicts), ("milliseconds", record.milliseconds),
        ]
        fields += counts.map { ($0.0, JSONDocument(integer: $0.1)) }
        if let error = record.error {
            fields.append(("error", .texts([("code", error.code), ("message", error.message)])))
        }
        return .object(fields)
    }
}

extension JSONDocument {
    fileprivate static func texts(_ fields: [(String, String)]) -> JSONDocument {
        .object(fields.map { ($0.0, JSONDocument(string: $0.1)) })
    }
}
