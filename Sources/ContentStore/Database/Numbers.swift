internal import ContentModel
internal import GRDB

/// Kinds and peers as the short numbers that rows hold.
enum Numbers {
    static func kind(_ db: Database, _ kind: Kind) throws -> Int64 {
        if let known = try knownKind(db, kind) { return known }
        try db.cachedStatement(sql: "INSERT INTO kind (name) VALUES (?)").execute(arguments: [kind.name])
        return db.lastInsertedRowID
    }

    static func knownKind(_ db: Database, _ kind: Kind) throws -> Int64? {
        try db.cachedStatement(sql: "SELECT kid FROM kind WHERE name = ?").fetchInteger([kind.name])
    }

    /// The kind whose number a row holds.
    static func kind(_ db: Database, numbered kid: Int64) throws -> Kind {
        let statement = try db.cachedStatement(sql: "SELECT name FROM kind WHERE kid = ?")
        guard let name = try String.fetchOne(statement, arguments: [kid]) else {
            throw TidelockError(.damagedStore, "The kind \(kid) of an item is missing.", hint: "Restore a backup.")
        }
        return try Kind(name)
    }

    static func kinds(_ db: Database) throws -> [Int64: Kind] {
        var kinds: [Int64: Kind] = [:]
        for row in try Row.fetchAll(db.cachedStatement(sql: "SELECT kid, name FROM kind")) {
            kinds[row[0]] = try Kind(row[1] as String)
        }
        return kinds
    }

    static func peer(_ db: Database, _ instance: InstanceIdentity) throws -> Int64 {
        try db.cachedStatement(
            sql: """
                INSERT INTO peer (instance, name) VALUES (?, ?)
                ON CONFLICT (instance) DO UPDATE SET name = excluded.name WHERE excluded.name <> ''
                """
        ).execute(arguments: [instance.id, instance.name])
        return try knownPeer(db, instance.id)!  // inserted above
    }

    static func knownPeer(_ db: Database, _ instance: String) throws -> Int64? {
        try db.cachedStatement(sql: "SELECT pid FROM peer WHERE instance = ?").fetchInteger([instance])
    }

    static func identity(_ db: Database, ofPeer pid: Int64) throws -> InstanceIdentity? {
        try Row.fetchOne(db.cachedStatement(sql: "SELECT instance, name FROM peer WHERE pid = ?"), arguments: [pid])
            .map { InstanceIdentity(id: $0[0], name: $0[1]) }
    }
}

/// The numbers of kinds, each of which is looked up once.
struct KindNumbers {
    private let db: Database
    private var known: [Kind: Int64] = [:]

    init(_ db: Database) { self.db = db }

    mutating func number(of kind: Kind) throws -> Int64 {
        if let known = known[kind] { return known }
        let kid = try Numbers.kind(db, kind)
        known[kind] = kid
        return kid
    }
}

extension Statement {
    func fetchInteger(_ arguments: StatementArguments) throws -> Int64? {
        try Int64.fetchOne(self, arguments: arguments)
    }
}
