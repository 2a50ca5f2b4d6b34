internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

extension HeldPage {
    /// Of rows that the key does not cover only those that the caller left here: those it knows. Where the page ends
    /// tells of no others either.
    func told(to key: AcceptedKey, of kind: Kind) -> HeldPage {
        guard digests == nil, !key.covers(kind) else { return self }
        let told = items.filter { $0.isOfSource || key.covers(kind, $0.id) }
        let last = told.last.map { ListPosition(bucket: Bucket(kind: kind, id: $0.id).number, id: $0.id) }
        var page = HeldPage(items: told, next: next == nil ? nil : last)
        page.runs = runs
        return page
    }
}

extension ExcludedItem {
    /// Skipped is also an item on which a handler failed, and then the words of the failure may quote it.
    var told: ExcludedItem {
        ExcludedItem(kind: kind, id: id, isDropped: isDropped, reason: isDropped ? reason : "")
    }
}

extension CommitResult {
    /// Somebody who may write definitions at will could ask by them what the items here hold.
    func told(to call: SignedCall) -> CommitResult {
        var told = self
        told.schemaChanges = call.mayPull ? schemaChanges?.told(to: call.token.key) : nil
        told.dangling = dangling?.told(to: call.token.key)
        return told
    }
}

extension DanglingLinks {
    /// What became of a run may be asked with a key that covers less than the one that committed it.
    func told(to key: AcceptedKey) -> DanglingLinks? {
        let covered = links.filter { (try? Kind($0.missingKind)).map(key.covers) ?? (key.kinds == nil) }
        guard covered.count < links.count else { return self }
        return covered.isEmpty ? nil : DanglingLinks(count: covered.count, links: covered)
    }
}

extension SchemaChanges {
    func told(to key: AcceptedKey) -> SchemaChanges? {
        guard !key.coversItemsOfItsModels else { return self }
        // How many there are beyond those that are listed concerns other models too.
        let changes = changes.filter { key.coversItems(of: $0.model) }
        return changes.isEmpty ? nil : SchemaChanges(count: changes.count, changes: changes)
    }
}
