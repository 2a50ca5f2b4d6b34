internal import ContentModel
internal import SyncProtocol

/// Finds out at the destination what definitions of models break among its items.
///
/// Only items of models whose definitions break something are looked at, page by page and in transactions that only
/// read: a commit need not hold its lock for them.
struct SchemaSurvey: Sendable {
    let store: any DestinationStore

    /// What the definitions that a transfer has staged break, once its conflicts are decided.
    ///
    /// Items that the transfer replaces count as they arrive. The lease is kept meanwhile; throws `fenced` when it was
    /// lost.
    func staged(transfer: String, fence: Int64) async throws -> StagedSchema {
        var schema = StagedSchema()
        var found = SchemaChanges()
        var position: ListPosition?
        repeat {
            let page = try await store.stagedDefinitions(transfer: transfer, after: position)
            schema.note(page)
            for definition in page.definitions {
                let changes = SchemaChange.examined(
                    of: definition.model, from: definition.old, to: definition.new)
                guard !changes.isEmpty else { continue }
                schema.kinds += Kind.holding(definition.model)
                found.add(try await count(changes, of: definition.model, transfer: transfer, fence: fence))
            }
            position = page.next
        } while position != nil
        schema.changes = found.told
        return schema
    }

    private func count(
        _ changes: [SchemaChange], of model: String, transfer: String, fence: Int64
    ) async throws -> SchemaChanges {
        var tally = SchemaTally(changes)
        for part in [ModelItems.staying, ModelItems.arriving] {
            var position: ListPosition?
            repeat {
                try Task.checkCancellation()
                let page = try await store.affectedItems(
                    transfer: transfer, of: model, by: changes, part(position))
                tally.add(page)
                position = page.next
                // A run whose plan came with the open has nobody who renews it.
                if position != nil { _ = try await store.renewLease(transfer: transfer, fence: fence) }
            } while position != nil
        }
        return tally.findings
    }

    /// Answers one who plans. Nothing is staged then: items count as they are here.
    func answer(_ request: SurveySchema, of transfer: String) async throws -> SchemaPage {
        guard request.definitions.count <= Limits.schemaDefinitions else {
            throw TidelockError(
                .tooLarge, "More than \(Limits.schemaDefinitions) definitions are asked about at once.")
        }
        guard let part = try request.part.items else { return try await changes(request.definitions, of: transfer) }
        guard request.definitions.count == 1, let proposed = request.definitions.first else {
            throw TidelockError(.malformedMessage, "Items are counted for one definition at a time.")
        }
        let changes = try await changes(proposed, of: transfer).changes
        guard !changes.isEmpty else { return SchemaPage(counts: []) }
        return try await store.affectedItems(transfer: transfer, of: proposed.model, by: changes, part)
    }

    /// One definition in memory at a time, whatever their sizes.
    private func changes(_ definitions: [ProposedDefinition], of transfer: String) async throws -> SchemaPage {
        var page = SchemaPage(counts: [])
        var budget = SchemaBudget()
        for (position, proposed) in definitions.enumerated() {
            let (changes, bytes) = try await changes(proposed, of: transfer)
            page.counts += changes.map { SchemaCount($0) }
            budget.spend(bytes, comparing: 1)
            guard budget.isSpent, position + 1 < definitions.count else { continue }
            page.next = ListPosition(
                bucket: Bucket(kind: .models, id: proposed.model).number, id: proposed.model)
            break
        }
        return page
    }

    /// What one definition says otherwise than that which is here, and how large both are.
    private func changes(
        _ proposed: ProposedDefinition, of transfer: String
    ) async throws -> (changes: [SchemaChange], bytes: Int) {
        guard let old = try await store.definition(of: proposed.model, for: transfer) else { return ([], 0) }
        let changes = SchemaChange.examined(of: proposed.model, from: old, to: try proposed.document())
        return (changes, old.bytes.count + (proposed.text?.utf8.count ?? 0))
    }
}

/// What one request may make this instance look at. At least one item or definition is looked at, whatever its size.
public struct SchemaBudget: Sendable {
    private var remaining = Limits.schemaBytes

    public init() {}

    public var isSpent: Bool { remaining <= 0 }

    /// Notes that so many bytes were compared with so many changes.
    public mutating func spend(_ bytes: Int, comparing changes: Int) {
        remaining -= bytes * max(1, changes)
    }
}

extension SurveySchema.Part {
    /// Nil when only changes are asked for.
    fileprivate var items: ModelItems? {
        get throws {
            switch self {
            case .changes: return nil
            case .items(let position): return .present(after: position)
            case .named(let kind, let ids):
                guard ids.count <= Limits.batchItems else {
                    throw TidelockError(.tooLarge, "More than \(Limits.batchItems) items are asked about at once.")
                }
                return .named(try Kind(kind), ids)
            }
        }
    }
}

extension ProposedDefinition {
    /// Nil where the definition would be deleted. Throws `malformed_message` for what is no JSON.
    fileprivate func document() throws -> JSONDocument? {
        guard let text else { return nil }
        do {
            return try JSONDocument(validating: text)
        } catch {
            throw TidelockError(
                .malformedMessage, "The definition of the model '\(model.printable)' is not JSON.", underlying: error)
        }
    }
}

extension Kind {
    /// The kinds in which items of a model can be, whatever its type was and is.
    static func holding(_ model: String) -> [Kind] {
        // A model that no kind can be named after has no items of its own.
        ((try? Kind.content(model)).map { [$0] } ?? []) + [.singletons]
    }
}
