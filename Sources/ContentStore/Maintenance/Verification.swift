internal import ContentModel
internal import GRDB
internal import SyncEngine

/// Something in a store that is not as it must be.
public struct StoreProblem: Sendable, Codable, Hashable {
    /// The item, where the problem is one of an item.
    public var kind: String?
    public var id: String?
    public var what: String
    /// Whether `verify --repair` makes it right again.
    public var isRepairable = false
}

/// What a verification looked at and found.
public struct VerificationReport: Sendable, Codable {
    public var isDeep: Bool
    public var items = 0
    public var tombstones = 0
    public var bodies = 0
    public var digestTrees = 0
    /// Assets whose files were looked for.
    public var files = 0
    /// The first thousand problems, and how many there are.
    public var problems: [StoreProblem] = []
    public var problemCount = 0
    /// Digests that were marked to be computed again.
    public var repaired = 0

    public static let listedProblems = 1_000

    mutating func note(_ problem: StoreProblem) {
        problemCount += 1
        if problems.count < Self.listedProblems { problems.append(problem) }
    }
}

extension Store {
    /// Checks that everything in the store fits together, as of one moment, and changes nothing.
    ///
    /// - Parameter isDeep: also read every item and every asset's file, check JSON and hashes, and have SQLite check the file
    public func verify(isDeep: Bool) async throws -> VerificationReport {
        let report = try await read { db in
            var verification = Verification(db: db, report: VerificationReport(isDeep: isDeep))
            try verification.run()
            return verification.report
        }
        return try await verifyBlobs(isDeep: isDeep, into: report)
    }

    /// Has every digest that is wrong computed again, and answers how many there were. Touches nothing else.
    public func repairDigests() async throws -> Int {
        let trees = try await read { db in try DigestTrees.all(db) }
        var repaired = 0
        for tree in trees {
            repaired += try await write { db in try tree.repair(db) }
        }
        return repaired
    }
}

private enum DigestTrees {
    /// Every tree that has rows or digests.
    static func all(_ db: Database) throws -> [DigestTree] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT DISTINCT 0, origin, kid FROM head WHERE origin <> 0
                UNION SELECT DISTINCT 1, pid, kid FROM shadow
                UNION SELECT DISTINCT role, pid, kid FROM dirty_leaf
                UNION SELECT DISTINCT role, pid, kid FROM node
                """
        ).compactMap { row in
            DigestTree.Role(rawValue: row[0]).map { DigestTree(role: $0, pid: row[1], kid: row[2]) }
        }
    }
}

/// One verification, inside one snapshot. Reads rows one after another: memory does not grow with their number.
private struct Verification {
    let db: Database
    var report: VerificationReport

    mutating func run() throws {
        try checkHeads()
        try checkBodies()
        try checkDigests()
        guard report.isDeep else { return }
        try checkContent(
            """
            SELECT kind.name, h.id, h.hash, b.bytes FROM head h JOIN kind USING (kid) JOIN body b ON b.rid = h.rid
            WHERE h.deleted = 0
            """, of: "the item")
        try checkContent(
            """
            SELECT kind.name, u.id, u.old_hash, b.bytes FROM undo u JOIN kind USING (kid) JOIN body b ON b.rid = u.old_rid
            WHERE u.verdict IN (\(Verdict.list(Verdict.owning)))
            """, of: "what undo keeps of it")
        try checkFile()
    }

    /// The narrow rows: each with all its parts, in its bucket, and with a body that is there.
    private mutating func checkHeads() throws {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT kind.name, h.id, h.bucket, h.deleted, h.rid IS NULL, h.hash IS NULL, h.base IS NULL, h.origin,
                    b.rid IS NULL
                FROM head h LEFT JOIN kind USING (kid) LEFT JOIN body b ON b.rid = h.rid
                """)
        while let row = try rows.next() {
            let isDeleted: Bool = row[3]
            if isDeleted { report.tombstones += 1 } else { report.items += 1 }
            for what in try Self.defects(row) {
                report.note(StoreProblem(kind: row[0] as String?, id: row[1], what: what))
            }
        }
    }

    private static func defects(_ row: Row) throws -> [String] {
        let isDeleted: Bool = row[3]
        let lacksBody: Bool = row[4]
        let lacksHash: Bool = row[5]
        let lacksBase: Bool = row[6]
        let isMissing: Bool = row[8]
        var defects: [String] = []
        guard let name = row[0] as String?, let kind = try? Kind(name) else { return ["its kind is not known"] }
        if Int(Bucket(kind: kind, id: row[1]).number) != row[2] as Int { defects.append("it stands in a wrong bucket") }
        if isDeleted != lacksBody || isDeleted != lacksHash {
            defects.append("a part of it says that it is deleted, and another that it is not")
        } else if !isDeleted, isMissing {
            defects.append("its content is missing")
        }
        if (row[7] as Int64 == 0) != lacksBase { defects.append("it has a source without an output, or the reverse") }
        return defects
    }

    /// Every body belongs to exactly one row, and every row that names a body has it.
    private mutating func checkBodies() throws {
        let account = try BodyAccount.take(db, most: VerificationReport.listedProblems)
        report.bodies = account.bodies
        for rid in account.shared {
            let head = try Row.fetchOne(
                db, sql: "SELECT kind.name, id FROM head JOIN kind USING (kid) WHERE rid = ?", arguments: [rid])
            let what = head == nil ? "body \(rid)" : "its content"
            report.note(StoreProblem(kind: head?[0], id: head?[1], what: "\(what) belongs to two rows"))
        }
        for rid in account.missing {
            let isHead = try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM head WHERE rid = ?)", arguments: [rid])
            // Told with its item already.
            if isHead != true {
                report.note(StoreProblem(what: "body \(rid), which undo or a transfer names, is missing"))
            }
        }
        for rid in account.orphans {
            report.note(StoreProblem(what: "body \(rid) belongs to nothing; 'tidelock gc' frees it"))
        }
    }

    private mutating func checkDigests() throws {
        for tree in try DigestTrees.all(db) {
            report.digestTrees += 1
            let wrong = try tree.differences(db)
            guard wrong.count > 0 else { continue }
            let names = try Row.fetchOne(
                db, sql: "SELECT kind.name, peer.name FROM kind, peer WHERE kid = ? AND pid = ?",
                arguments: [tree.kid, tree.pid])
            let side =
                tree.role == .held
                ? "what \(names?[1] ?? "a peer") left here" : "what \(names?[1] ?? "a peer") holds of us"
            report.note(
                StoreProblem(
                    kind: names?[0],
                    what: "the digests of \(side) differ from its \(wrong.rows) rows in \(wrong.places)",
                    isRepairable: true))
        }
    }

    /// Rows of kind, id, hash, bytes.
    private mutating func checkContent(_ sql: String, of what: String) throws {
        let rows = try Row.fetchCursor(db, sql: sql)
        while let row = try rows.next() {
            guard let bytes = row.bytes(3) else { continue }
            let problem: String?
            if let document = try? JSONDocument(validating: bytes) {
                problem = document.hash.bytes == row.bytes(2) ? nil : "the hash of \(what) is not that of its content"
            } else {
                problem = "\(what) is not valid JSON"
            }
            if let problem { report.note(StoreProblem(kind: row[0], id: row[1], what: problem)) }
        }
    }

    private mutating func checkFile() throws {
        for line in try String.fetchAll(db, sql: "PRAGMA integrity_check(100)") where line != "ok" {
            report.note(StoreProblem(what: "the file: \(line)"))
        }
    }
}
