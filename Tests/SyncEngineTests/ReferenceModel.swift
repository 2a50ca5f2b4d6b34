import ContentModel
import SyncEngine
import TidelockTestSupport

/// One row as the rules say it must be.
struct ModelRow: Hashable {
    /// Nil for a tombstone.
    var item: ModelItem?
    /// The instance whose output the row holds, and that output.
    var origin: Int?
    var base: ModelItem?
    /// The row kept its own item when that output arrived, and was not edited since.
    var isKept = false
    /// Some of that output may not have been taken in, so that the row was not made of it.
    var mayBeUnmerged = false
    /// Other instances of which the same may be true, because the row was theirs then.
    var unmergedBefore: Set<Int> = []
    /// Outputs of the same source before that one, as long as the row kept its own item beside what came after them.
    var earlierBases: Set<ModelItem> = []
    /// The source whose run a rollback took back here.
    var revertedFrom: Int?
    /// What came back then, where it is nobody's and is not what that source had left here before; also once it was
    /// edited.
    var returned: Returned?
    /// The source whose mirror deleted the item.
    var deletedBy: Int?
    /// Changes whenever a body is written, equal or not.
    var writing = 0
    /// Another one for each item that is made where there was none.
    var life = 0

    var isEdited: Bool { origin != nil && item != base }

    /// What a rollback may bring back beside what the source of the run had left there.
    enum Returned { case edit, own }

    /// Whether a rollback of a run of that source brought back what the source had left here before, or that there was
    /// nothing.
    func isTakenBack(from source: Int) -> Bool { revertedFrom == source && origin == nil && returned == nil }

    /// What a rollback of a run of that source brings back, where this is what the run had found.
    func comingBack(from source: Int) -> ModelRow {
        var back = self
        back.revertedFrom = source
        switch origin {
        case source: (back.origin, back.base, back.isKept, back.returned) = (nil, nil, false, isEdited ? .edit : nil)
        // There was nothing before.
        case nil where writing == 0: back.returned = nil
        case nil: back.returned = isTakenBack(from: source) ? nil : returned ?? .own
        default: break
        }
        return back
    }

    /// What it counts as once it is nobody's.
    var disowned: Returned? { returned ?? (revertedFrom == nil ? nil : .own) }

    /// Called when the row is changed at its instance, before it is. What came back of another source is an edit then.
    mutating func noteEdit() {
        let wasSources = revertedFrom != nil && origin == nil && returned == nil && item != nil
        returned = wasSources || returned == .edit ? .edit : nil
        (revertedFrom, deletedBy, isKept) = (nil, nil, false)
    }
}

/// Several instances and what they know of each other: the rules without any of the machinery.
struct ReferenceModel {
    struct Stream: Hashable {
        var source: Int
        var destination: Int
    }

    private(set) var rows: [[ItemKey: ModelRow]]
    /// Items that a policy kept although a mirror was to delete them, by instance: each waits in the list of conflicts or
    /// is decided, and stays in later mirrors of the same source that keep edits too.
    private(set) var keptDeletes: [[ItemKey: KeptDelete]]
    /// Outputs that met an unfiltered original of which it is not known what they were made of: each waits in the list of
    /// conflicts, whatever the policy. By the source that sent it: no other one's run decides about it.
    private(set) var waiting: [[ItemKey: [Int: ModelItem]]]
    var filters: [ModelFilter]
    private var memory: [Stream: [ItemKey: ModelMemory]] = [:]
    /// Items that the handlers of a source may have held back from a destination, whose mirrors spare them in return.
    private var heldBack: [Stream: Set<ItemKey>] = [:]
    /// The versions that a source ever sent of an item.
    private(set) var sent: [Stream: [ItemKey: Set<Int>]] = [:]
    /// What each run found, row by row, and the row it left; the source of a transfer.
    private(set) var undo:
        [String: (instance: Int, source: Int?, isRollback: Bool, rows: [ItemKey: (old: ModelRow, new: ModelRow)])] = [:]
    /// Of items that a run deleted, the deletes that had not been carried out: they are as before when it is taken
    /// back.
    private var takenOff: [String: [ItemKey: KeptDelete]] = [:]
    private var writings = 0
    /// How often runs did what, so that a test can tell that its histories reach everything.
    private(set) var tally: [String: Int] = [:]

