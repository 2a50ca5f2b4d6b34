internal import SyncEngine

/// Rows of which the source of a transfer had another version from here than the one that is here now: it lets go of
/// what it had, and knows nothing of what became of it.
///
/// What it never had in any version is no edit to it: mirrors delete that because they were asked to.
enum UnseenEdits {
    /// Whether the row `h`, which is not the source's, is one of these. `sh` is what this instance knows of what it
    /// sent there; `:pid` is the source. What was sent of an item that had the id before counts as long as the source
    /// holds it.
    static let isOne = """
        (h.origin <> :pid AND sh.out_hash IS NOT NULL AND CASE
            WHEN sh.src_hash IS h.hash THEN \(isSkipped)
            ELSE sh.state IN (\(ShadowState.held)) OR sh.life IS h.life END)
        """

    /// Whether a handler saw the version that is here and left the source with the one before.
    private static let isSkipped = """
        (sh.state = \(ShadowState.acked.rawValue) AND \(ShadowRow.lacksHandlers("sh.fid"))
            AND sh.out_hash IS NOT h.hash)
        """
}
