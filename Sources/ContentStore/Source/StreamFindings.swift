public import ContentModel
internal import GRDB
internal import SyncEngine

/// What is known at a source of the rows of one kind at a peer that are not as they were sent.
///
/// What a comparison found out stays known until a run has looked at it, whoever made the comparison.
public struct StreamFindings: Sendable, Equatable {
    /// A row of which nothing that was done here, and nothing that the peer tells, explains how it is there.
    public struct Difference: Sendable, Codable, Hashable {
        public enum Sort: String, Sendable, Codable {
            /// The peer had what was sent and has no such item any more.
            case missing
            /// The peer holds, as sent from here, another version than was sent last.
            case otherVersion = "other_version"
        }

        public var kind: String
        public var id: String
        public var sort: Sort
    }

    /// Items that another source has taken over there, and items that handlers keep from the peer.
    public var takenOver = 0
    public var heldBack = 0
    public var missing = 0
    public var otherVersions = 0
    /// The first of those that are missing or of another version.
    public var differences: [Difference] = []

    public static let listedDifferences = 1_000

    public var isUnexplained: Bool { missing + otherVersions > 0 }

    public init() {}

    fileprivate mutating func note(_ difference: Difference) {
        switch difference.sort {
        case .missing: missing += 1
        case .otherVersion: otherVersions += 1
        }
        if differences.count < Self.listedDifferences { differences.append(difference) }
    }
}

extension Store {
    /// What is known of the rows of some kinds at a peer, in their order. Looks at every row; asks nobody.
    public func findings(of kinds: [Kind], toward peer: String) async throws -> [StreamFindings] {
        try await read { db in
            guard let pid = try Numbers.knownPeer(db, peer) else { return kinds.map { _ in StreamFindings() } }
            return try kinds.map { try StreamFindings.find(db, of: $0, pid: pid) }
        }
    }
}

extension StreamFindings {
    fileprivate static func find(_ db: Database, of kind: Kind, pid: Int64) throws -> StreamFindings {
        var findings = StreamFindings()
        guard let kid = try Numbers.knownKind(db, kind) else { return findings }
        if let counts = try Row.fetchOne(db.cachedStatement(sql: explainedSQL), arguments: [pid, kid]) {
            (findings.takenOver, findings.heldBack) = (counts[0], counts[1])
        }
        let rows = try Row.fetchCursor(db.cachedStatement(sql: unexplainedSQL), arguments: [pid, kid])
        while let row = try rows.next() {
            let isMissing = row[1] as Int == ShadowState.missing.rawValue
            findings.note(Difference(kind: kind.name, id: row[0], sort: isMissing ? .missing : .otherVersion))
        }
        return findings
    }

    private static let explainedSQL = """
        SELECT coalesce(sum(s.state = \(ShadowState.takenOver.rawValue)), 0),
            coalesce(sum(s.state IN (\(ShadowState.heldBack))), 0)
        FROM shadow s
        JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
        WHERE s.pid = ? AND s.kid = ?
            AND s.state IN (\(ShadowState.takenOver.rawValue), \(ShadowState.heldBack)) AND h.deleted = 0
        """

    /// What the peer lacks is no difference once the item that it had from here is gone here as well, or is the peer's own
    /// by now; nor is what it holds where that is just what is here.
    private static let unexplainedSQL = """
        SELECT s.id, s.state FROM shadow s
        LEFT JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
        WHERE s.pid = ? AND s.kid = ? AND CASE
            WHEN s.state = \(ShadowState.missing.rawValue)
                THEN h.deleted = 0 AND h.life IS s.life AND NOT (h.origin = s.pid AND h.edited = 0)
            WHEN s.fid = \(ShadowRow.unexpected) AND s.state IN (\(ShadowState.held)) THEN s.out_hash IS NOT h.hash
            ELSE false END
        ORDER BY s.bucket, s.id
        """
}
