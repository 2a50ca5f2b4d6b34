/// Selects documents: `{"price": {"$gte": 10}, "tags": "news"}`, in the language of MongoDB's queries.
///
/// Paths have dots and reach into arrays, by position (`"blocks.0.type"`) or through any element (`"blocks.type"`).
/// A plain value stands for `$eq`. Values are equal when their canonical forms are, so `1.0` equals `1` and the order
/// of members does not matter. A field that is missing in an object equals `null`. Order exists among numbers, among texts (by
/// their bytes) and among booleans; values of different types are never ordered.
///
/// Operators: `$eq $ne $gt $gte $lt $lte $in $nin $exists $size $type $regex $options $mod $all $elemMatch $not`
/// inside a field, `$and $or $nor` around conditions.
public struct ContentFilter: Sendable {
    let condition: Condition

    /// Reads a filter; what it does not understand it refuses, since a filter that means less than it says selects
    /// too much.
    public init(_ json: JSONDocument) throws(ContentFilterProblem) {
        var parser = ContentFilterParser()
        condition = try parser.filter(JSONValue(json))
    }

    /// Reads a filter from JSON text, as jobs and commands carry it.
    public init(text: String) throws(ContentFilterProblem) {
        let json: JSONDocument
        do {
            json = try JSONDocument(validating: text)
        } catch {
            throw ContentFilterProblem("The filter cannot be used: \(error).")
        }
        try self.init(json)
    }

    public func matches(_ document: JSONDocument) -> Bool {
        document.withIndex { index in FilterEvaluation(index: index).isTrue(condition, at: 0) }
    }
}

/// Why a filter was refused.
public struct ContentFilterProblem: Error, Sendable, Equatable, CustomStringConvertible {
    public let message: String

    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }

    /// What is told of a filter that a person wrote: `invalid_filter`.
    public var failure: TidelockError {
        TidelockError(
            .invalidFilter, message,
            hint: "A filter is JSON such as {\"_state\": 1} or {\"_modified\": {\"$gte\": 1700000000}}.",
            underlying: self)
    }
}

extension ContentFilter {
    /// Few enough to try on every item of a large site.
    static let mostConditions = 1000
    static let deepestNesting = 32
    static let longestPath = 64

    /// What a filter comes down to. Negative operators are negations of positive ones: `$ne` holds where no value at
    /// the end of the path is equal.
    indirect enum Condition: Sendable {
        case all([Condition])
        case any([Condition])
        case not(Condition)
        case value(path: [String], Predicate)
    }

    /// What is asked of one value.
    indirect enum Predicate: Sendable {
        case equals(FilterOperand)
        /// Canonical forms.
        case isOneOf(Set<[UInt8]>)
        case compares(Comparison, FilterOperand)
        case exists
        case hasSize(Int)
        case hasType(Set<ValueType>)
        case matches(TextPattern)
        case hasRemainder(divisor: Int64, remainder: Int64)
        /// An array with an element for which the condition holds.
        case hasElement(Condition)
    }

    enum Comparison: Sendable {
        case less, lessOrEqual, greater, greaterOrEqual

        func accepts(_ order: Int) -> Bool {
            switch self {
            case .less: order < 0
            case .lessOrEqual: order <= 0
            case .greater: order > 0
            case .greaterOrEqual: order >= 0
            }
        }
    }

    enum ValueType: Sendable {
        case null, bool, integer, fraction, string, array, object
    }
}
