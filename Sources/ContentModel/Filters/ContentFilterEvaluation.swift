internal import JSONKernel

/// Tries conditions on the values of one document.
struct FilterEvaluation {
    typealias Condition = ContentFilter.Condition
    typealias Predicate = ContentFilter.Predicate

    let index: JSONIndex

    func isTrue(_ condition: Condition, at value: Int) -> Bool {
        switch condition {
        case .all(let conditions): conditions.allSatisfy { isTrue($0, at: value) }
        case .any(let conditions): conditions.contains { isTrue($0, at: value) }
        case .not(let condition): !isTrue(condition, at: value)
        // Without a path it is an element of an array, which counts as it is, also where it is an array itself.
        case .value(let path, let predicate) where path.isEmpty: holds(predicate, value, isElement: true)
        case .value(let path, let predicate): anyValue(value, path[...]) { holds(predicate, $0) }
        }
    }

    /// Whether the test holds for a value that the path leads to, `nil` standing for a missing one.
    private func anyValue(_ value: Int, _ path: ArraySlice<String>, _ test: (Int?) -> Bool) -> Bool {
        guard let name = path.first else { return test(value) }
        switch index.kind(value) {
        case JK_OBJECT:
            guard let member = index.member(value, name) else { return test(nil) }
            return anyValue(member, path.dropFirst(), test)
        case JK_ARRAY:
            return anyElement(value, path, name, test)
        default:
            return test(nil)
        }
    }

    /// A step into an array means an element by position, or a field of any element that is an object. Where there is
    /// neither, nothing is missing: only objects lack fields.
    private func anyElement(
        _ array: Int, _ path: ArraySlice<String>, _ name: String, _ test: (Int?) -> Bool
    ) -> Bool {
        let named = arrayPosition(name).flatMap { index.element(array, $0) }
        if let named, anyValue(named, path.dropFirst(), test) { return true }
        return index.children(array).contains { index.kind($0) == JK_OBJECT && anyValue($0, path, test) }
    }

    private func holds(_ predicate: Predicate, _ value: Int?, isElement: Bool = false) -> Bool {
        guard let value else { return holdsForMissing(predicate) }
        switch predicate {
        case .exists:
            return true
        case .hasSize(let size):
            return index.kind(value) == JK_ARRAY && index.count(value) == size
        case .hasElement(let condition):
            return index.kind(value) == JK_ARRAY && index.children(value).contains { isTrue(condition, at: $0) }
        default:
            if holdsForOne(predicate, value) { return true }
            return !isElement && index.kind(value) == JK_ARRAY
                && index.children(value).contains { holdsForOne(predicate, $0) }
        }
    }

    /// A missing value is taken for `null`, but has no type and does not exist.
    private func holdsForMissing(_ predicate: Predicate) -> Bool {
        switch predicate {
        case .equals(let operand): operand.canonical == FilterOperand.null
        case .isOneOf(let operands): operands.contains(FilterOperand.null)
        case .compares(let comparison, let operand): operand.canonical == FilterOperand.null && comparison.accepts(0)
        default: false
        }
    }

    private func holdsForOne(_ predicate: Predicate, _ value: Int) -> Bool {
        switch predicate {
        case .equals(let operand):
            return index.withCanonical(value) { $0.elementsEqual(operand.canonical) }
        case .isOneOf(let operands):
            return index.withCanonical(value) { operands.contains(Array($0)) }
        case .compares(let comparison, let operand):
            return index.order(value, operand).map(comparison.accepts) ?? false
        case .hasType(let types):
            return types.contains(valueType(value))
        case .matches(let pattern):
            return index.kind(value) == JK_STRING && pattern.isFound(in: index.string(value))
        case .hasRemainder(let divisor, let remainder):
            guard index.kind(value) == JK_NUMBER, let number = index.number(value).wholePart else { return false }
            return number.remainderReportingOverflow(dividingBy: divisor).partialValue == remainder
        case .exists, .hasSize, .hasElement:
            return false
        }
    }

    private func valueType(_ value: Int) -> ContentFilter.ValueType {
        switch index.kind(value) {
        case JK_TRUE, JK_FALSE: .bool
        case JK_NUMBER: index.isInteger(value) ? .integer : .fraction
        case JK_STRING: .string
        case JK_ARRAY: .array
        case JK_OBJECT: .object
        default: .null
        }
    }
}

extension JSONValue {
    /// A number without its fraction, where 64 bits hold it.
    fileprivate var wholePart: Int64? {
        if case .number(let value) = self { Int64(exactly: value.rounded(.towardZero)) } else { integer }
    }
}
