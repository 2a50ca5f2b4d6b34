internal import GRDB

/// Which transfers of one source left rows as they are, in the order in which a list of rows met them.
///
/// A commit gives all rows that it writes its own sequence number, and whatever touches a row later gives it another.
struct ListedRuns {
    private let db: Database
    private let pid: Int64
    /// By the sequence numbers of their commits; nil until the first is looked for.
    private var transfers: [Int64: String]?
    private var numbers: [Int64: Int] = [:]
    private(set) var names: [String] = []

    init(_ db: Database, pid: Int64) {
        self.db = db
        self.pid = pid
    }

    /// The place among `names` of the transfer whose commit had the number; nil where it is unknown by now.
    mutating func number(of sequence: Int64?) throws -> Int? {
        guard let sequence else { return nil }
        if let known = numbers[sequence] { return known }
        guard let name = try name(of: sequence) else { return nil }
        numbers[sequence] = names.count
        names.append(name)
        return numbers[sequence]
    }

    private mutating func name(of sequence: Int64) throws -> String? {
        if let transfers { return transfers[sequence] }
        let found = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT id, json_extract(result, '$.sequence') FROM transfer
                    WHERE pid = ? AND phase = 'committed' AND result IS NOT NULL
                    """),
            arguments: [pid])
        var transfers: [Int64: String] = [:]
        for row in found {
            guard let number = row[1] as Int64? else { continue }
            transfers[number] = row[0]
        }
        self.transfers = transfers
        return transfers[sequence]
    }
}
