internal import ContentModel
internal import ContentStore
internal import SyncEngine
internal import SyncProtocol

extension Store {
    /// What a push deserves whose selection names something of which this instance knows nothing: `unknown_kind` for
    /// models and projects, `unknown_item` for items. Nil where it knows all of it.
    func unknownSelection(in scope: Scope) async throws -> TidelockError? {
        switch try await firstUnknown(of: try scope.selectedNames) {
        case nil: return nil
        case .model(let name)?:
            return TidelockError(
                .unknownKind,
                "There is no model '\(name.printable)' here.\(didYouMean(name, among: try await modelNames()))",
                hint: "'tidelock ls models' lists those that are defined.")
        case .project(let name)?:
            let known = try await kinds().compactMap(\.project).filter { $0 != name }
            return TidelockError(
                .unknownKind, "There is no project '\(name.printable)' here.\(didYouMean(name, among: known))",
                hint: "'tidelock lokalize projects' lists them.")
        case .item(let item)?:
            return TidelockError(
                .unknownItem,
                "There is no item \(item.kind)/\(item.id.printable) here.\(try await suggestion(for: item))",
                hint: "'tidelock ls \(item.kind)' lists the items.")
        }
    }

    /// A singleton that was named as an item of its model, or a model that is spelled like this.
    private func suggestion(for item: ItemKey) async throws -> String {
        guard let model = item.kind.model else { return "" }
        let singleton = ItemKey(.singletons, item.id)
        if ItemID(model) == ItemID(item.id), try await firstUnknown(of: [.item(singleton)]) == nil {
            return " Did you mean '\(Kind.singletons)/\(item.id)'?"
        }
        let models = try await modelNames()
        return models.contains(model) ? "" : didYouMean(model, among: models)
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

extension RunMachine.Outcome {
    /// Whether there was nothing to do, neither here nor there.
    var isIdle: Bool {
        switch self {
        case .inSync, .unchanged: true
        case .planned(let plan), .committed(let plan, _): plan.operations == 0
        case .failed: false
        }
    }
}
