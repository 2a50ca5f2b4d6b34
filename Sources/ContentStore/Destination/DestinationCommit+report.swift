internal import ContentModel
internal import GRDB
internal import SyncProtocol

// MARK: What a commit did

extension Commit {
    func report(sequence: Int64, _ tally: VerdictTally) throws -> CommitResult {
        var result = CommitResult(isVerified: true, sequence: sequence)
        for verdict in Verdict.allCases {
            for wasDeleted in [false, true] {
                result.count(verdict, wasDeleted: wasDeleted, by: tally.count(verdict, wasDeleted: wasDeleted))
            }
        }
        let mayBeSpared = isDecided && tally.has(.release)
        let spared = mayBeSpared ? try sparedDeletes() : 0
        result.kept += spared
        result.released -= spared
        result.conflictCount += spared
        result.conflictCount -= isDecided ? try keptByRule() : 0
        if (Verdict.conflicts + [.release]).contains(where: tally.has) { result.conflicts = try conflicts() }
        let resumed = try StagedBatches.resumed(db, transfer: transfer)
        if resumed > 0 { result.resumedBatches = resumed }
        return result
    }

    /// Deletes that a decision turned into letting go: they count as kept, and not as let go as well.
    private func sparedDeletes() throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) FROM undo JOIN stage s ON s.transfer = run AND \(Self.isSameRow)
                    WHERE run = ? AND verdict = \(Verdict.release.rawValue) AND s.keep <> 0
                    """),
            arguments: [transfer]) ?? 0
    }

    /// Rows that a rule about translations kept: nothing was at odds.
    private func keptByRule() throws -> Int {
        guard record.scope.translationRule != .override else { return 0 }
        return try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) FROM undo JOIN stage s ON s.transfer = run AND \(Self.isSameRow)
                    WHERE run = ? AND verdict = \(Verdict.keepOriginal.rawValue)
                        AND s.keep IN (\(Decision.list(Decision.ruled)))
                    """),
            arguments: [transfer]) ?? 0
    }

    private static let isSameRow = "s.kid = undo.kid AND s.bucket = undo.bucket AND s.id = undo.id"

    /// The verdict is asked for first: most rows of a run are none of these and need no look at the stage.
    private func conflicts() throws -> [Conflict] {
        let release = Verdict.release
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT kind.name, undo.id, verdict, s.keep
                    FROM undo JOIN kind USING (kid) JOIN stage s ON s.transfer = run AND \(Self.isSameRow)
                    WHERE run = ? AND verdict IN (\(Verdict.list(Verdict.conflicts + [release])))
                        AND (verdict <> \(release.rawValue) OR s.keep <> 0)
                        AND s.keep NOT IN (\(Decision.list(Decision.ruled)))
                    ORDER BY kind.name, undo.id
                    LIMIT \(Limits.listedConflicts)
                    """),
            arguments: [transfer])
        return rows.map { row in
            let verdict = Verdict(rawValue: row[2]) ?? .nothing
            let decision = Decision(rawValue: row[3]) ?? .none
            return Conflict(kind: row[0], id: row[1], verdict: Conflict.Verdict(verdict, decision))
        }
    }
}

extension Conflict.Verdict {
    /// What people are told. An original that nobody decided about stays, and what arrived waits.
    init(_ verdict: Verdict, _ decision: Decision) {
        self =
            switch decision {
            case .kept, .keptTarget, .spared: .keptTarget
            case .parked: .parked
            case .merged, .patched, .filled: .merged
            case .mergedParked: .mergedParked
            case .none, .arriving: verdict == .keepOriginal ? .parked : .replaced
            }
    }
}

extension CommitResult {
    var counts: [String: Int] {
        ["created": created, "updated": updated, "deleted": deleted, "released": released, "conflicts": conflictCount]
    }

    fileprivate mutating func count(_ verdict: Verdict, wasDeleted: Bool, by number: Int) {
        switch verdict {
        case .create: created += number
        case .update: updated += number
        case .replace:
            if wasDeleted { created += number } else { updated += number }
            conflictCount += number
        case .adopt: adopted += number
        case .keepOriginal:
            kept += number
            conflictCount += number
        case .delete: deleted += number
        case .deleteEdited:
            deleted += number
            conflictCount += number
        case .release where wasDeleted: break
        case .release: released += number
        case .nothing: break
        }
    }
}