    init(instances: Int) {
        rows = Array(repeating: [:], count: instances)
        keptDeletes = Array(repeating: [:], count: instances)
        waiting = Array(repeating: [:], count: instances)
        filters = Array(repeating: .none, count: instances)
    }

    func row(_ instance: Int, _ key: ItemKey) -> ModelRow { rows[instance][key] ?? ModelRow() }

    private mutating func nextWriting() -> Int {
        writings += 1
        return writings
    }
}

// MARK: Local changes

extension ReferenceModel {
    mutating func put(_ item: ModelItem, _ key: ItemKey, at instance: Int, run: String) {
        var row = row(instance, key)
        let old = row
        guard row.item != item else { return }
        row.noteEdit()
        if row.item == nil { row.life = nextWriting() }
        row.item = item
        row.writing = nextWriting()
        rows[instance][key] = row
        note(key, (old, row), at: instance, run: run)
    }

    mutating func remove(_ key: ItemKey, at instance: Int, run: String) {
        var row = row(instance, key)
        let old = row
        row.noteEdit()
        row.item = nil
        row.writing = nextWriting()
        rows[instance][key] = row
        takeOff(key, at: instance, run: run)
        note(key, (old, row), at: instance, run: run)
    }

    private mutating func takeOff(_ key: ItemKey, at instance: Int, run: String) {
        guard let delete = keptDeletes[instance].removeValue(forKey: key) else { return }
        takenOff[run, default: [:]][key] = delete
    }

    /// One run may edit several items.
    private mutating func note(_ key: ItemKey, _ change: (old: ModelRow, new: ModelRow), at instance: Int, run: String)
    {
        undo[run, default: (instance, nil, false, [:])].rows[key] = change
    }
}

// MARK: Runs

extension ReferenceModel {
    enum Decision: Hashable {
        case nothing
        case apply(ModelItem)
        case adopt(ModelItem)
        case keepOriginal(ModelItem)
        /// What the source changed since it was given our output is applied to the unfiltered original.
        case patch(ModelItem, output: ModelItem)
        case delete, release
        /// The source has no such item, and the policy keeps the one that was edited here.
        case keepDeleted
        /// Depends on whether the source has had a reason to look at the destination's list.
        case eitherWay

        var name: String { String("\(self)".prefix { $0.isLetter }) }
    }

    func keys(_ run: ModelRun) -> [ItemKey] {
        Set(rows[run.source].keys).union(rows[run.destination].keys).filter(run.includes).sorted()
    }

    func memory(_ run: ModelRun, _ key: ItemKey) -> ModelMemory? {
        memory[Stream(source: run.source, destination: run.destination)]?[key]
    }

    func decision(_ run: ModelRun, _ key: ItemKey) -> Decision {
        let theirs = row(run.destination, key)
        let isOurs = theirs.origin == run.source
        let isReverted = theirs.revertedFrom == run.source
        guard let item = row(run.source, key).item else {
            return lack(run, key, theirs, isOurs: isOurs, isReverted: isReverted)
        }
        let mine = row(run.source, key)
        guard run.matches(item, key) else { return leftOut(run, key, mine, theirs, isOurs: isOurs) }
        if mine.origin == run.destination, !mine.isEdited {
            guard isOurs else { return .nothing }
            // That the source's own row was found to be what the destination has is no change that it has to look at.
            return theirs.item == item ? .eitherWay : .release
        }
        let known = memory(run, key)
        if isReverted, !run.includesReverted { return .nothing }
        // Without a change on its own side, the source has no reason to ask what has become of such a row.
        if !run.includesReverted, let known, known.reverted == item { return .eitherWay }
        switch filters[run.source].outcome(item) {
        case .skip: return .nothing
        case .drop:
            if isOurs { return run.isMirror ? delete(run, key, theirs) : .release }
            guard run.isMirror, run.minimum == nil, theirs.item != nil else { return .nothing }
            if known?.isSpared == true { return .eitherWay }
            return isForeign(run, key, item, known) ? delete(run, key, theirs) : .nothing
        case .put(let output):
            if !isOurs, let known, known.isHeld || known.reverted != nil, known.source == item, !isReverted {
                return theirs.item == nil || known.isUncertain || !known.isHeld ? .eitherWay : .nothing
            }
            // An output that stays as it was is not sent again where another source has taken the row over.
            if !isOurs, let known, known.isHeld, known.output == output, !isReverted { return .eitherWay }
            if isOurs, !theirs.isEdited || theirs.isKept, theirs.base == output { return .nothing }
            return arrive(output, run, key, theirs)
        }
    }

