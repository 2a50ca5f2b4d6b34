import SyncEngine

/// How a row came out of a run.
struct ModelOutcome {
    var item: ModelItem?
    var origin: Int?
    /// A delete of the run's source was not carried out, and is listed.
    var keepsDelete: Bool
}

extension ReferenceModel {
    /// Whether a delete would take away a version that the source never had, of an item that it had sent there or had
    /// from there.
    func unseenEdit(_ run: ModelRun, _ key: ItemKey, _ theirs: ModelRow) -> Refusal {
        guard run.keepsEdits, let item = theirs.item, theirs.origin != run.source else { return .never }
        let answers = [isAnotherThanSent(run, key, item), isUnseen(run, key, theirs, item)]
        return answers.contains(.always) ? .always : answers.contains(.maybe) ? .maybe : .never
    }

    /// What was made of an item that the source had sent, and that was let go or deleted since, is a version that the
    /// source never had. It remembers the output that it sent last, which may be another by what lists told it.
    private func isAnotherThanSent(_ run: ModelRun, _ key: ItemKey, _ item: ModelItem) -> Refusal {
        let stream = Stream(source: run.source, destination: run.destination)
        // Of an item that came from there, the destination knows which version that was.
        guard let versions = sent[stream]?[key], row(run.source, key).origin != run.destination else { return .never }
        let isKnown = memory(run, key)?.output != nil
        return isKnown && !versions.contains(item.version) && !mayBeSpared(run, key) ? .always : .maybe
    }

    /// Where the source had the item from the destination, only that can tell, unless the source knows that it has kept
    /// its own.
    ///
    /// It remembers what it looked at when it sent the item last; what it has found out since about the source, or
    /// about outputs that stayed as they were, nobody knows here.
    private func isUnseen(_ run: ModelRun, _ key: ItemKey, _ theirs: ModelRow, _ item: ModelItem) -> Refusal {
        var back = run
        (back.source, back.destination) = (run.destination, run.source)
        let mine = row(run.source, key)
        guard let known = memory(back, key), let output = known.output else {
            let isUnmerged = mine.origin == run.destination && mine.mayBeUnmerged
            return isUnmerged || mine.unmergedBefore.contains(run.destination) ? .maybe : .never
        }
        let isHeld = known.isHeld && !known.wasOthers && !known.isUncertain && known.reverted == nil
        guard isHeld, known.life == theirs.life, known.source != item, output.version != item.version,
            !mayBeSpared(run, key)
        else { return .maybe }
        return .always
    }

    /// Whether the run may find items that a handler drops by now, and that it keeps once more.
    func mayKeepDeletes(_ run: ModelRun) -> Bool {
        guard run.isMirror, run.keepsEdits else { return false }
        return keys(run).contains { decision(run, $0) == .eitherWay }
    }
}
