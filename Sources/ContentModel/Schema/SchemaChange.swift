internal import JSONKernel

/// Something that a changed or deleted definition of a model says otherwise than before, so that items may not fit it
/// any more.
///
/// Encoded, it can be taken to items elsewhere: it says all that is needed to look at one.
public struct SchemaChange: Sendable, Hashable, Codable {
    public enum Effect: String, Sendable, Codable, CaseIterable {
        /// The definition is gone.
        case modelDeleted = "model_deleted"
        /// A collection became a singleton or a tree, or the like.
        case modelType = "model_type"
        case fieldRemoved = "field_removed"
        /// The field takes values of another type.
        case fieldType = "field_type"
        case fieldRequired = "field_required"
        /// Lists instead of single values, or the other way round.
        case fieldMultiple = "field_multiple"
        case optionsRemoved = "options_removed"
        /// There is no value for each locale any more.
        case localesOff = "locales_off"
    }

    public var effect: Effect
    public var model: String
    /// Nil where the whole model is concerned.
    public var field: String?
    /// What the definition said before: a type, or the options that are gone.
    public var from: String?
    /// What it says now.
    public var to: String?
    private let test: ItemTest
    /// The fields inside of whose objects it is looked for, from the outermost; nil for a field of the item itself.
    private let containers: [FieldValues]?

    init(_ effect: Effect, of model: String, from: String? = nil, to: String? = nil) {
        self.effect = effect
        self.model = model
        self.from = from
        self.to = to
        test = .everyItem
        containers = nil
    }

    init(
        _ effect: Effect, of model: String, _ values: FieldValues, inside containers: [FieldValues] = [],
        from: String? = nil, to: String? = nil, _ flaw: FieldFlaw
    ) {
        self.effect = effect
        self.model = model
        self.containers = containers.isEmpty ? nil : containers
        field = (containers + [values]).map(\.name).joined(separator: ".")
        self.from = from
        self.to = to
        test = .field(values, flaw)
    }
}

extension SchemaChange {
    /// Whether an item of the model does not fit because of the change.
    public func affects(_ item: JSONDocument) -> Bool {
        item.withIndex { isMet(by: $0) }
    }

    fileprivate func isMet(by item: JSONIndex) -> Bool {
        guard let containers else { return test.isMet(by: item) }
        return containers.objects(in: item).contains { test.isMet(inside: $0) }
    }
}

extension [SchemaChange] {
    /// The positions of those changes that affect an item, which is read once.
    public func affecting(_ item: JSONDocument) -> [Int] {
        item.withIndex { index in indices.filter { self[$0].isMet(by: index) } }
    }
}

/// What decides whether a change affects an item.
private enum ItemTest: Sendable, Hashable, Codable {
    case everyItem
    case field(FieldValues, FieldFlaw)

    func isMet(by item: JSONIndex) -> Bool {
        switch self {
        case .everyItem: true
        case .field(let values, .missing): values.own(in: item)?.isBlank ?? true
        case .field(let values, .translated): values.translations(in: item).contains { !$0.isBlank }
        case .field(let values, let flaw):
            values.all(in: item).contains { !$0.isBlank && flaw.isFound(in: $0) }
        }
    }

    /// Fields inside of objects have no translations.
    func isMet(inside object: JSONValue) -> Bool {
        switch self {
        case .everyItem: true
        case .field(let values, .missing): object[values.name]?.isBlank ?? true
        case .field(let values, let flaw):
            object[values.name].map { !$0.isBlank && flaw.isFound(in: $0) } ?? false
        }
    }
}

/// What is wrong with a field of an item.
enum FieldFlaw: Sendable, Hashable, Codable {
    /// It has a value.
    case filled
    case missing
    /// A value for another locale than the default.
    case translated
    /// A value that another type does not take, alone or, where `inLists`, as one of several.
    case unfit(type: String, inLists: Bool)
    /// A list of values of a type, or no list of them.
    case list(of: String)
    case single(of: String)
    /// One of these was chosen.
    case chosen(Set<String>)
    /// A link to an item of another model than this.
    case linkedElsewhere(than: String)

    fileprivate func isFound(in value: JSONValue) -> Bool {
        switch self {
        case .filled, .missing, .translated: true
        case .unfit(let type, let inLists):
            !FieldType.takes(value, type)
                && !(inLists && value.array?.allSatisfy { $0.isBlank || FieldType.takes($0, type) } == true)
        case .list(let type): FieldType.isList(value, of: type)
        case .single(let type): !FieldType.isList(value, of: type)
        case .chosen(let options):
            (value.array ?? [value]).contains { $0.choice.map(options.contains) ?? false }
        case .linkedElsewhere(let model):
            (value.array ?? [value]).contains { link in
                link["_model"]?.string.map { !$0.hasSameBytes(as: model) } ?? false
            }
        }
    }
}

/// Where items keep the values of a field.
struct FieldValues: Sendable, Hashable, Codable {
    var name: String
    /// Whether there are values for other locales.
    var isLocalised: Bool
    /// Other fields whose names begin with this one's and an underscore: their values look like translations.
    var namesakes: [String]

    func own(in item: JSONIndex) -> JSONValue? {
        guard item.kind(0) == JK_OBJECT else { return nil }
        return item.member(0, name).map { JSONValue(item, $0) }
    }

    func translations(in item: JSONIndex) -> [JSONValue] {
        guard isLocalised, item.kind(0) == JK_OBJECT else { return [] }
        return item.children(0).filter { isTranslation(item.key($0)) }.map { JSONValue(item, $0) }
    }

    func all(in item: JSONIndex) -> [JSONValue] {
        (own(in: item).map { [$0] } ?? []) + translations(in: item)
    }

    /// Locales are free text, so whatever follows the underscore counts as one.
    private func isTranslation(_ key: String) -> Bool {
        key.isTranslation(of: name) && !namesakes.contains { key.hasSameBytes(as: $0) || key.isTranslation(of: $0) }
    }
}

extension String {
    func isTranslation(of field: String) -> Bool {
        let key = utf8.dropFirst(field.utf8.count)
        return key.count > 1 && key.first == UInt8(ascii: "_") && utf8.starts(with: field.utf8)
    }
}