    /// A row that another source took over is left alone as long as ours stays as it was.
    private func isForeign(_ run: ModelRun, _ key: ItemKey, _ item: ModelItem, _ known: ModelMemory?) -> Bool {
        !(known?.isHeld == true && known?.source == item)
    }

    private func lack(_ run: ModelRun, _ key: ItemKey, _ theirs: ModelRow, isOurs: Bool, isReverted: Bool) -> Decision {
        if isOurs { return run.isMirror ? delete(run, key, theirs) : .release }
        guard run.isMirror, run.minimum == nil, theirs.item != nil else { return .nothing }
        return isReverted && !run.includesReverted ? .nothing : delete(run, key, theirs)
    }

    /// A mirror that was forced on a filter deletes what the source has sent and the filter does not take now. What
    /// came from the destination is not the source's to delete.
    private func leftOut(
        _ run: ModelRun, _ key: ItemKey, _ mine: ModelRow, _ theirs: ModelRow, isOurs: Bool
    ) -> Decision {
        guard run.isMirror, isOurs, mine.origin != run.destination || mine.isEdited else { return .nothing }
        return delete(run, key, theirs)
    }

    /// A mirror deletes what was edited too, unless the policy keeps edits.
    private func delete(_ run: ModelRun, _ key: ItemKey, _ theirs: ModelRow) -> Decision {
        let isEdit =
            theirs.item != nil
            && (theirs.isEdited || theirs.returned == .edit
                || keptDeletes[run.destination][key]?.source == run.source
                || unseenEdit(run, key, theirs) == .always)
        return run.keepsEdits && isEdit ? .keepDeleted : .delete
    }

    private func arrive(_ output: ModelItem, _ run: ModelRun, _ key: ItemKey, _ theirs: ModelRow) -> Decision {
        if theirs.isTakenBack(from: run.source) { return .apply(output) }
        let back = memory[Stream(source: run.destination, destination: run.source)]?[key]
        guard theirs.item != nil else {
            // Deleted since it was sent to the source, which holds it as that, or edited since.
            let isSent = back?.isHeld == true && back?.wasOthers == false && theirs.deletedBy != run.source
            let isEdit =
                theirs.isEdited || theirs.returned == .edit
                || (isSent && row(run.source, key).origin == run.destination)
            return run.keepsEdits && isEdit ? .keepOriginal(output) : .apply(output)
        }
        if theirs.item == output { return .adopt(output) }
        if theirs.origin == run.source, !theirs.isEdited { return .apply(output) }
        if let back, back.isHeld, back.output == theirs.item { return .apply(output) }
        if let back, back.isLess(than: theirs) { return .keepOriginal(output) }
        return run.keepsEdits ? .keepOriginal(output) : .apply(output)
    }

    /// Takes down what the handlers of the source may hold back. A run that breaks off remembers that too.
    mutating func noteHeldBack(_ run: ModelRun) {
        for (key, row) in rows[run.source] where run.includes(key) {
            guard let item = row.item, run.matches(item, key) else { continue }
            if case .put = filters[run.source].outcome(item) { continue }
            heldBack[Stream(source: run.source, destination: run.destination), default: []].insert(key)
        }
    }

    /// Whether a handler may have held back from the source of the run what it would delete at its destination.
    func mayBeSpared(_ run: ModelRun, _ key: ItemKey) -> Bool {
        let theirs = row(run.destination, key)
        return theirs.item != nil && theirs.origin != run.source
            && heldBack[Stream(source: run.destination, destination: run.source)]?.contains(key) == true
    }

