internal import JSONKernel

extension JSONDocument {
    /// The text of a top-level member, `nil` when there is none or it is not a string.
    public func string(_ key: String) -> String? {
        withMember(key) { index, value in index.kind(value) == JK_STRING ? index.string(value) : nil }
    }

    /// The value of a top-level member that is a whole number of at most 64 bits, however it is spelled.
    public func integer(_ key: String) -> Int64? {
        withMember(key) { index, value in
            guard index.kind(value) == JK_NUMBER else { return nil }
            return JSONValue(number: index.token(value), isInteger: index.isInteger(value)).integer
        }
    }

    public func bool(_ key: String) -> Bool? {
        withMember(key) { index, value in
            switch index.kind(value) {
            case JK_TRUE: true
            case JK_FALSE: false
            default: nil
            }
        }
    }

    /// A top-level member by itself.
    public func member(_ key: String) -> JSONDocument? {
        withMember(key) { index, value in JSONDocument(trusted: Array(index.token(value))) }
    }

    /// Keys of the top-level members, in order.
    public var keys: [String] {
        withIndex { index in index.kind(0) == JK_OBJECT ? index.children(0).map(index.key) : [] }
    }

    /// Elements of a top-level array; nothing for other documents.
    public var elements: [JSONDocument] {
        withIndex { index in
            guard index.kind(0) == JK_ARRAY else { return [] }
            return index.children(0).map { JSONDocument(trusted: Array(index.token($0))) }
        }
    }

    /// The value at the end of a path of member names and, for arrays, positions.
    public subscript(path: String...) -> JSONValue? {
        withIndex { index in
            var value = 0
            for step in path {
                guard let next = index.step(value, step) else { return nil }
                value = next
            }
            return JSONValue(index, value)
        }
    }

    private func withMember<Result>(_ key: String, _ body: (JSONIndex, Int) -> Result?) -> Result? {
        withIndex { index in index.member(0, key).flatMap { body(index, $0) } }
    }
}

extension JSONIndex {
    /// The member of an object or the element of an array that a path names.
    func step(_ value: Int, _ name: String) -> Int? {
        switch kind(value) {
        case JK_OBJECT: member(value, name)
        case JK_ARRAY: arrayPosition(name).flatMap { element(value, $0) }
        default: nil
        }
    }
}

/// The position that a path's step means in an array: digits, and no zeros before them.
func arrayPosition(_ name: String) -> Int? {
    guard name.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let position = Int(name),
        name == "0" || !name.hasPrefix("0")
    else { return nil }
    return position
}
