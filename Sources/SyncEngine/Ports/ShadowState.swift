/// What the source believes about one row of the destination.
public enum ShadowState: Int, Sendable, CaseIterable {
    /// Never heard of.
    case none = 0
    /// The destination holds our output.
    case acked = 1
    /// A handler dropped it for this destination.
    case dropped = 2
    /// A handler asked to leave the destination as it is.
    case skipped = 3
    /// The destination drifted: our output must be sent again.
    case resend = 4
    /// The destination has such a row, and it is not ours.
    case foreign = 5
    /// A rollback at the destination took our row back.
    case reverted = 6
    /// The row was ours and another source has taken it over.
    case takenOver = 7
    /// As `resend`; but the destination says that the edit came here, so what is sent now was made of it.
    case answered = 8
    /// As `resend`; but the edit is that the item was deleted there. Holds only for the plan that has seen the list.
    case deletedThere = 9
    /// The item came from the peer, which does not know that any more: it gets it back. Holds only for the plan that
    /// has seen the list.
    case forgotten = 10
    /// The destination had our output, or what somebody else had put in its place, and has no such item any more.
    /// Nothing that we did explains that.
    case missing = 11

    /// The destination holds an output of ours, edited there or not: the rows of the digest tree.
    public var isHeld: Bool { [.acked, .resend, .answered, .deletedThere].contains(self) }

    /// What a state becomes when the plan ends for which alone it holds; any other stays.
    public var lasting: ShadowState {
        switch self {
        case .deletedThere: .resend
        case .forgotten: .none
        default: self
        }
    }

    /// A handler kept the item from the destination when it was asked last.
    public var isHeldBack: Bool { self == .dropped || self == .skipped }

    /// The destination had the item from us. What it has in its place, or that it has nothing, is not our doing: where
    /// the item is deleted, somebody has deleted it there.
    public var isReplaced: Bool { self == .takenOver || self == .missing }

    /// The destination has such a row, and it is somebody else's.
    public var isForeign: Bool { self == .foreign || self == .takenOver }
}