    /// Carries a run out. `actual` answers how a row came out where both ways are right.
    mutating func perform(_ run: ModelRun, transfer: String, actual: (ItemKey) -> ModelOutcome) {
        var changes: [ItemKey: (old: ModelRow, new: ModelRow)] = [:]
        noteHeldBack(run)
        for key in keys(run) {
            var decision = decision(run, key)
            let old = row(run.destination, key)
            tally[decision.name, default: 0] += 1
            let hasArrived = decision != .eitherWay
            if decision == .eitherWay { decision = settle(run, key, old, actual(key)) }
            if isSpared(run, key, decision, actual(key)) { decision = .nothing }
            if decision == .delete, actual(key).item != nil,
                isContested(run, key, old) || unseenEdit(run, key, old) != .never
            {
                decision = .keepDeleted
            }
            if case .apply(let output) = decision, actual(key).item != output,
                mayKnowBetter(run, key, old) || mayRememberSending(run, key, old) || mayMiss(run, key, old)
            {
                decision = .keepOriginal(output)
            }
            if case .keepOriginal(let output) = decision {
                decision = original(run, key, old, output, actual(key).item)
            }
            if decision == .keepDeleted, isKeptAlready(run, key, old, actual(key)) { decision = .nothing }
            let new = outcome(decision, old, source: run.source)
            if decision != .nothing {
                rows[run.destination][key] = new
                let isDone = decision != .delete || old.item != nil
                // Where it was found to be as it was sent, nothing is left to undo.
                if isDone, new != old, decision != .release, decision != .keepDeleted { changes[key] = (old, new) }
                if isDone { noteKeptDelete(run, key, decision) }
                noteWaiting(hasArrived ? unmerged(run, key, old, decision) : nil, run, key, beside: new)
            }
            remember(run, key, decision, theirs: old)
        }
        if !changes.isEmpty { undo[transfer] = (run.destination, run.source, false, changes) }
    }

    /// Whether the run had nothing to do with a row of somebody else beside which its delete waits already, or was
    /// decided against.
    private func isKeptAlready(_ run: ModelRun, _ key: ItemKey, _ old: ModelRow, _ actual: ModelOutcome) -> Bool {
        keptDeletes[run.destination][key]?.source == run.source && old.origin != nil && old.origin != run.source
            && actual.origin == old.origin
    }

    /// What one source sends decides nothing about the delete of another, unless it deletes the item as well.
    private mutating func noteKeptDelete(_ run: ModelRun, _ key: ItemKey, _ decision: Decision) {
        switch decision {
        case .keepDeleted: keptDeletes[run.destination][key] = kept(run, key)
        case .delete: keptDeletes[run.destination][key] = nil
        case .nothing, .eitherWay, .apply, .adopt, .keepOriginal, .patch, .release:
            guard keptDeletes[run.destination][key]?.source == run.source else { return }
            keptDeletes[run.destination][key] = nil
        }
    }

    private func kept(_ run: ModelRun, _ key: ItemKey) -> KeptDelete {
        guard let known = keptDeletes[run.destination][key], known.source == run.source else {
            return KeptDelete(source: run.source, isDecided: run.scope.policy == .target)
        }
        return known.kept(by: run.scope.policy)
    }

    /// Whether a delete was not carried out because of what may have been held back.
    private func isSpared(
        _ run: ModelRun, _ key: ItemKey, _ decision: Decision, _ actual: ModelOutcome
    ) -> Bool {
        guard mayBeSpared(run, key), actual.item != nil else { return false }
        // What a policy has kept is listed since this run.
        let isKept = actual.keepsDelete && keptDeletes[run.destination][key]?.source != run.source
        switch decision {
        case .delete: return !(isKept && unseenEdit(run, key, row(run.destination, key)) != .never)
        case .keepDeleted: return actual.origin == row(run.destination, key).origin && !isKept
        default: return false
        }
    }

    private func settle(
        _ run: ModelRun, _ key: ItemKey, _ old: ModelRow, _ actual: ModelOutcome
    ) -> Decision {
        let mine = row(run.source, key)
        guard let item = mine.item else { return .nothing }
        if mine.origin == run.destination, !mine.isEdited { return actual.origin == run.source ? .nothing : .release }
        switch filters[run.source].outcome(item) {
        case .put(let output) where actual.origin == run.source:
            return arrive(output, run, key, old)
        case .drop where run.isMirror && actual.item == nil && old.item != nil: return .delete
        case .drop where run.isMirror && actual.origin == nil && old.item != nil:
            let isEdit = delete(run, key, old) == .keepDeleted || unseenEdit(run, key, old) != .never
            return isEdit && actual.keepsDelete ? .keepDeleted : .nothing
        case .put, .drop, .skip: return .nothing
        }
    }

