/// What the definition of a model says about its items.
///
/// Read leniently, because definitions come from other systems: a member that is missing or of another type counts as
/// not set, and a field without a name is none.
public struct ModelDefinition: Sendable, Equatable {
    /// `collection`, `singleton` or `tree`.
    public var type: String
    /// Each name once.
    public var fields: [FieldDefinition]

    /// Fields of a model, and options of a field, that are read; definitions of peers may be of any size.
    static let readFields = 1_000
    static let readOptions = 10_000
    /// How deep fields lie inside one another at most.
    static let readDepth = 8

    public init(_ document: JSONDocument) {
        let value = JSONValue(document)
        type = value["type"]?.string ?? "collection"
        fields = Self.fields(value["fields"], depth: 0)
    }

    fileprivate static func fields(_ list: JSONValue?, depth: Int) -> [FieldDefinition] {
        guard depth < readDepth else { return [] }
        let listed = (list?.array ?? []).prefix(readFields)
        return listed.compactMap { FieldDefinition($0, depth: depth) }.lastOfEachKey(\.name)
    }
}

/// What a definition says about one field.
public struct FieldDefinition: Sendable, Equatable {
    public var name: String
    public var type: String
    public var isRequired: Bool
    /// The field holds a list of values.
    public var isMultiple: Bool
    /// Items hold a value for each locale: the default's under the name of the field, the others' under `name_locale`.
    public var isLocalised: Bool
    /// What may be chosen, as text; nil where the definition sets no limit.
    public var options: [String]?
    /// The fields of the objects that the field holds, alone or as a list: those of a set.
    public var fields: [FieldDefinition]
    /// The model that items linked to belong to; nil where they may be of any.
    public var link: String?

    /// Nil for what names no field. `depth`: how many fields it lies inside of.
    public init?(_ value: JSONValue, depth: Int = 0) {
        guard let name = value["name"]?.string, !name.isEmpty else { return nil }
        self.name = name
        type = value["type"]?.string ?? "text"
        isRequired = value["required"].isSet
        isMultiple = value["multiple"].isSet || value["opts"]?["multiple"].isSet == true
        isLocalised = value["i18n"].isSet || value["localize"].isSet
        let places = [value["opts"]?["options"], value["options"]?["options"], value["options"], value["enum"]]
        options = places.compactMap { $0?.choices }.first.map { Array($0.prefix(ModelDefinition.readOptions)) }
        fields = Self.fields(inside: value, depth: depth + 1)
        link = [value["opts"], value["options"]].lazy.compactMap { $0?["link"]?.string }.first { !$0.isEmpty }
    }

    /// Where the elements of a field have a definition of their own, the fields are that one's.
    private static func fields(inside value: JSONValue, depth: Int) -> [FieldDefinition] {
        guard depth < ModelDefinition.readDepth else { return [] }
        for place in [value["opts"], value["options"], value].compactMap({ $0 }) {
            if let list = place["fields"], list.array != nil { return ModelDefinition.fields(list, depth: depth) }
            if let element = place["field"], element.object != nil { return fields(inside: element, depth: depth + 1) }
        }
        return []
    }
}

extension JSONValue? {
    /// Whether a switch of a definition is on: PHP forms also write numbers.
    fileprivate var isSet: Bool {
        switch self {
        case .bool(let value): value
        case .integer(let value): value != 0
        default: false
        }
    }
}

extension JSONValue {
    /// The options of a field: a list of values or of objects with a `value`, or a text with commas; nil for anything else.
    fileprivate var choices: [String]? {
        switch self {
        case .array(let elements): elements.compactMap { $0.choice ?? $0["value"]?.choice }
        case .string(let text): text.split(separator: ",").map { String($0.trimmed) }.filter { !$0.isEmpty }
        default: nil
        }
    }

    /// A value that can be chosen, as text; nil for lists, objects and null.
    var choice: String? {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .bigNumber(let token): token
        case .bool(let value): String(value)
        case .null, .array, .object: nil
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var rest = self
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
