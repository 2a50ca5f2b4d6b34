internal import ContentModel
internal import SyncProtocol

/// Finds out what the definitions of a plan that is only looked at would break at its destination.
///
/// Nothing is staged for such a plan. The destination says what the definitions break among all its items and among
/// those that the plan touches, the difference stays; what the plan brings is read from its batches. Only batches with
/// definitions, and with items of models that break something, are read, one at a time.
///
/// Conflicts and the handlers of the destination have not been asked: items count as the source sends them.
struct PlanSurvey {
    private let transfer: String
    private let plan: PlanSummary
    private let source: any SourcePort
    private let destination: any DestinationPort
    /// The batch that was read last: small kinds share one.
    private var latest: (number: Int, entries: [BatchEntry])?

    init(transfer: String, plan: PlanSummary, source: any SourcePort, destination: any DestinationPort) {
        self.transfer = transfer
        self.plan = plan
        self.source = source
        self.destination = destination
    }

    /// Nil when nothing breaks.
    mutating func changes() async throws -> SchemaChanges? {
        var found = SchemaChanges()
        for number in plan.batches(holding: [.models]) {
            let definitions = try await entries(of: number).compactMap(ProposedDefinition.init)
            for some in definitions.parts(of: Limits.schemaDefinitions) {
                var counts: [SchemaCount] = []
                try await ask(about: some, called: \.model, { SurveySchema($0, .changes) }) { page, _ in
                    counts += page.counts
                }
                let changes = Dictionary(grouping: counts.map(\.change), by: \.model)
                for definition in some {
                    guard let changes = changes[definition.model] else { continue }
                    found.add(try await count(changes, of: definition))
                }
            }
        }
        return found.told
    }

    private mutating func count(
        _ changes: [SchemaChange], of definition: ProposedDefinition
    ) async throws -> SchemaChanges {
        var tally = SchemaTally(changes)
        try await addPresent(definition, to: &tally)
        for number in plan.batches(holding: Kind.holding(definition.model)) {
            let entries = try await entries(of: number).filter { $0.isOf(definition.model) }
            for (kind, entries) in Dictionary(grouping: entries, by: \.kind) {
                try await removeReplaced(entries, of: kind, definition, from: &tally)
            }
            for entry in entries {
                guard case .put(let body, _) = entry.operation else { continue }
                tally.add(body, ItemReference(kind: entry.kind.name, id: entry.id))
            }
        }
        return tally.findings
    }

    private func addPresent(_ definition: ProposedDefinition, to tally: inout SchemaTally) async throws {
        var position: ListPosition?
        repeat {
            try Task.checkCancellation()
            let page = try await destination.survey(
                transfer: transfer, SurveySchema([definition], .items(after: position)))
            tally.add(page)
            if let next = page.next, let position, !next.isBehind(position) {
                throw TidelockError(.malformedMessage, "The destination's answers about its items do not end.")
            }
            position = page.next
        } while position != nil
    }

    private func removeReplaced(
        _ entries: [BatchEntry], of kind: Kind, _ definition: ProposedDefinition, from tally: inout SchemaTally
    ) async throws {
        for some in entries.map(\.id).parts(of: Limits.batchItems) {
            try await ask(
                about: some, called: \.self, { SurveySchema([definition], .named(kind: kind.name, ids: $0)) }
            ) { page, ids in
                tally.remove(page, Set(ids.map { ItemReference(kind: kind.name, id: $0) }))
            }
        }
    }

    /// Asks until everything that is named was looked at, and takes in each page with what it was about.
    private func ask<Subject>(
        about subjects: [Subject], called name: (Subject) -> String, _ question: ([Subject]) -> SurveySchema,
        _ note: (SchemaPage, ArraySlice<Subject>) -> Void
    ) async throws {
        var remaining = subjects[...]
        while !remaining.isEmpty {
            try Task.checkCancellation()
            let page = try await destination.survey(transfer: transfer, question(Array(remaining)))
            guard let next = page.next else { return note(page, remaining) }
            guard let last = remaining.firstIndex(where: { name($0).utf8.elementsEqual(next.id.utf8) }) else {
                throw TidelockError(.malformedMessage, "The destination answers about what it was not asked about.")
            }
            note(page, remaining[...last])
            remaining = remaining[(last + 1)...]
        }
    }

    /// The operations of a batch after which rows at the destination are other ones.
    private mutating func entries(of number: Int) async throws -> [BatchEntry] {
        if let latest, latest.number == number { return latest.entries }
        try Task.checkCancellation()
        var decoder = try BatchDecoder(payload: try await source.batch(transfer: transfer, number: number).payload)
        var entries: [BatchEntry] = []
        while let entry = try decoder.next() {
            if entry.operation != .release { entries.append(entry) }
        }
        latest = (number, entries)
        return entries
    }
}

extension PlanSummary {
    /// Numbers of the batches with operations on some kinds. Batches are filled kind by kind, in the order of `kinds`.
    func batches(holding wanted: [Kind]) -> [Int] {
        let names = Set(wanted.map(\.name))
        var places: [Range<Int>] = []
        var end = 0
        for kind in kinds {
            let start = end
            end += kind.sent
            if names.contains(kind.kind), end > start { places.append(start..<end) }
        }
        end = 0
        return batches.filter { batch in
            let own = end..<end + batch.operations
            end = own.upperBound
            return places.contains { $0.overlaps(own) }
        }.map(\.number)
    }
}

extension ProposedDefinition {
    /// Nil for operations on other kinds.
    fileprivate init?(_ entry: BatchEntry) {
        guard entry.kind == .models else { return nil }
        switch entry.operation {
        case .put(let body, _): self.init(model: entry.id, text: body.text)
        case .delete: self.init(model: entry.id, text: nil)
        case .release, .withdraw: return nil
        }
    }
}

extension BatchEntry {
    fileprivate func isOf(_ model: String) -> Bool {
        kind.model == model || (kind == .singletons && id == model)
    }
}

extension ListPosition {
    func isBehind(_ other: ListPosition) -> Bool {
        bucket == other.bucket ? other.id.utf8.lexicographicallyPrecedes(id.utf8) : bucket > other.bucket
    }
}
