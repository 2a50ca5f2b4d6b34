internal import SyncEngine

/// Tombstones that an item meets.
enum DeletedRows {
    /// Whether an item was deleted here since its source and this instance had it in common: since the source left it
    /// here, which only the source may know where the run of another deleted it, or since it was sent there. `h` is the
    /// row here, `s` the staged one, and `sh` what this instance knows of what it sent.
    static let isEdit = """
        (\(Edit.isOne("h.edited")) OR (
            (\(StagedMark.isContested) OR coalesce(sh.state IN (\(ShadowState.held)), 0)) AND NOT \(isSources)))
        """

    /// Whether it is one whatever the source says of it.
    static let isEditInAnyCase = """
        (\(Edit.isOne("h.edited")) OR (coalesce(sh.state IN (\(ShadowState.held)), 0) AND NOT \(isSources)))
        """

    /// Whether it was the source itself that deleted it: a commit gives all of its rows one number. After its run is
    /// forgotten nobody can tell, and the delete counts as made here.
    private static let isSources = """
        EXISTS (
            SELECT 1 FROM undo AS u INDEXED BY undo_by_item CROSS JOIN transfer t ON t.id = u.run
            WHERE u.existed = 1 AND u.kid = h.kid AND u.bucket = h.bucket AND u.id = h.id
                AND u.verdict IN (\(Verdict.list([.delete, .deleteEdited])))
                AND t.pid = :pid AND json_extract(t.result, '$.sequence') = h.seq)
        """
}
