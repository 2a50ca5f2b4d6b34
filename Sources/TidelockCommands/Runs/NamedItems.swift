internal import ContentModel
internal import ContentStore
internal import SyncEngine
internal import SyncProtocol

/// The items that a push was asked for by name: whether handlers kept all of them back, so that nothing moved.
struct NamedItems {
    let instance: Instance
    let target: Target

    /// What a run deserves that changed nothing and was asked for items which handlers hold back: `hook_refused`.
    func refusal(of request: SyncRunner.Request, _ report: RunReport) async throws -> TidelockError? {
        guard request.direction == .push, request.scope.itemRule != nil, report.status == .unchanged else { return nil }
        let items = try request.scope.itemKeys
        guard !items.isEmpty, let other = try await instance.store.instance(answering: target.name, at: target.uri)
        else { return nil }
        let held = try await instance.store.heldBack(items, from: other)
        guard held.count == items.count, let first = held.first else { return nil }
        let more = held.count > 1 ? " and \(held.count - 1) more" : ""
        return TidelockError(
            .hookRefused,
            "Handlers hold \(first.kind)/\(first.id.printable)\(more) back from '\(target.name)'; nothing was moved.",
            hint: "'tidelock hooks list' names the handlers of sync.content.before and its like.")
    }
}
