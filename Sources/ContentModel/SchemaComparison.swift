extension SchemaChange {
    /// What a definition breaks that takes the place of another one, or, nil, that one's deletion.
    ///
    /// Labels, groups, order, looser rules and new fields that may stay empty break nothing and are not among them.
    public static func breaking(
        model: String, from old: JSONDocument, to new: JSONDocument?
    ) -> [SchemaChange] {
        guard let new else { return [SchemaChange(.modelDeleted, of: model)] }
        return SchemaComparison(model: model, old: ModelDefinition(old), new: ModelDefinition(new)).changes
    }
}

/// Two definitions of one model, field by field.
private struct SchemaComparison {
    let model: String
    let old: ModelDefinition
    let new: ModelDefinition
    /// The names of both, in the order of their bytes.
    private let names: [String]

    init(model: String, old: ModelDefinition, new: ModelDefinition) {
        self.model = model
        self.old = old
        self.new = new
        names = Set((old.fields + new.fields).map(\.name)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    var changes: [SchemaChange] {
        let before = Set(old.fields.map(\.name))
        let after = Dictionary(new.fields.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var changes = modelChanges
        for field in old.fields {
            changes += after[field.name].map { self.changes(from: field, to: $0) } ?? [removal(of: field)]
        }
        return changes + new.fields.filter { $0.isRequired && !before.contains($0.name) }.map(requirement)
    }

    private var modelChanges: [SchemaChange] {
        old.type == new.type ? [] : [SchemaChange(.modelType, of: model, from: old.type, to: new.type)]
    }

    private func removal(of field: FieldDefinition) -> SchemaChange {
        SchemaChange(.fieldRemoved, of: model, values(of: field, isLocalised: field.isLocalised), .filled)
    }

    private func requirement(_ field: FieldDefinition) -> SchemaChange {
        SchemaChange(.fieldRequired, of: model, values(of: field, isLocalised: false), .missing)
    }

    private func changes(from old: FieldDefinition, to new: FieldDefinition) -> [SchemaChange] {
        let values = values(of: old, isLocalised: old.isLocalised || new.isLocalised)
        var changes: [SchemaChange] = []
        if old.type != new.type {
            let flaw = FieldFlaw.unfit(type: new.type, inLists: old.isMultiple || new.isMultiple)
            changes.append(SchemaChange(.fieldType, of: model, values, from: old.type, to: new.type, flaw))
        }
        if new.isRequired, !old.isRequired { changes.append(requirement(new)) }
        if old.isMultiple != new.isMultiple {
            let flaw: FieldFlaw = new.isMultiple ? .single(of: old.type) : .list(of: old.type)
            changes.append(
                SchemaChange(
                    .fieldMultiple, of: model, values, from: Self.number(old), to: Self.number(new), flaw))
        }
        if let removed = Self.removedOptions(from: old, to: new) {
            changes.append(
                SchemaChange(.optionsRemoved, of: model, values, from: Self.list(removed), .chosen(Set(removed))))
        }
        if old.isLocalised, !new.isLocalised {
            changes.append(SchemaChange(.localesOff, of: model, values, .translated))
        }
        return changes
    }

    private static func number(_ field: FieldDefinition) -> String { field.isMultiple ? "several values" : "one value" }

    private static func list(_ options: [String]) -> String {
        options.prefix(10).joined(separator: ", ") + (options.count > 10 ? ", …" : "")
    }

    /// Nil when none are. Where the type is another one too, that says more.
    private static func removedOptions(from old: FieldDefinition, to new: FieldDefinition) -> [String]? {
        guard old.type == new.type, let before = old.options, let after = new.options else { return nil }
        let kept = Set(after)
        let removed = before.filter { !kept.contains($0) }
        return removed.isEmpty ? nil : removed
    }

    private func values(of field: FieldDefinition, isLocalised: Bool) -> FieldValues {
        FieldValues(
            name: field.name, isLocalised: isLocalised,
            namesakes: isLocalised ? names.filter { $0.isTranslation(of: field.name) } : [])
    }
}
