public import ContentModel
public import SyncProtocol

/// What a selection may name.
public enum SelectedName: Sendable, Hashable {
    case model(String)
    case project(String)
    case item(ItemKey)
}

extension SourceStore {
    /// The first of the names of a selection of which this instance knows nothing; nil where it knows all of them.
    public func unknownName(in scope: Scope) async throws -> UnknownName? {
        switch try await firstUnknown(of: try scope.selectedNames) {
        case nil: return nil
        case .model(let name)?:
            return UnknownName(.model, name, suggestion: nearest(to: name, among: try await modelNames()))
        case .project(let name)?:
            let known = try await kinds().compactMap(\.project).filter { $0 != name }
            return UnknownName(.project, name, suggestion: nearest(to: name, among: known))
        case .item(let item)?:
            return UnknownName(.item, item.id, kind: item.kind.name, suggestion: try await suggestion(for: item))
        }
    }

    /// A singleton that was named as an item of its model, or a model that is spelled like this.
    private func suggestion(for item: ItemKey) async throws -> String? {
        guard let model = item.kind.model else { return nil }
        let singleton = ItemKey(.singletons, item.id)
        if ItemID(model) == ItemID(item.id), try await firstUnknown(of: [.item(singleton)]) == nil {
            return "\(Kind.singletons)/\(item.id)"
        }
        let models = try await modelNames()
        return models.contains(model) ? nil : nearest(to: model, among: models)
    }
}

extension Scope {
    /// What is named one by one, as far as nobody else looks it up.
    fileprivate var selectedNames: [SelectedName] {
        get throws {
            let jobs = effectiveJobs
            var names: [SelectedName] = []
            if jobs.contains(.content) {
                names += (models ?? []).map { .model($0) }
                if itemRule == nil { names += try itemKeys.map { .item($0) } }
            }
            if jobs.contains(.lokalize) { names += (translations?.projects ?? []).map { .project($0) } }
            return names
        }
    }
}
