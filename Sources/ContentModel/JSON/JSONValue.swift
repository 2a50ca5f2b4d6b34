internal import JSONKernel

/// A decoded JSON value, for what is read as a whole: configuration, filters, reports. Content stays a `JSONDocument`.
///
/// Texts are equal when their bytes are, as everywhere in JSON; Swift's `String` would hold `é` and `e´` to be the same.
public indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    /// The token of a number that neither an `Int64` nor a `Double` holds.
    case bigNumber(String)
    case string(String)
    case array([JSONValue])
    /// Members in order.
    case object([JSONMember])
}

/// A member of an object.
public struct JSONMember: Sendable {
    public var key: String
    public var value: JSONValue

    public init(_ key: String, _ value: JSONValue) {
        self.key = key
        self.value = value
    }
}

extension JSONValue: Equatable {
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.bigNumber(let left), .bigNumber(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension JSONMember: Equatable {
    public static func == (left: JSONMember, right: JSONMember) -> Bool {
        left.key.hasSameBytes(as: right.key) && left.value == right.value
    }
}

extension String {
    func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension JSONValue {
    public init(_ document: JSONDocument) {
        self = document.withIndex { JSONValue($0, 0) }
    }

    /// The value as JSON. Numbers that JSON has no word for (not a number, infinities) become `null`.
    public var document: JSONDocument {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return JSONDocument(trusted: bytes)
    }
}

extension JSONValue {
    /// The member of an object.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key.hasSameBytes(as: key) }?.value
    }

    /// The element of an array.
    public subscript(position: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(position) else { return nil }
        return elements[position]
    }

    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var object: [JSONMember]? { if case .object(let value) = self { value } else { nil } }

    /// A whole number of at most 64 bits, however it was spelled.
    public var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// A number as the nearest double.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .bigNumber(let token): Double(token)
        default: nil
        }
    }
}

extension JSONValue {
    init(_ index: JSONIndex, _ value: Int) {
        switch index.kind(value) {
        case JK_FALSE: self = .bool(false)
        case JK_TRUE: self = .bool(true)
        case JK_NUMBER: self.init(number: index.token(value), isInteger: index.isInteger(value))
        case JK_STRING: self = .string(index.string(value))
        case JK_ARRAY: self = .array(index.children(value).map { JSONValue(index, $0) })
        case JK_OBJECT: self = .object(index.children(value).map { JSONMember(index.key($0), JSONValue(index, $0)) })
        default: self = .null
        }
    }

    init(number token: UnsafeBufferPointer<UInt8>, isInteger: Bool) {
        let text = String(decoding: token, as: UTF8.self)
        if isInteger {
            self = Int64(text).map { .integer($0) } ?? .bigNumber(text)
        } else if let value = Double(text), value.isFinite, value != 0 || text.isZero {
            self = .number(value)
        } else {
            self = .bigNumber(text)
        }
    }

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: "\(value)".utf8)
        case .number(let value): bytes.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
        case .bigNumber(let token): bytes.append(numberToken: token)
        case .string(let value): bytes.append(jsonString: value)
        case .array(let elements): bytes.append(list: elements, "[", "]") { $1.append(to: &$0) }
        case .object(let members):
            bytes.append(list: members.lastOfEachKey(\.key), "{", "}") { bytes, member in
                bytes.append(jsonString: member.key)
                bytes.append(UInt8(ascii: ":"))
                member.value.append(to: &bytes)
            }
        }
    }
}

extension Array {
    /// The elements that count as members of an object: of those with the same key, the last.
    ///
    /// Keys are compared as bytes, as JSON does. Swift holds `é` and `e´` to be the same text.
    func lastOfEachKey(_ key: (Element) -> String) -> [Element] {
        guard count > 1 else { return self }
        var last: [[UInt8]: Int] = [:]
        for (position, element) in enumerated() { last[[UInt8](key(element).utf8)] = position }
        guard last.count != count else { return self }
        let kept = Set(last.values)
        return enumerated().filter { kept.contains($0.offset) }.map(\.element)
    }
}

extension String {
    /// Whether a number's token says zero, rather than something too small for a double.
    fileprivate var isZero: Bool {
        utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }.allSatisfy {
            !(UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append<Child>(
        list: [Child], _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, each: (inout [UInt8], Child) -> Void
    ) {
        append(UInt8(ascii: opening))
        for (position, element) in list.enumerated() {
            if position > 0 { append(UInt8(ascii: ",")) }
            each(&self, element)
        }
        append(UInt8(ascii: closing))
    }

    fileprivate mutating func append(numberToken token: String) {
        let isNumber = token.utf8.first.map { $0 == UInt8(ascii: "-") || $0 < UInt8(ascii: ":") } ?? false
        guard isNumber, let document = try? JSONDocument(validating: Array(token.utf8)) else {
            preconditionFailure("a big number holds the token of a JSON number")
        }
        append(contentsOf: document.bytes)
    }
}
