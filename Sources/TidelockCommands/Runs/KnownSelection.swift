internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

extension SourceStore {
    /// What a push deserves whose selection names something of which this instance knows nothing: `unknown_kind` for
    /// models and projects, `unknown_item` for items. Nil where it knows all of it.
    func unknownSelection(in scope: Scope) async throws -> TidelockError? {
        try await unknownName(in: scope)?.failure(isHere: true)
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
