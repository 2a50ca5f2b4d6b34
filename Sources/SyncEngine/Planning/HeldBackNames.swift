internal import ContentModel
internal import SyncProtocol

extension LinkedItems {
    /// Those of the items that a scope names which handlers keep from an instance, and what they say; nil where there
    /// are none. What came from that instance is not sent back to it, whatever handlers make of it.
    func heldBack(of scope: Scope, from peer: String) async throws -> [ExcludedItem]? {
        let exclusions = Exclusions(limit: Limits.excludedItems)
        let named = try await meant(by: try scope.itemKeys.sorted()).filter { !hooks.filters(for: $0.kind).isEmpty }
        for part in named.parts(of: Self.page) {
            let own = try await store.received(part, from: peer)
            try await note(part.filter { !own.contains($0) }, in: exclusions)
        }
        return exclusions.items.isEmpty ? nil : exclusions.items
    }

    private func note(_ named: [ItemKey], in exclusions: Exclusions) async throws {
        let bodies = try await store.bodies(of: named)
        for (kind, keys) in Dictionary(grouping: named, by: \.kind).sorted(by: { $0.key < $1.key }) {
            let items = keys.compactMap { key in bodies[key].map { OutgoingItem(id: key.id, body: $0) } }
            for (item, outcome) in zip(items, try await hooks.filter(items, of: kind)) {
                exclusions.note(outcome, of: kind, item.id)
            }
        }
    }
}
