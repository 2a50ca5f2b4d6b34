import ContentModel
import SyncEngine

/// What a simulated run is asked to do.
struct ModelRun: Hashable {
    var source: Int
    var destination: Int
    var scope: Scope
    var includesReverted: Bool
    /// Only items of at least this version, where the scope has a filter.
    var minimum: Int?

    var isMirror: Bool { scope.mode == .mirror }
    /// Whether edits at the destination stay and wait, as far as they can.
    var keepsEdits: Bool { scope.policy != .source }

    func includes(_ key: ItemKey) -> Bool {
        if let items = scope.items { return items[key.kind.name]?.contains(key.id) ?? false }
        guard let models = scope.models else { return true }
        return key.kind.model.map(models.contains) ?? (key.kind != .locales && models.contains(key.id))
    }

    func matches(_ item: ModelItem, _ key: ItemKey) -> Bool {
        guard let minimum, key.kind.isContent else { return true }
        return item.version >= minimum
    }
}
