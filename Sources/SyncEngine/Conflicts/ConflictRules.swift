internal import ContentModel

/// Decides what becomes of one conflict that handlers left open. Pure.
struct ConflictRules {
    let policy: ConflictPolicy

    /// Nil where the policy stops the run. `base` is what both versions were made of, where that could be found.
    func settlement(of staged: StagedConflict, base: JSONDocument?) -> Settlement? {
        // What stayed beside one version is an edit to the next.
        let isPatched = !staged.isKept || policy == .source || policy == .mergeFields
        if isPatched, let patch = patch(staged, base: base) { return patch }
        switch policy {
        case .source: return .applied
        case .target: return .keptTarget
        case .fail: return nil
        case .park: return .parked
        case .mergeFields:
            let versions = staged.conflict.versions
            guard let base, let source = versions.source, let target = versions.target else { return .parked }
            let merge = FieldMerge(base: base, source: source, target: target)
            return merge.conflicts.isEmpty
                ? .merged(merge.merged) : .mergedParked(merge.merged, fields: merge.conflicts)
        }
    }

    /// An unfiltered original takes what the source changed and keeps what was held back from it; where it cannot do
    /// both, the change waits. An edit made here is left to the policies that do not merge.
    private func patch(_ staged: StagedConflict, base: JSONDocument?) -> Settlement? {
        let versions = staged.conflict.versions
        guard staged.isOriginal, let base, let source = versions.source, let target = versions.target,
            policy == .source || policy == .mergeFields || staged.isUntouched
        else { return nil }
        let merge = FieldMerge(
            patching: target, isUntouched: staged.isUntouched, base: base, source: source,
            preferring: policy == .source ? .source : .target)
        if merge.conflicts.isEmpty { return staged.isUntouched ? .patched(merge.merged) : .merged(merge.merged) }
        switch policy {
        case .source:
            return merge.waiting.isEmpty ? .merged(merge.merged) : .mergedParked(merge.merged, fields: merge.waiting)
        case .mergeFields: return .mergedParked(merge.merged, fields: merge.conflicts)
        case .target, .fail, .park: return nil
        }
    }
}