    /// Whether the destination holds an output that the source does not remember to have sent, as after rollbacks there
    /// that were out of order: it counts as edited.
    func isContested(_ run: ModelRun, _ key: ItemKey, _ theirs: ModelRow) -> Bool {
        run.keepsEdits && theirs.origin == run.source && memory(run, key)?.output != theirs.base
    }

    /// Whether the destination may have learnt that the source does not hold its output any more, or did not for a while,
    /// or that the source kept something else beside it, were it before another one took the row over there. Then what
    /// arrives was not made of it, and the policy decides; as long as it has not, what arrives counts as made of it.
    func mayKnowBetter(_ run: ModelRun, _ key: ItemKey, _ theirs: ModelRow) -> Bool {
        let back = memory[Stream(source: run.destination, destination: run.source)]?[key]
        let mine = row(run.source, key)
        return run.keepsEdits && back?.isHeld == true && back?.output == theirs.item
            && (mine.origin != run.destination || mine.mayBeUnmerged || back?.wasOthers == true
                || mine.unmergedBefore.contains(run.destination))
    }

    /// Whether the destination deleted what it may still believe the source to hold.
    func mayRememberSending(_ run: ModelRun, _ key: ItemKey, _ theirs: ModelRow) -> Bool {
        run.keepsEdits && theirs.item == nil
            && memory[Stream(source: run.destination, destination: run.source)]?[key]?.isHeld == true
    }

    /// Whether the destination deleted what the source may know to have sent: not by a run of the source.
    func mayMiss(_ run: ModelRun, _ key: ItemKey, _ theirs: ModelRow) -> Bool {
        run.keepsEdits && theirs.item == nil && memory(run, key) != nil
    }

    /// A row that is kept may be a merge, where it is known what both sides were made of.
    private func original(
        _ run: ModelRun, _ key: ItemKey, _ old: ModelRow, _ output: ModelItem, _ actual: ModelItem?
    ) -> Decision {
        guard let target = old.item, let actual, actual != target else { return .keepOriginal(output) }
        let isMerge = bases(run, key, old).contains { base in
            run.scope.policy == .mergeFields
                ? output.patched(by: target, since: base) == actual : target.patched(by: output, since: base) == actual
        }
        return isMerge ? .patch(actual, output: output) : .keepOriginal(output)
    }

    /// What both sides may have been made of.
    private func bases(_ run: ModelRun, _ key: ItemKey, _ old: ModelRow) -> [ModelItem] {
        let sent = memory[Stream(source: run.destination, destination: run.source)]?[key]?.output
        let last = old.origin == run.source ? old.base : nil
        let earlier = old.origin == run.source ? Array(old.earlierBases) : []
        return [sent, last].compactMap { $0 } + earlier
    }

    /// What was kept away by an unfiltered original, and is no part of it: nobody chose between the two.
    private func unmerged(_ run: ModelRun, _ key: ItemKey, _ old: ModelRow, _ decision: Decision) -> ModelItem? {
        guard case .keepOriginal(let output) = decision, run.scope.policy == .source, let target = old.item,
            !bases(run, key, old).contains(where: { target.patched(by: output, since: $0) == target })
        else { return nil }
        return output
    }

    private mutating func noteWaiting(_ output: ModelItem?, _ run: ModelRun, _ key: ItemKey, beside row: ModelRow) {
        var versions = (waiting[run.destination][key] ?? [:]).filter { $0.value != row.item }
        versions[run.source] = output
        waiting[run.destination][key] = versions.isEmpty ? nil : versions
    }

    private mutating func outcome(_ decision: Decision, _ old: ModelRow, source: Int) -> ModelRow {
        var row = decided(decision, old, source: source)
        let kept = old.mayBeUnmerged && old.origin != source ? old.origin : nil
        row.unmergedBefore = old.unmergedBefore.union([kept].compactMap { $0 })
        return row
    }

