internal import ContentModel
internal import GRDB
internal import SyncEngine

/// What this instance remembers of one row of a peer.
struct ShadowRow {
    var state: ShadowState
    /// What was sent there last.
    var output: ContentHash?

    /// Nil where nothing was ever sent or seen there.
    static func fetch(_ db: Database, _ place: Place, at pid: Int64) throws -> ShadowRow? {
        let statement = try db.cachedStatement(
            sql: "SELECT state, out_hash FROM shadow WHERE pid = ? AND kid = ? AND bucket = ? AND id = ?")
        return try Row.fetchOne(statement, arguments: StatementArguments([pid] + place.arguments)).map { row in
            ShadowRow(state: ShadowState(rawValue: row[0]) ?? .none, output: row.hash(1))
        }
    }

    /// What `life` says of an item that was sent as it was and that is gone: one that has the id again is never that
    /// item, and only what was sent is still known.
    static let endedLife: Int64 = -1

    /// What `life` says of it instead once handlers held back an item that has the id again: at which change of its
    /// head they looked, as long as they are the same. Nothing else of the row tells of that item.
    static func lifeBeside(_ head: String) -> String { "(\(endedLife) - \(head).seq)" }

    /// Whether the item of a head `h` is the one that was looked at when another source took its row over. `row`: of
    /// the shadow, in a statement.
    static func isAsTakenOver(_ row: String) -> String {
        """
        (\(row).state = \(ShadowState.takenOver.rawValue) AND \(row).src_hash IS h.hash
            AND coalesce(\(row).life, 0) > \(endedLife))
        """
    }

    /// In the place of the handlers that made what the peer holds: a comparison found that this is another output than
    /// was sent last, and no run has looked at it since.
    static let unexpected: Int64 = 0

    /// Whether a row names no handlers. `column`: its `fid`.
    static func lacksHandlers(_ column: String) -> String { "coalesce(\(column), \(unexpected)) = \(unexpected)" }

    /// Whether an item that was sent is more than what was sent of it. `row`: of the shadow, in a statement.
    static func isOfMore(_ row: String) -> String {
        "\(row).out_hash IS NOT NULL AND \(row).out_hash IS NOT \(row).src_hash"
    }
}

extension ShadowState {
    static func list(_ states: [ShadowState]) -> String {
        states.map { String($0.rawValue) }.joined(separator: ", ")
    }

    /// Numbers of the states in which the peer holds an output of ours.
    static let held = list(allCases.filter(\.isHeld))
    /// Numbers of the states that hold for one plan.
    static let passing = list(allCases.filter { $0 != $0.lasting })
    /// What is left of the column `state` when a plan ends.
    static let lastingNumber =
        allCases.filter { $0 != $0.lasting }
        .map { "WHEN \($0.rawValue) THEN \($0.lasting.rawValue)" }
        .reduce("CASE state") { "\($0) \($1)" } + " ELSE state END"
    /// Numbers of the states in which a handler kept the item from the peer.
    static let heldBack = list(allCases.filter(\.isHeldBack))
    /// Numbers of the states in which the item was looked at, and nobody else came in between since.
    static let lookedAt = list(allCases.filter { $0.isHeld || $0.isHeldBack })
}
