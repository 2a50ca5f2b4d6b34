/// Reads filters.
struct ContentFilterParser {
    private typealias Condition = ContentFilter.Condition
    private typealias Predicate = ContentFilter.Predicate

    private var conditions = 0
    private var depth = 0

    mutating func filter(_ value: JSONValue) throws(ContentFilterProblem) -> ContentFilter.Condition {
        guard let members = value.membersOfObject else {
            throw problem("a filter is an object such as {\"_state\": 1}")
        }
        try enter()
        defer { depth -= 1 }
        var all: [Condition] = []
        for member in members {
            all.append(member.key.hasPrefix("$") ? try logical(member) : try field(member))
        }
        return .all(all)
    }

    private mutating func logical(_ member: JSONMember) throws(ContentFilterProblem) -> Condition {
        switch member.key {
        case "$and": return .all(try filters(member))
        case "$or": return .any(try filters(member))
        case "$nor": return .not(.any(try filters(member)))
        case "$where": throw problem("'$where' runs code, which a filter does not do")
        default:
            if fieldOperators.contains(member.key) {
                throw problem("'\(member.key)' belongs inside a field, as in {\"price\": {\"\(member.key)\": …}}")
            }
            throw unknown(member.key, among: ["$and", "$or", "$nor"])
        }
    }

    private mutating func filters(_ member: JSONMember) throws(ContentFilterProblem) -> [Condition] {
        guard let values = member.value.array, !values.isEmpty else {
            throw problem("'\(member.key)' takes a list of conditions")
        }
        var filters: [Condition] = []
        for value in values { filters.append(try filter(value)) }
        return filters
    }

    private mutating func field(_ member: JSONMember) throws(ContentFilterProblem) -> Condition {
        try tests(path: try path(member.key), member.value)
    }

    private func path(_ text: String) throws(ContentFilterProblem) -> [String] {
        let steps = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard steps.count <= ContentFilter.longestPath else { throw problem("a path has too many steps") }
        guard steps.allSatisfy({ !$0.isEmpty }) else { throw problem("'\(text)' is not a path: a name is empty") }
        return steps.map { String(decoding: $0, as: UTF8.self) }
    }

    /// What is asked of the values at the end of a path: operators, or a plain value to be equal to.
    private mutating func tests(path: [String], _ value: JSONValue) throws(ContentFilterProblem) -> Condition {
        guard let members = value.object, members.contains(where: { $0.key.hasPrefix("$") }) else {
            return .value(path: path, .equals(try operand(value)))
        }
        if let plain = members.first(where: { !$0.key.hasPrefix("$") }) {
            throw problem("'\(plain.key)' stands among operators; use '$eq' to compare with an object")
        }
        try enter()
        defer { depth -= 1 }
        var all: [Condition] = []
        for member in members where member.key != "$options" {
            all.append(try test(path: path, member.key, member.value, options: value["$options"]))
        }
        if value["$options"] != nil, value["$regex"] == nil { throw problem("'$options' goes with '$regex'") }
        return .all(all)
    }

    private mutating func test(
        path: [String], _ name: String, _ value: JSONValue, options: JSONValue?
    ) throws(ContentFilterProblem) -> Condition {
        func holds(_ predicate: Predicate) -> Condition { .value(path: path, predicate) }
        switch name {
        case "$eq": return holds(.equals(try operand(value)))
        case "$ne": return .not(holds(.equals(try operand(value))))
        case "$lt": return holds(.compares(.less, try orderedOperand(name, value)))
        case "$lte": return holds(.compares(.lessOrEqual, try orderedOperand(name, value)))
        case "$gt": return holds(.compares(.greater, try orderedOperand(name, value)))
        case "$gte": return holds(.compares(.greaterOrEqual, try orderedOperand(name, value)))
        case "$in": return holds(.isOneOf(try operands(name, value)))
        case "$nin": return .not(holds(.isOneOf(try operands(name, value))))
        case "$exists": return try flag(name, value) ? holds(.exists) : .not(holds(.exists))
        case "$size": return holds(.hasSize(try size(value)))
        case "$type": return holds(.hasType(try types(value)))
        case "$mod": return holds(try remainder(value))
        case "$regex": return holds(.matches(try pattern(value, options)))
        case "$not": return .not(try negated(path: path, value))
        case "$all": return try everyOne(path: path, value)
        case "$elemMatch": return holds(.hasElement(try elementCondition(value)))
        case "$where": throw problem("'$where' runs code, which a filter does not do")
        default: throw unknown(name, among: fieldOperators)
        }
    }
}

extension ContentFilterParser {
    private mutating func negated(path: [String], _ value: JSONValue) throws(ContentFilterProblem) -> Condition {
        guard let members = value.membersOfObject, !members.isEmpty, members.allSatisfy({ $0.key.hasPrefix("$") })
        else {
            throw problem("'$not' takes operators, as in {\"$not\": {\"$gt\": 1}}")
        }
        return try tests(path: path, value)
    }

    private mutating func everyOne(path: [String], _ value: JSONValue) throws(ContentFilterProblem) -> Condition {
        guard let values = value.array else { throw problem("'$all' takes a list of values") }
        // As in MongoDB, a list without values selects nothing.
        guard !values.isEmpty else { return .any([]) }
        var all: [Condition] = []
        for value in values {
            if let condition = value["$elemMatch"], value.object?.count == 1 {
                all.append(.value(path: path, .hasElement(try elementCondition(condition))))
            } else {
                all.append(.value(path: path, .equals(try operand(value))))
            }
        }
        return .all(all)
    }

