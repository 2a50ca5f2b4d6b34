internal import ContentModel
internal import SyncEngine

/// Rows of a destination that one source did not leave there and that its mirrors leave alone, although that source has
/// no such items. Conditions in SQL; `:pid` is the source.
enum SparedRows {
    /// Whether a handler of this instance held an item back from the source, so that it cannot have it. `shadow` is
    /// what this instance knows of what it sent there.
    static func isHeldBack(_ shadow: String) -> String {
        "coalesce(\(shadow).state IN (\(ShadowState.heldBack)), 0)"
    }

    /// Whether the source has deleted the item, which was edited here and was kept: its delete waits among the
    /// conflicts, or was decided against.
    static func outlivesDelete(_ row: String) -> String {
        """
        EXISTS (
            SELECT 1 FROM conflict c
            WHERE c.kid = \(row).kid AND c.bucket = \(row).bucket AND c.id = \(row).id
                AND c.rid IS NULL AND c.pid = :pid)
        """
    }

    /// Whether a row that is not the source's is one of these, for runs with a policy. What one run has kept, others
    /// whose policy keeps edits have not to decide once more.
    static func contains(_ row: String, _ policy: ConflictPolicy) -> String {
        let isHeldBack = """
            EXISTS (
                SELECT 1 FROM shadow held
                WHERE held.pid = :pid AND held.kid = \(row).kid AND held.bucket = \(row).bucket AND held.id = \(row).id
                    AND \(isHeldBack("held")))
            """
        return switch policy {
        case .source, .fail: isHeldBack
        case .target, .park, .mergeFields: "(\(isHeldBack) OR \(outlivesDelete(row)))"
        }
    }
}
