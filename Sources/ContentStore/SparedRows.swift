internal import ContentModel
internal import SyncEngine

/// Rows of a destination that one source did not leave there and that its mirrors leave alone, although that source has
/// no such items. Conditions in SQL; `:pid` is the source.
enum SparedRows {
    /// Whether a handler of this instance held an item back from the source, so that it cannot have it. `shadow` is
    /// what this instance knows of what it sent there.
    static func isHeldBack(_ shadow: String) -> String {
        "coalesce(\(shadow).state IN (\(ShadowState.dropped.rawValue), \(ShadowState.skipped.rawValue)), 0)"
    }

    /// Whether a row that is not the source's is one of these.
    static func contains(_ row: String) -> String {
        """
        EXISTS (
            SELECT 1 FROM shadow held
            WHERE held.pid = :pid AND held.kid = \(row).kid AND held.bucket = \(row).bucket AND held.id = \(row).id
                AND \(isHeldBack("held")))
        """
    }
}
