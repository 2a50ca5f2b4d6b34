internal import ContentStore
internal import HookHost

/// A local edit of assets. Observers see content only, so they are told of the items whose copies it changed.
struct AssetEdit {
    let instance: Instance

    @discardableResult
    func perform(
        _ description: String, _ body: (inout LocalEdit.Writer) throws -> Void
    ) async throws -> LocalWriteReport {
        let report = try await LocalEdit(instance: instance, editor: .here).perform(description, body)
        if report.copies > 0 { await tellObservers() }
        return report
    }

    /// The edit is done: handlers that cannot be loaded are told by whoever loads them next.
    private func tellObservers() async {
        do {
            let hooks = try await instance.hooks()
            defer { hooks.stop() }
            await EventDelivery(instance: instance, hooks: hooks).deliverDue()
            await hooks.drain()
        } catch {
            Complaint.warn("observers are told later: \(error)")
        }
    }
}
