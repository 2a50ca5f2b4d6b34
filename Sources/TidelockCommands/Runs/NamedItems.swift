internal import ContentModel
internal import ContentStore
internal import SyncEngine
internal import SyncProtocol

/// The items that a run was asked for by name: whether handlers kept all of them back, so that nothing moved.
struct NamedItems {
    let instance: Instance
    let target: Target

    /// What a run deserves that changed nothing and was asked for items which handlers hold back: `hook_refused`.
    func refusal(of request: SyncRunner.Request, _ report: RunReport) async throws -> TidelockError? {
        guard request.scope.itemRule != nil, report.status == .unchanged, request.scope.namedItems > 0
        else { return nil }
        switch request.direction {
        case .push: return try await refusal(ofPush: try request.scope.itemKeys)
        case .pull: return refusal(ofPull: report.heldBack ?? [], asked: request.scope.namedItems)
        }
    }

    private func refusal(ofPush items: [ItemKey]) async throws -> TidelockError? {
        guard let other = try await instance.store.instance(answering: target.name, at: target.uri)
        else { return nil }
        let held = try await instance.store.heldBack(items, from: other)
        guard held.count == items.count, let first = held.first else { return nil }
        return TidelockError(
            .hookRefused,
            "Handlers hold \(first.kind)/\(first.id.printable)\(more(than: held.count)) back from '\(target.name)'; nothing was moved.",
            hint: "'tidelock hooks list' names the handlers of sync.content.before and its like.")
    }

    private func refusal(ofPull held: [ListedRow], asked: Int) -> TidelockError? {
        guard held.count == asked, let first = held.first else { return nil }
        let reason = (first.reason ?? "").isEmpty ? "" : " (\((first.reason ?? "").printable))"
        return TidelockError(
            .hookRefused,
            "Handlers of '\(target.name)' hold \(first.kind.printable)/\(first.id.printable)\(more(than: held.count)) back\(reason); nothing was moved.",
            hint: "'tidelock hooks list' there names the handlers of sync.content.before and its like.")
    }

    private func more(than held: Int) -> String { held > 1 ? " and \(held - 1) more" : "" }
}
