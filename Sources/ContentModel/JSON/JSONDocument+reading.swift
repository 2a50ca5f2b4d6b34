internal import JSONKernel

extension JSONDocument {
    /// The text of a top-level member, `nil` when there is none or it is not a string.
    public func string(_ key: String) -> String? { withMembers { $0.string(key) } }

    /// The value of a top-level member that is a whole number of at most 64 bits, however it is spelled.
    public func integer(_ key: String) -> Int64? { withMembers { $0.integer(key) } }

    public func bool(_ key: String) -> Bool? { withMembers { $0.bool(key) } }

    /// A top-level member by itself.
    public func member(_ key: String) -> JSONDocument? {
        withMembers { members in members.token(key).map { JSONDocument(trusted: Array($0)) } }
    }

    /// Keys of the top-level members, in order.
    public var keys: [String] {
        withIndex { index in index.kind(0) == JK_OBJECT ? index.children(0).map(index.key) : [] }
    }

    /// The top-level members, in order; nothing for other documents.
    public var members: [(key: String, value: JSONDocument)] {
        withIndex { index in
            guard index.kind(0) == JK_OBJECT else { return [] }
            return index.children(0).map { (index.key($0), JSONDocument(trusted: Array(index.token($0)))) }
        }
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