    /// Operators ask about the element itself, anything else about its fields, which only objects have.
    private mutating func elementCondition(_ value: JSONValue) throws(ContentFilterProblem) -> Condition {
        guard let members = value.membersOfObject, let first = members.first else {
            throw problem("'$elemMatch' takes conditions")
        }
        if fieldOperators.contains(first.key) { return try tests(path: [], value) }
        return .all([.value(path: [], .hasType([.object])), try filter(value)])
    }

    private mutating func operand(_ value: JSONValue) throws(ContentFilterProblem) -> FilterOperand {
        try count()
        return try plainOperand(value)
    }

    /// An operator inside a value would be compared as if it were a field's name, and so select nothing, or everything.
    private func plainOperand(_ value: JSONValue) throws(ContentFilterProblem) -> FilterOperand {
        if let name = value.operatorInside {
            throw problem("'\(name.printable)' stands where a value is expected; paths and '$not' lead to operators")
        }
        return FilterOperand(value)
    }

    private mutating func orderedOperand(
        _ name: String, _ value: JSONValue
    ) throws(ContentFilterProblem) -> FilterOperand {
        if value.array != nil || value.object != nil { throw problem("'\(name)' orders numbers, texts and booleans") }
        return try operand(value)
    }

    private mutating func operands(_ name: String, _ value: JSONValue) throws(ContentFilterProblem) -> Set<[UInt8]> {
        guard let values = value.array else { throw problem("'\(name)' takes a list of values") }
        try count()
        var operands: Set<[UInt8]> = []
        for value in values { operands.insert(try plainOperand(value).canonical) }
        return operands
    }

    private func flag(_ name: String, _ value: JSONValue) throws(ContentFilterProblem) -> Bool {
        if let flag = value.bool { return flag }
        if let number = value.integer { return number != 0 }
        throw problem("'\(name)' takes true or false")
    }

    private func size(_ value: JSONValue) throws(ContentFilterProblem) -> Int {
        guard let size = value.integer, size >= 0 else { throw problem("'$size' takes a count") }
        return Int(clamping: size)
    }

    private func types(_ value: JSONValue) throws(ContentFilterProblem) -> Set<ContentFilter.ValueType> {
        var types: Set<ContentFilter.ValueType> = []
        for value in value.array ?? [value] {
            let name = value.string ?? value.integer.map(String.init) ?? ""
            guard let named = typeNames[name] else { throw unknown(name, among: Array(typeNames.keys).sorted()) }
            types.formUnion(named)
        }
        return types
    }

    private func remainder(_ value: JSONValue) throws(ContentFilterProblem) -> Predicate {
        guard let numbers = value.array, numbers.count == 2, let divisor = numbers[0].integer,
            let remainder = numbers[1].integer, divisor != 0
        else { throw problem("'$mod' takes a divisor other than 0 and a remainder, as in {\"$mod\": [4, 0]}") }
        return .hasRemainder(divisor: divisor, remainder: remainder)
    }

    private mutating func pattern(
        _ value: JSONValue, _ options: JSONValue?
    ) throws(ContentFilterProblem) -> TextPattern {
        try count()
        guard let text = value.string else { throw problem("'$regex' takes a text") }
        guard let options = options == nil ? "" : options?.string else { throw problem("'$options' takes letters") }
        do {
            return try TextPattern(text, options: options)
        } catch {
            throw problem("the pattern of '$regex' cannot be used: \(error.reason)")
        }
    }
}

extension ContentFilterParser {
    private mutating func enter() throws(ContentFilterProblem) {
        guard depth < ContentFilter.deepestNesting else { throw problem("its conditions are nested too deeply") }
        depth += 1
        try count()
    }

    private mutating func count() throws(ContentFilterProblem) {
        conditions += 1
        guard conditions <= ContentFilter.mostConditions else { throw problem("it has too many conditions") }
    }

    private func problem(_ what: String) -> ContentFilterProblem {
        ContentFilterProblem("The filter cannot be used: \(what).")
    }

    private func unknown(_ name: String, among known: [String]) -> ContentFilterProblem {
        ContentFilterProblem("The filter cannot be used: '\(name)' is unknown.\(didYouMean(name, among: known))")
    }
}

extension JSONValue {
    /// An object's members; none for an empty array, which is how PHP writes an empty object.
    fileprivate var membersOfObject: [JSONMember]? { array?.isEmpty == true ? [] : object }

    /// The first name in the value that begins as operators do; nil for a plain value.
    fileprivate var operatorInside: String? {
        if let array { return array.lazy.compactMap(\.operatorInside).first }
        return object?.lazy.compactMap { $0.key.hasPrefix("$") ? $0.key : $0.value.operatorInside }.first
    }
}

private let fieldOperators = [
    "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$size", "$type", "$regex", "$options",
    "$mod", "$all", "$elemMatch", "$not",
]

/// MongoDB's names and numbers of types. JSON has one kind of number; those with a fraction or an exponent count as
/// `double`, the others as `int` and `long`.
private let typeNames: [String: Set<ContentFilter.ValueType>] = [
    "double": [.fraction], "1": [.fraction], "decimal": [.fraction], "19": [.fraction],
    "int": [.integer], "16": [.integer], "long": [.integer], "18": [.integer],
    "number": [.integer, .fraction],
    "string": [.string], "2": [.string],
    "object": [.object], "3": [.object],
    "array": [.array], "4": [.array],
    "bool": [.bool], "8": [.bool],
    "null": [.null], "10": [.null],
]
