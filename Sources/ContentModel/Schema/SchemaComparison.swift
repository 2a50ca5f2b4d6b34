extension SchemaChange {
    /// What a definition breaks that takes the place of another one, or, nil, that one's deletion.
    ///
    /// Labels, groups, order, looser rules and new fields that may stay empty break nothing and are not among them.
    public static func breaking(
        model: String, from old: JSONDocument, to new: JSONDocument?
    ) -> [SchemaChange] {
        guard let new else { return [SchemaChange(.modelDeleted, of: model)] }
        let (before, after) = (ModelDefinition(old), ModelDefinition(new))
        let type =
            before.type == after.type ? [] : [SchemaChange(.modelType, of: model, from: before.type, to: after.type)]
        return type + FieldComparison(model: model, old: before.fields, new: after.fields).changes
    }
}

/// Two lists of fields that take the place of one another, of a model or of the sets in it.
private struct FieldComparison {
    let model: String
    let old: [FieldDefinition]
    let new: [FieldDefinition]
    /// The fields inside of which these are, from the outermost.
    let containers: [FieldValues]
    /// The names of both, in the order of their bytes.
    private let names: [String]

    init(model: String, old: [FieldDefinition], new: [FieldDefinition], inside containers: [FieldValues] = []) {
        self.model = model
        self.old = old
        self.new = new
        self.containers = containers
        names = Set((old + new).map(\.name)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    var changes: [SchemaChange] {
        let before = Set(old.map(\.name))
        let after = Dictionary(new.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var changes: [SchemaChange] = []
        for field in old {
            changes += after[field.name].map { self.changes(from: field, to: $0) } ?? [removal(of: field)]
        }
        return changes + new.filter { $0.isRequired && !before.contains($0.name) }.map(requirement)
    }

    private func change(
        _ effect: SchemaChange.Effect, _ values: FieldValues, from: String? = nil, to: String? = nil, _ flaw: FieldFlaw
    ) -> SchemaChange {
        SchemaChange(effect, of: model, values, inside: containers, from: from, to: to, flaw)
    }

    private func removal(of field: FieldDefinition) -> SchemaChange {
        change(.fieldRemoved, values(of: field, isLocalised: field.isLocalised), .filled)
    }

    private func requirement(_ field: FieldDefinition) -> SchemaChange {
        change(.fieldRequired, values(of: field, isLocalised: false), .missing)
    }

    private func changes(from old: FieldDefinition, to new: FieldDefinition) -> [SchemaChange] {
        let values = values(of: old, isLocalised: old.isLocalised || new.isLocalised)
        var changes: [SchemaChange] = []
        if old.type != new.type {
            let flaw = FieldFlaw.unfit(type: new.type, inLists: old.isMultiple || new.isMultiple)
            changes.append(change(.fieldType, values, from: old.type, to: new.type, flaw))
        } else if let link = new.link, link != old.link {
            changes.append(
                change(
                    .fieldType, values, from: "links to \(old.link ?? "any model")", to: "links to \(link)",
                    .linkedElsewhere(than: link)))
        }
        if new.isRequired, !old.isRequired { changes.append(requirement(new)) }
        if old.isMultiple != new.isMultiple {
            let flaw: FieldFlaw = new.isMultiple ? .single(of: old.type) : .list(of: old.type)
            changes.append(change(.fieldMultiple, values, from: Self.number(old), to: Self.number(new), flaw))
        }
        if let removed = Self.removedOptions(from: old, to: new) {
            changes.append(change(.optionsRemoved, values, from: Self.list(removed), .chosen(Set(removed))))
        }
        if containers.isEmpty, old.isLocalised, !new.isLocalised {
            changes.append(change(.localesOff, values, .translated))
        }
        return changes + self.changes(inside: values, from: old, to: new)
    }

    /// Where the type is another one, that says more.
    private func changes(
        inside values: FieldValues, from old: FieldDefinition, to new: FieldDefinition
    ) -> [SchemaChange] {
        guard old.type == new.type, !(old.fields.isEmpty && new.fields.isEmpty) else { return [] }
        return FieldComparison(
            model: model, old: old.fields, new: new.fields, inside: containers + [values]
        ).changes
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
        let isLocalised = isLocalised && containers.isEmpty
        return FieldValues(
            name: field.name, isLocalised: isLocalised,
            namesakes: isLocalised ? names.filter { $0.isTranslation(of: field.name) } : [])
    }
}
