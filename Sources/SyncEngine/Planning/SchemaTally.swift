public import ContentModel
public import SyncProtocol

/// Adds up, page by page, how many items the changes of one definition affect.
struct SchemaTally {
    private var counts: [SchemaCount]
    private let positions: [SchemaChange: Int]

    init(_ changes: [SchemaChange]) {
        counts = changes.map { SchemaCount($0) }
        positions = Dictionary(
            changes.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    }

    var changes: [SchemaChange] { counts.map(\.change) }

    /// What is affected, told for each change.
    var findings: SchemaChanges {
        let affected = counts.filter { $0.items > 0 }
        return SchemaChanges(
            count: affected.count, changes: affected.prefix(Limits.listedSchemaChanges).map(SchemaFinding.init))
    }

    mutating func add(_ page: SchemaPage) {
        for count in page.counts {
            guard let position = positions[count.change] else { continue }
            // Whoever answers may say anything.
            let (sum, isTooMuch) = counts[position].items.addingReportingOverflow(count.items)
            counts[position].items = isTooMuch ? .max : sum
            counts[position].name(count.examples)
        }
    }

    /// An item that a plan brings.
    mutating func add(_ item: JSONDocument, _ reference: ItemReference) {
        for position in changes.affecting(item) {
            counts[position].items += 1
            counts[position].name([reference])
        }
    }

    /// Items that were added with others and that a plan replaces or deletes, as far as they are affected.
    mutating func remove(_ page: SchemaPage, _ references: Set<ItemReference>) {
        for count in page.counts {
            guard let position = positions[count.change] else { continue }
            // An item that was put right between both answers counts in neither.
            counts[position].items = max(0, counts[position].items - count.items)
            counts[position].examples.removeAll(where: references.contains)
        }
    }
}

extension SchemaCount {
    fileprivate mutating func name(_ items: [ItemReference]) {
        examples += items.prefix(max(0, Limits.schemaCandidates - examples.count))
    }
}

extension SchemaChanges {
    /// What is told of them, in the order of models and fields; nil when there are none.
    var told: SchemaChanges? {
        guard count > 0 else { return nil }
        var told = self
        told.changes.sort { $0.place < $1.place }
        return told
    }
}

extension SchemaChanges {
    /// What stops a run that was asked not to break anything; nil when there is nothing to break.
    public var refusal: TidelockError? {
        guard let first = changes.first else { return nil }
        let place = [first.model, first.field].compactMap { $0 }.joined(separator: ".")
        return TidelockError(
            .breakingSchema,
            "Definitions that the run brings or deletes would break \(count) things at the destination, the first at '\(place.printable)' for \(first.items) items; nothing was changed.",
            hint: "'plan' lists them. Bring those items in line first, or run without --fail-on-schema.",
            details: ["changes": String(count)])
    }
}

extension SchemaFinding {
    fileprivate var place: (String, String, String) { (model, field ?? "", change.rawValue) }
}

extension SchemaChange {
    /// The breaking changes of one definition that are looked at: no definition that people write has more.
    static func examined(of model: String, from old: JSONDocument, to new: JSONDocument?) -> [SchemaChange] {
        Array(breaking(model: model, from: old, to: new).prefix(Limits.schemaChanges))
    }
}
