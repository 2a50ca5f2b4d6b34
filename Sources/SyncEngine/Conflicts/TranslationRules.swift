internal import ContentModel

/// Decides what becomes of translations and their projects that arrive where there is one already. Pure.
///
/// Comes before handlers and policies: what such a rule keeps is no conflict, whoever made it.
struct TranslationRules {
    let rule: TranslationSelection.Rule

    /// Nil where the rule says nothing: for other kinds, and where the item was deleted on one of the sides.
    func settlement(of conflict: ItemConflict) -> Settlement? {
        guard conflict.kind.job == .lokalize, let source = conflict.versions.source,
            let target = conflict.versions.target
        else { return nil }
        switch rule {
        case .override: return nil
        case .missingKeys: return .spared
        case .missingValues:
            guard conflict.kind.project != nil else { return .spared }
            let filled = Translation(target).filled(from: Translation(source).values).item
            return filled == target ? .spared : .filled(filled)
        }
    }
}
