public import ContentModel
internal import GRDB
internal import SyncEngine

/// A row that differs from what its source applied last.
public struct DriftRow: Sendable, Codable, Equatable {
    public enum State: String, Sendable, Codable {
        /// Changed here since its source applied it; the next run of that source meets it.
        case edited
        /// Kept or merged on purpose when its source sent something else.
        case kept
    }

    public var kind: String
    public var id: String
    /// Name of the instance that sent it.
    public var source: String
    public var state: State
    public var isDeleted: Bool
    /// Unix seconds of the last change here.
    public var changed: Int64
}

/// The first rows that drifted, and how many there are.
public struct DriftList: Sendable, Codable, Equatable {
    public var count: Int
    public var items: [DriftRow]
}

/// Which rows of a kind count as edited here for a run, so that what their source sent must be sent again.
///
/// What a rule about translations kept is no edit for runs with that rule, which leave it at that, and is one for those
/// with a rule that keeps less: they bring what the source has after all.
struct EditedRows {
    let condition: String
    /// The index that holds all of them.
    let index: String

    init(of kind: Kind, in scope: Scope) {
        let kept = kind.job == .lokalize ? Self.keptRules.filter { $0.keepsMore(than: scope.translationRule) } : []
        let numbers = Edit.list(Edit.changes + kept.map(\.edited))
        condition = kept.isEmpty ? "edited IN (\(numbers))" : "edited <> 0 AND edited IN (\(numbers))"
        index = kept.isEmpty ? "head_edited" : "head_drift"
    }

    private static let keptRules: [TranslationSelection.Rule] = [.missingKeys, .missingValues]

    /// `head.edited` of rows that any rule about translations kept.
    static let ruled = keptRules.map { String($0.edited) }.joined(separator: ", ")
}

extension TranslationSelection.Rule {
    /// `head.edited` of rows that a run with the rule kept.
    var edited: Int64 {
        switch self {
        case .override: Edit.kept
        case .missingKeys: Edit.keptKeys
        case .missingValues: Edit.keptValues
        }
    }

    fileprivate func keepsMore(than other: Self) -> Bool {
        switch (self, other) {
        case (.missingKeys, .missingValues), (.missingKeys, .override), (.missingValues, .override): true
        default: false
        }
    }
}

extension Store {
    /// Whose output a drifted row was made of. An edit that a rollback brought back, and one of what came back,
    /// belong to nobody: their source is that of the run that was taken back.
    private static let driftedFrom = """
        CASE origin WHEN 0 THEN (SELECT t.pid FROM transfer t WHERE t.id = head.reverted) ELSE origin END
        """

    /// Rows edited here since their source applied them, of one kind or of all, and of one source or of all. Those that
    /// were kept although their source deleted them are among them, and belong to nobody. Reads no other rows.
    public func drift(kind: Kind? = nil, source: String? = nil, limit: Int) async throws -> DriftList {
        try await read { db in
            let choice = """
                FROM (
                    SELECT kid, id, \(Self.driftedFrom) AS pid, edited, deleted, arrived FROM head INDEXED BY head_drift
                    WHERE edited <> 0 AND edited <> \(Edit.own)
                    UNION ALL
                    SELECT c.kid, c.id, c.pid, \(Edit.kept), h.deleted, h.arrived
                    FROM conflict c CROSS JOIN head h ON h.kid = c.kid AND h.bucket = c.bucket AND h.id = c.id
                    WHERE c.rid IS NULL AND h.deleted = 0 AND h.origin = 0 AND h.edited IN (0, \(Edit.own))
                ) drifted JOIN kind USING (kid) JOIN peer ON peer.pid = drifted.pid
                WHERE (:kind IS NULL OR kind.name = :kind) AND (:source IS NULL OR peer.instance = :source)
                """
            let arguments: StatementArguments = ["kind": kind?.name, "source": source]
            let count =
                try Int.fetchOne(db.cachedStatement(sql: "SELECT count(*) \(choice)"), arguments: arguments) ?? 0
            let rows = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT kind.name, drifted.id, peer.name, drifted.edited, drifted.deleted, drifted.arrived
                        \(choice)
                        ORDER BY kind.name, drifted.id
                        LIMIT :limit
                        """),
                arguments: arguments + ["limit": limit])
            return DriftList(
                count: count,
                items: rows.map { row in
                    DriftRow(
                        kind: row[0], id: row[1], source: row[2],
                        state: (Edit.changes + [Edit.madeSinceReturn]).contains(row[3]) ? .edited : .kept,
                        isDeleted: row[4], changed: row[5])
                })
        }
    }
}