    private mutating func decided(_ decision: Decision, _ old: ModelRow, source: Int) -> ModelRow {
        switch decision {
        case .nothing, .eitherWay: return old
        case .apply(let output):
            let life = old.item == nil ? nextWriting() : old.life
            return ModelRow(item: output, origin: source, base: output, writing: nextWriting(), life: life)
        case .adopt(let output):
            return ModelRow(item: old.item, origin: source, base: output, writing: old.writing, life: old.life)
        case .keepOriginal(let output):
            let bases = old.origin == source ? old.earlierBases.union([old.base].compactMap { $0 }) : []
            return ModelRow(
                item: old.item, origin: source, base: output, isKept: true, mayBeUnmerged: true, earlierBases: bases,
                writing: old.writing, life: old.life)
        case .patch(let item, let output):
            return ModelRow(
                item: item, origin: source, base: output, isKept: item != output, mayBeUnmerged: item != output,
                writing: nextWriting(), life: old.life)
        case .delete where old.item != nil: return ModelRow(item: nil, deletedBy: source, writing: nextWriting())
        case .delete, .release, .keepDeleted:
            return ModelRow(
                item: old.item, revertedFrom: old.revertedFrom, returned: old.disowned, deletedBy: old.deletedBy,
                writing: old.writing, life: old.life)
        }
    }

    private mutating func remember(_ run: ModelRun, _ key: ItemKey, _ decision: Decision, theirs: ModelRow) {
        let stream = Stream(source: run.source, destination: run.destination)
        let known = memory[stream]?[key]
        let mine = row(run.source, key)
        let isTheirs = mine.origin == run.destination && !mine.isEdited
        let outcome = mine.item.map { run.matches($0, key) ? filters[run.source].outcome($0) : .skip }
        switch decision {
        case .apply(let output), .adopt(let output), .keepOriginal(let output), .patch(_, let output):
            memory[stream, default: [:]][key] = ModelMemory(
                source: mine.item, output: output, life: mine.life, isHeld: true)
            sent[stream, default: [:]][key, default: []].insert(output.version)
            heldBack[stream]?.remove(key)
        case .release where outcome == .drop && !isTheirs, .delete where outcome == .drop,
            .keepDeleted where outcome == .drop:
            let before = known ?? ModelMemory(life: mine.life, isHeld: false)
            memory[stream, default: [:]][key] = before.letGo(mine, isSpared: decision == .keepDeleted)
        case .delete, .release, .keepDeleted:
            // A rollback may bring the item back of which something was sent, and the destination may make something
            // else of it; one that a filter left out is still the one of which something was sent.
            let isRemembered = !isTheirs && (mine.item != nil || known?.output != nil || known?.source != nil)
            memory[stream]?[key] = isRemembered ? known?.letGo() : nil
            // One that was sent as it was and is gone never is the item that has the id again.
            if mine.item == nil, known?.output == known?.source { memory[stream]?[key]?.life = -1 }
        case .nothing, .eitherWay: rememberQuiet(run, key, isTheirs ? nil : outcome, theirs: theirs)
        }
        settleDelete(run, key, decision, isEqual: theirs.base.map { outcome == .put($0) } ?? false)
    }

    /// What the destination had deleted and gets again is not to be deleted at the source any more. `isEqual`: the
    /// destination holds what the source would send, which that may look at or not.
    private mutating func settleDelete(_ run: ModelRun, _ key: ItemKey, _ decision: Decision, isEqual: Bool) {
        guard keptDeletes[run.source][key]?.source == run.destination else { return }
        switch decision {
        case .apply, .adopt, .keepOriginal, .patch: keptDeletes[run.source][key] = nil
        case .nothing, .eitherWay: keptDeletes[run.source][key]?.mayBeSettled = isEqual
        case .delete, .release, .keepDeleted: break
        }
    }

    /// The instance has found out that the delete needs no decision.
    mutating func noteSettled(_ key: ItemKey, at instance: Int) { keptDeletes[instance][key] = nil }

