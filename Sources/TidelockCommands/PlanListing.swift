internal import ContentModel
internal import SyncEngine

/// One row of a plan as people and `--json` see it.
struct ListedRow: Codable, Sendable, Equatable {
    enum Operation: String, Codable, Sendable {
        case create, update, delete, release, drop, skip
    }

    var kind: String
    var id: String
    var operation: Operation
    /// What the handler said that left it out.
    var reason: String?
}

extension ListedRow {
    /// What the plan changes, and then what handlers left out; `limit` rows at most.
    static func list(_ planned: [PlannedRow], _ excluded: [Exclusions.Row], limit: Int) -> [ListedRow] {
        // A row that a handler dropped and that has to go stands in both lists, and is told with its reason once.
        let reasons = Dictionary(
            excluded.map { (ItemKey($0.kind, $0.id), $0.reason) }, uniquingKeysWith: { first, _ in first })
        var told: Set<ItemKey> = []
        var rows: [ListedRow] = []
        for row in planned.prefix(limit) {
            guard let kind = try? Kind(row.kind) else { continue }  // kinds of the store are valid
            let item = ItemKey(kind, row.id)
            told.insert(item)
            rows.append(ListedRow(kind: row.kind, id: row.id, operation: row.listed, reason: reasons[item]))
        }
        guard planned.count <= limit else { return rows }
        for row in excluded where !told.contains(ItemKey(row.kind, row.id)) {
            rows.append(
                ListedRow(
                    kind: row.kind.name, id: row.id, operation: row.isDropped ? .drop : .skip, reason: row.reason))
        }
        return Array(rows.prefix(limit))
    }

    var line: String {
        "  \(operation.rawValue)  \(kind)/\(id.printable)"
            + (reason.map { $0.isEmpty ? "" : ": \($0.printable)" } ?? "")
    }
}

extension PlannedRow {
    fileprivate var listed: ListedRow.Operation {
        switch operation {
        case .delete: .delete
        case .release: .release
        case .put: destination.holder == .source || destination.holder == .edited ? .update : .create
        }
    }
}
