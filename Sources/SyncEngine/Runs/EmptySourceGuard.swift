public import ContentModel

/// Stops mirrors of a kind of which the source holds nothing: that is how an emptied or half-restored source would empty
/// its destinations.
///
/// Applied where the plan is made, where one is only looked at by whoever asked for it, and again at the destination
/// inside the commit.
public enum EmptySourceGuard {
    /// What is counted of the deletes.
    public enum Deletes: Sendable {
        /// Those that the source does not prove; the destination may have deleted some of these itself.
        case unproved(Int)
        /// Those of items that are at the destination; the source may prove some of them.
        case present(Int)
    }

    /// Throws `empty_source` unless nothing is deleted or somebody has agreed. The source has no item of the kind.
    public static func check(_ kind: Kind, _ deletes: Deletes, isConfirmed: Bool?) throws {
        let (count, what) =
            switch deletes {
            case .unproved(let count): (count, "mirroring it would delete up to \(count) items that it never deleted")
            case .present(let count):
                (count, "of the \(count) items that the run would delete it never deleted some, or any")
            }
        guard count > 0, isConfirmed != true else { return }
        throw TidelockError(
            .emptySource, "The source holds no item of \(kind); \(what).",
            hint:
                "Check that the source is complete; if it is, repeat the run with --allow-empty-source. Items deleted there one by one do propagate.",
            details: ["kind": kind.name, "deletes": String(count)])
    }
}
