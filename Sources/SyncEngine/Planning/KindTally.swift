internal import ContentModel
internal import SyncProtocol

/// What the plan of one kind does, counted as its rows are decided.
struct KindTally {
    /// Of rows that were taken back it says how many fewer are left alone than the destination tells.
    var plan: KindPlan
    /// Items that are at the destination are kept there, or take in only what they lack.
    let isRuled: Bool
    /// Edits at the destination stay there, and so does what was deleted.
    let keepsEdits: Bool
    /// Updates of rows that were edited there and of whose edits they are made.
    private(set) var answers = 0
    /// Creates of items that were deleted at the destination, which holds their rows.
    private(set) var recreates = 0
    /// Creates of items that the destination is known not to have any more, and makes anew.
    private(set) var remakes = 0
    /// Deletes of rows that are somebody else's, and that this side never had.
    private(set) var foreignDeletes = 0

    init(plan: KindPlan, isRuled: Bool, keepsEdits: Bool) {
        self.plan = plan
        self.isRuled = isRuled
        self.keepsEdits = keepsEdits
    }

    /// Rows that are there and that, as far as is known, nobody has edited.
    var withoutEdit: Int {
        let edits = plan.overwrites - recreates + (plan.openUpdates ?? 0) + answers
        return max(0, plan.updates + plan.deletes - edits)
    }

    /// Of these, those that are sent once more.
    var updatesWithoutEdit: Int { max(0, min(withoutEdit, plan.updates - (plan.openUpdates ?? 0))) }

    /// Counts what is done with a row, or takes it back.
    mutating func count(
        _ action: PlannedOperation.Action, of row: Candidate, output: ContentHash?, by number: Int
    ) {
        switch action {
        case .put where row.shadow == .deletedThere:
            recreates += number
            plan.creates += number
            plan.overwrites += number
        case .put where row.shadow.isHeld:
            plan.updates += number
            if isRuled || (row.received != nil && row.received == output) {
                plan.openUpdates = (plan.openUpdates ?? 0) + number
            } else if row.replacesEdit {
                plan.overwrites += number
            } else if row.shadow == .answered {
                answers += number
            }
        case .put:
            plan.creates += number
            if row.shadow == .reverted { plan.reverted -= number }
            if isOpen(row) {
                plan.openCreates = (plan.openCreates ?? 0) + number
            } else if row.shadow == .missing {
                remakes += number
            }
        case .delete where row.shadow == .deletedThere, .release where row.shadow == .deletedThere:
            plan.goneThere = (plan.goneThere ?? 0) + number
        case .delete:
            plan.deletes += number
            if row.shadow == .reverted { plan.reverted -= number }
            if row.isEditedThere {
                plan.overwrites += number
            } else if row.mayBeAnotherThere {
                plan.openDeletes = (plan.openDeletes ?? 0) + number
            } else if row.shadow.isForeign {
                foreignDeletes += number
            }
        case .release: plan.releases += number
        case .drop, .skip, .same, .withdraw: break
        }
    }
}

extension KindTally {
    /// Whether only the destination knows what becomes of an item that it does not hold from here. Where it has none, it
    /// makes the item anew, unless it was deleted there and the policy keeps that.
    private func isOpen(_ row: Candidate) -> Bool { row.shadow == .missing ? keepsEdits : row.mayBeThere }
}

extension Candidate {
    /// What is sent replaces an edit made at the destination that it was not made of.
    fileprivate var replacesEdit: Bool {
        switch shadow {
        case .resend, .deletedThere: true
        case .answered: isUnmerged
        default: isContested
        }
    }

    /// The destination has edited the output of ours that it holds, or holds one of which nobody here knows what it was
    /// made of: it counts as an edit.
    fileprivate var isEditedThere: Bool { isContested || shadow == .resend || shadow == .answered }

    /// What the destination has of an item that this side had too is somebody else's by now, and may be another version.
    fileprivate var mayBeAnotherThere: Bool { wasHere && !shadow.isHeld }

    /// A row that is not here is looked at like one that was deleted here.
    init(_ absentee: Absentee) {
        self.init(
            id: absentee.id, bucket: absentee.bucket, hash: nil, body: nil, shadow: absentee.shadow,
            acknowledged: absentee.acknowledged, isTheirs: false, isContested: absentee.isContested)
        received = absentee.received
        wasHere = absentee.wasHere
    }

    /// The destination holds no output of ours, and has such an item all the same as far as is known, or may have it: it
    /// came from there, was seen there, or had been ours.
    fileprivate var mayBeThere: Bool { received != nil || shadow != .none }
}
