public import ContentModel

/// Stops mirrors of a kind of which the source holds nothing: that is how an emptied or half-restored source would empty
/// its destinations.
///
/// Applied where the plan is made, where one is only looked at by whoever asked for it, and again at the destination
/// inside the commit.
public enum EmptySourceGuard {
    /// Throws `empty_source` unless nothing is deleted or somebody has agreed. `deletes` are those that the source,
    /// which has no item of the kind, does not prove.
    public static func check(_ kind: Kind, deletes: Int, isConfirmed: Bool?) throws {
        guard deletes > 0, isConfirmed != true else { return }
        throw TidelockError(
            .emptySource,
            "The source holds no item of \(kind); mirroring it would delete \(deletes) items that it never deleted.",
            hint:
                "Check that the source is complete; if it is, repeat the run with --allow-empty-source. Items deleted there one by one do propagate.",
            details: ["kind": kind.name, "deletes": String(deletes)])
    }
}
