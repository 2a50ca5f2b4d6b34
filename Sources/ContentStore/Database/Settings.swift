internal import ContentModel
internal import GRDB
internal import SyncEngine

/// Facts about the instance, and its two counters.
enum Settings {
    static func text(_ db: Database, _ key: String) throws -> String? {
        try String.fetchOne(db.cachedStatement(sql: "SELECT value FROM setting WHERE key = ?"), arguments: [key])
    }

    static func set(_ db: Database, _ key: String, _ value: String) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)").execute(arguments: [
            key, value,
        ])
    }

    static func identity(_ db: Database, name: String, random: any RandomSource) throws -> InstanceIdentity {
        if try text(db, "epoch") == nil { try set(db, "epoch", random.bytes(8).hex) }
        if try text(db, "instance") == nil { try set(db, "instance", random.bytes(16).hex) }
        guard let id = try text(db, "instance") else {
            throw TidelockError(.damagedStore, "The store does not say which instance it belongs to.")
        }
        return InstanceIdentity(id: id, name: name)
    }

    /// Makes this store another instance: nothing that was agreed with peers under the old id counts any more.
    static func renewIdentity(_ db: Database, random: any RandomSource, auditor: Auditor) throws -> String {
        let id = random.bytes(16).hex
        try auditor.note(db, .newIdentity, target: id, note: try text(db, "instance").map { "was \($0)" })
        try set(db, "instance", id)
        try set(db, "epoch", random.bytes(8).hex)
        try db.cachedStatement(sql: "DELETE FROM checkpoint").execute()
        try NewestTransfer.forgetAll(db)
        // What the original has under way is its to finish, and what observers wait for is its to tell.
        for table in ["plan_op", "plan_batch", "plan_blob", "plan", "lease", "delivery", "outbox"] {
            try db.cachedStatement(sql: "DELETE FROM \(table)").execute()
        }
        try db.cachedStatement(sql: "UPDATE run SET phase = 'interrupted' WHERE phase IN ('running', 'unsettled')")
            .execute()
        try TransferTable.abandonAll(db)
        return id
    }

    static func epoch(_ db: Database) throws -> String {
        guard let epoch = try text(db, "epoch") else {
            throw TidelockError(.damagedStore, "The store has no epoch.")
        }
        return epoch
    }

    static func sequence(_ db: Database) throws -> Int64 {
        try text(db, "sequence").flatMap { Int64($0) } ?? 0
    }

    /// The next sequence number. There is one writer at a time, so numbers are handed out in commit order.
    static func nextSequence(_ db: Database) throws -> Int64 {
        try increment(db, "sequence")
    }

    static func nextFence(_ db: Database) throws -> Int64 {
        try increment(db, "fence")
    }

    private static func increment(_ db: Database, _ key: String) throws -> Int64 {
        let next = (try text(db, key).flatMap { Int64($0) } ?? 0) + 1
        try set(db, key, String(next))
        return next
    }
}
