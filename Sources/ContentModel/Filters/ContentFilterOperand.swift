internal import JSONKernel

/// A value of a filter, in the forms that values of documents are compared with.
struct FilterOperand: Sendable {
    static let null = Array("null".utf8)

    /// Two values are equal when these are.
    let canonical: [UInt8]
    let value: JSONValue

    init(_ value: JSONValue) {
        self.value = value
        let document = value.document
        canonical = document.withIndex { $0.withCanonical(0) { Array($0) } }
    }
}

extension JSONIndex {
    func number(_ value: Int) -> JSONValue { JSONValue(number: token(value), isInteger: isInteger(value)) }

    /// Lends the canonical form of a value, which for most values is their token.
    func withCanonical<Result>(_ value: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let token = token(value)
        let isCanonical =
            switch kind(value) {
            case JK_STRING: !isEscaped(value)
            case JK_NUMBER: isInteger(value) && token[0] != UInt8(ascii: "-")
            case JK_ARRAY, JK_OBJECT: false
            default: true
            }
        if isCanonical { return body(token) }
        return JSONParserPool.shared.withParser(for: token.count) { parser in
            var problem = jk_problem()
            let status = jk_canonicalise(parser.parser, token.baseAddress, token.count, &parser.stored, &problem)
            precondition(status == JK_OK, "a value of a document is a document: \(JSONProblem(problem))")
            return body(UnsafeBufferPointer(start: parser.stored.bytes, count: parser.stored.length))
        }
    }

    /// Less than, equal to or greater than zero, as the value is to the operand; `nil` where they have no order.
    func order(_ value: Int, _ operand: FilterOperand) -> Int? {
        switch (kind(value), operand.value) {
        case (JK_STRING, .string(let text)):
            orderOf(string(value).utf8, text.utf8)
        case (JK_NUMBER, .integer), (JK_NUMBER, .number), (JK_NUMBER, .bigNumber):
            orderOf(number(value), operand.value)
        case (JK_FALSE, .bool(let other)): other ? -1 : 0
        case (JK_TRUE, .bool(let other)): other ? 0 : 1
        case (JK_NULL, .null): 0
        default: nil
        }
    }
}

private func orderOf(_ left: String.UTF8View, _ right: String.UTF8View) -> Int {
    if left.lexicographicallyPrecedes(right) { return -1 }
    return left.elementsEqual(right) ? 0 : 1
}

/// Whole numbers of any length are ordered exactly, others as doubles.
private func orderOf(_ left: JSONValue, _ right: JSONValue) -> Int? {
    if case .integer(let left) = left, case .integer(let right) = right {
        return left < right ? -1 : left > right ? 1 : 0
    }
    if let left = left.digits, let right = right.digits { return orderOf(left, right) }
    guard let left = left.double, let right = right.double else { return nil }
    return left < right ? -1 : left > right ? 1 : 0
}

private func orderOf(
    _ left: (isNegative: Bool, digits: Substring.UTF8View), _ right: (isNegative: Bool, digits: Substring.UTF8View)
) -> Int {
    if left.isNegative != right.isNegative { return left.isNegative ? -1 : 1 }
    let sign = left.isNegative ? -1 : 1
    if left.digits.count != right.digits.count { return left.digits.count < right.digits.count ? -sign : sign }
    if left.digits.lexicographicallyPrecedes(right.digits) { return -sign }
    return left.digits.elementsEqual(right.digits) ? 0 : sign
}

extension JSONValue {
    /// Sign and digits of a whole number; zero is not negative.
    fileprivate var digits: (isNegative: Bool, digits: Substring.UTF8View)? {
        let token: String
        switch self {
        case .integer(let value): token = "\(value)"
        case .bigNumber(let text): token = text
        default: return nil
        }
        let isNegative = token.hasPrefix("-")
        let digits = token.dropFirst(isNegative ? 1 : 0).utf8
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return (isNegative, digits)
    }
}
