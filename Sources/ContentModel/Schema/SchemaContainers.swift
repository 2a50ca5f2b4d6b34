internal import JSONKernel

extension [FieldValues] {
    /// The objects of an item that lie inside of all these fields, each of which holds one or a list of them.
    func objects(in item: JSONIndex) -> [JSONValue] {
        guard let outermost = first else { return [] }
        var objects = outermost.all(in: item).flatMap(\.objectsOfSet)
        for field in dropFirst() { objects = objects.flatMap { $0[field.name]?.objectsOfSet ?? [] } }
        return objects
    }
}

extension JSONValue {
    /// The object of a set, or those of a list of sets; an empty one is none. Lists of older systems have the
    /// definition of each element beside its value.
    fileprivate var objectsOfSet: [JSONValue] {
        switch self {
        case .array(let elements): elements.flatMap(\.objectsOfSet)
        case .object(let members) where members.isEmpty: []
        case .object(let members):
            if members.count == 2, self["field"]?.object != nil, let value = self["value"] {
                value.objectsOfSet
            } else {
                [self]
            }
        case .null, .bool, .integer, .number, .bigNumber, .string: []
        }
    }
}