    /// A row that the run left alone: what was looked at is known all the same.
    private mutating func rememberQuiet(
        _ run: ModelRun, _ key: ItemKey, _ outcome: ModelFilter.Outcome?, theirs: ModelRow
    ) {
        let stream = Stream(source: run.source, destination: run.destination)
        let isOurs = theirs.origin == run.source
        if !isOurs { memory[stream]?[key]?.wasOthers = true }
        let mine = row(run.source, key)
        guard let item = mine.item else {
            if !isOurs { memory[stream]?[key]?.isUncertain = true }
            return
        }
        let known = memory[stream]?[key]
        // Lists do not name what is gone: whoever compares then starts anew with the row.
        if !isOurs, theirs.item == nil { memory[stream]?[key]?.isUncertain = true }
        guard run.matches(item, key) else { return }
        if theirs.revertedFrom == run.source {
            var taken = known?.letGo() ?? ModelMemory(life: mine.life, isHeld: false)
            taken.reverted = item
            memory[stream, default: [:]][key] = taken
        } else if isOurs {
            guard let known, known.life == mine.life || outcome == .put(known.output ?? item) else { return }
            memory[stream]?[key]?.source = item
            memory[stream]?[key]?.life = mine.life
        } else if outcome == .drop || outcome == .skip, memory[stream]?[key]?.reverted == nil {
            guard let known = memory[stream]?[key], !known.isHeld || known.source != item else { return }
            memory[stream]?[key] = known.letGo(mine)
        }
    }
}

// MARK: Rollback

extension ReferenceModel {
    /// Runs at an instance whose undo is known, the newest last.
    func undoable(at instance: Int) -> [String] {
        undo.filter { $0.value.instance == instance }.keys.sorted()
    }

    /// What a run changed, in words.
    func describe(_ run: String) -> String {
        (undo[run]?.rows ?? [:]).sorted { $0.key < $1.key }
            .map { "\($0.key): \($0.value.old) -> \($0.value.new)" }.joined(separator: "; ")
    }

    /// `item`: the only one that is meant; nil for all of the run.
    mutating func rollback(
        _ run: String, only item: ItemKey? = nil, as rollback: String
    ) -> (restored: Int, kept: Set<ItemKey>) {
        guard let entry = undo[run] else { return (0, []) }
        var changes: [ItemKey: (old: ModelRow, new: ModelRow)] = [:]
        var kept: Set<ItemKey> = []
        for (key, change) in entry.rows where item == nil || key == item {
            let present = row(entry.instance, key)
            guard isUntouched(present, change, entry.source) else {
                kept.insert(key)
                continue
            }
            let back = entry.source.map { change.old.comingBack(from: $0) } ?? change.old
            rows[entry.instance][key] = back
            rows[entry.instance][key]?.unmergedBefore.formUnion(present.unmergedBefore)
            // What the source of the run had sent may not be in what comes back.
            if let source = entry.source, change.new.base != nil {
                rows[entry.instance][key]?.unmergedBefore.insert(source)
            }
            if back.item == nil {
                takeOff(key, at: entry.instance, run: rollback)
            } else if let delete = takenOff[run]?[key] {
                keptDeletes[entry.instance][key] = delete
            }
            waiting[entry.instance][key] = nil
            changes[key] = (present, back)
        }
        undo[run]?.rows = entry.rows.filter { changes[$0.key] == nil }
        if undo[run]?.rows.isEmpty == true { undo[run] = nil }
        if !changes.isEmpty { undo[rollback] = (entry.instance, nil, true, changes) }
        return (changes.count, kept)
    }

    private func isUntouched(_ present: ModelRow, _ change: (old: ModelRow, new: ModelRow), _ source: Int?) -> Bool {
        let isSameBody = present.item == nil ? change.new.item == nil : present.writing == change.new.writing
        let isSettled = change.old.writing == change.new.writing
        guard isSameBody else { return false }
        guard source == nil || isSettled else { return true }
        return present.origin == change.new.origin && present.base == change.new.base
    }

    mutating func forgetUndo(at instance: Int, except kept: Set<String>) {
        undo = undo.filter { $0.value.instance != instance || kept.contains($0.key) }
    }
}

extension ReferenceModel {
    /// An item at every instance, and what sources remember of it.
    func describe(_ key: ItemKey) -> String {
        let known = memory.compactMap { stream, items in
            items[key].map { "\(stream.source) to \(stream.destination): \($0)" }
        }
        return "\(rows.map { $0[key] ?? ModelRow() }); \(known.sorted().joined(separator: "; "))"
    }
}
