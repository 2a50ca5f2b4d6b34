import ContentModel
import SyncEngine

/// Whether a run is refused, as far as the rules tell.
enum Refusal: Hashable {
    case never
    /// Depends on what the source has had a reason to find out.
    case maybe
    case always
}

extension ReferenceModel {
    /// Whether a run that nobody confirmed is stopped for its deletes. No kind here is so large that a tenth of it counts.
    func deleteGuard(_ run: ModelRun) -> Refusal {
        guard run.isMirror else { return .never }
        let deletes = Dictionary(grouping: keys(run), by: \.kind).mapValues { keys in
            (certain: keys.count { isDelete(run, $0) == .always }, possible: keys.count { isDelete(run, $0) != .never })
        }
        if deletes.values.contains(where: { $0.certain > DeleteGuard.perKind }) { return .always }
        return deletes.values.contains { $0.possible > DeleteGuard.perKind } ? .maybe : .never
    }

    /// Whether the row counts as one to delete. Where the destination has lost it, the source may not know.
    private func isDelete(_ run: ModelRun, _ key: ItemKey) -> Refusal {
        let theirs = row(run.destination, key)
        switch decision(run, key) {
        case .delete where theirs.item != nil && !mayBeSpared(run, key), .keepDeleted where theirs.origin == run.source:
            return .always
        case .delete, .keepDeleted, .eitherWay: return .maybe
        case .nothing where row(run.source, key).item == nil && (theirs.item != nil || theirs.isEdited): return .maybe
        case .nothing: return .never
        case .apply, .adopt, .keepOriginal, .patch, .release: return .never
        }
    }

    /// Whether the policy `fail` stops a run: something edited at the destination would be changed.
    func conflicts(_ run: ModelRun) -> Refusal {
        guard run.scope.policy == .fail else { return .never }
        let met = Set(keys(run).map { isConflict(run, $0) })
        return met.contains(.always) ? .always : met.contains(.maybe) ? .maybe : .never
    }

    private func isConflict(_ run: ModelRun, _ key: ItemKey) -> Refusal {
        let theirs = row(run.destination, key)
        switch decision(run, key) {
        case .keepDeleted: return theirs.origin == run.source ? .always : .maybe
        case .keepOriginal:
            var back = run
            (back.source, back.destination) = (run.destination, run.source)
            // An unfiltered original takes what the source changed, unless both changed the same.
            return memory(back, key)?.isLess(than: theirs) == true ? .maybe : .always
        case .apply:
            let isUncertain =
                mayKnowBetter(run, key, theirs) || mayRememberSending(run, key, theirs)
                || mayMiss(run, key, theirs) || isContested(run, key, theirs)
            return isUncertain ? .maybe : .never
        case .delete:
            return isContested(run, key, theirs) || unseenEdit(run, key, theirs) != .never ? .maybe : .never
        case .eitherWay: return .maybe
        case .nothing, .adopt, .patch, .release: return .never
        }
    }

    /// Whether a mirror must be refused because the source holds nothing that could prove its deletes.
    func isRefused(_ run: ModelRun) -> Bool {
        isRefused(run) { !mayBeSpared(run, $0) }
    }

    /// The same, and whether it depends on what the destination spares.
    func mayBeRefused(_ run: ModelRun) -> Bool {
        isRefused(run) { _ in true }
    }

    private func isRefused(_ run: ModelRun, counting isCounted: (ItemKey) -> Bool) -> Bool {
        guard run.isMirror else { return false }
        let doomed = keys(run).filter { key in
            [.delete, .keepDeleted].contains(decision(run, key)) && rows[run.source][key] == nil && isCounted(key)
                && !(run.keepsEdits && keptDeletes[run.destination][key]?.source == run.source)
        }
        return doomed.contains { key in
            !rows[run.source].contains { $0.key.kind == key.kind && $0.value.item != nil }
        }
    }
}
