internal import ContentModel

/// Stops runs that would delete more than anybody expects.
///
/// Applied at the initiator before anything is sent, and again at the destination inside the commit.
public enum DeleteGuard {
    /// Deletes of one kind beside what the destination holds of it.
    public struct Kind: Sendable {
        public var name: String
        public var deletes: Int
        public var present: Int
        /// Some of these may have been deleted there.
        public var mayBeFewer: Bool

        public init(name: String, deletes: Int, present: Int, mayBeFewer: Bool = false) {
            self.name = name
            self.deletes = deletes
            self.present = present
            self.mayBeFewer = mayBeFewer
        }
    }

    /// Deletes in all that need no confirmation, whatever the sizes of the kinds.
    public static let total = 1_000
    /// Deletes of one kind that need no confirmation however small the kind is.
    public static let perKind = 5
    /// The share of a kind that needs no confirmation, in percent.
    public static let share = 10

    /// Throws `delete_guard` with the counts unless the deletes are few, or `allowed` covers them all.
    public static func check(_ kinds: [Kind], allowed: Int?) throws {
        let all = kinds.reduce(0) { $0 + $1.deletes }
        if let allowed, all <= allowed { return }
        let hint = "If that is what you want, repeat the run with --allow-deletes \(all)."
        guard all <= total else {
            throw TidelockError(
                .deleteGuard, "The run would delete \(all) items, more than \(total).", hint: hint,
                details: ["deletes": String(all)])
        }
        for kind in kinds where kind.deletes > max(perKind, kind.present * share / 100) {
            let present = kind.mayBeFewer ? "at most \(kind.present)" : "the \(kind.present)"
            throw TidelockError(
                .deleteGuard, "The run would delete \(kind.deletes) of \(present) items of \(kind.name).",
                hint: hint, details: ["deletes": String(all), "kind": kind.name])
        }
    }
}
