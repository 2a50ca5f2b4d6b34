internal import JSONKernel

/// The top-level members of a document, found in one pass that does not read what is nested in them.
///
/// Points into the document's bytes: valid only inside the `withMembers` that made it.
package struct JSONMembers {
    private let bytes: UnsafePointer<UInt8>
    private let children: UnsafeBufferPointer<jk_child>

    fileprivate init(bytes: UnsafePointer<UInt8>, children: UnsafeBufferPointer<jk_child>) {
        self.bytes = bytes
        self.children = children
    }

    /// The text of a member, `nil` when there is none or it is not a string.
    package func string(_ key: String) -> String? {
        guard let child = find(key), child.kind == UInt8(JK_STRING.rawValue) else { return nil }
        // Without the quotes: up to 15 bytes a text needs no memory of its own.
        return String(unsafeUninitializedCapacity: Int(child.end - child.start) - 2) { room in
            guard let out = room.baseAddress else { return 0 }
            return jk_decode_string(bytes, child.start + 1, child.end - 1, out)
        }
    }

    /// The value of a member that is a whole number of at most 64 bits, however it is spelled.
    package func integer(_ key: String) -> Int64? {
        guard let child = find(key), child.kind == UInt8(JK_NUMBER.rawValue) else { return nil }
        return JSONValue(number: token(child), isInteger: child.flags & UInt8(JK_FLAG_INTEGER) != 0).integer
    }

    package func bool(_ key: String) -> Bool? {
        switch find(key)?.kind {
        case UInt8(JK_TRUE.rawValue): true
        case UInt8(JK_FALSE.rawValue): false
        default: nil
        }
    }

    /// The value of a member as it is written.
    package func token(_ key: String) -> UnsafeBufferPointer<UInt8>? { find(key).map(token) }

    private func token(_ child: jk_child) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: bytes + Int(child.start), count: Int(child.end - child.start))
    }

    private func find(_ key: String) -> jk_child? {
        var key = key
        return key.withUTF8 { wanted in children.first { isCalled($0, wanted) } }
    }

    private func isCalled(_ child: jk_child, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        let own = UnsafeBufferPointer(
            start: bytes + Int(child.key_start), count: Int(child.key_end - child.key_start))
        guard child.flags & UInt8(JK_FLAG_KEY_ESCAPED) != 0 else { return own.elementsEqual(key) }
        let decoded = [UInt8](unsafeUninitializedCapacity: own.count) { room, count in
            count = room.baseAddress.map { jk_decode_string(bytes, child.key_start, child.key_end, $0) } ?? 0
        }
        return decoded.elementsEqual(key)
    }
}

/// Looks at the top-level members of a document.
package protocol TopLevelMembers {
    /// The text of a member, `nil` when there is none or it is not a string.
    func string(_ key: String) -> String?

    /// The value of a member that is a whole number of at most 64 bits, however it is spelled.
    func integer(_ key: String) -> Int64?
}

extension TopLevelMembers {
    /// The id of the item's parent; nil for one that has none, which an empty text says too.
    package func parent(of kind: Kind) -> String? {
        guard let member = kind.parentMember, let parent = string(member), !parent.isEmpty else { return nil }
        return parent
    }
}

extension JSONMembers: TopLevelMembers {}

extension JSONDocument {
    /// Lends the document's members to `body`; nothing of them may leave. Documents that are no objects have none.
    package func withMembers<Result>(_ body: (JSONMembers) throws -> Result) rethrows -> Result {
        try JSONParserPool.shared.withParser(for: bytes.count) { parser in
            try bytes.withUnsafeBufferPointer { text in
                guard let start = text.baseAddress else { preconditionFailure("a document has at least one byte") }
                let count = isObject ? parser.listMembers(start, text.count) : 0
                return try body(
                    JSONMembers(
                        bytes: start, children: UnsafeBufferPointer(start: parser.children.items, count: count)))
            }
        }
    }
}

extension JSONParser {
    /// Lists the members of an object's stored form into `children` and answers how many there are.
    fileprivate func listMembers(_ start: UnsafePointer<UInt8>, _ length: Int) -> Int {
        let status = jk_list_children(start, length, 0, &children)
        precondition(status == JK_OK, "a document holds one valid JSON value, and memory is left")
        return children.count
    }
}

extension JSONDocument {
    /// The elements of a JSON array that holds nothing but strings; nil for any other text.
    package static func strings(_ text: UnsafeBufferPointer<UInt8>) -> [String]? {
        JSONParserPool.shared.withParser(for: text.count) { parser in
            var index = jk_index()
            var problem = jk_problem()
            guard let start = text.baseAddress,
                jk_index_document(parser.parser, start, text.count, &index, &problem) == JK_OK
            else { return nil }
            let values = JSONIndex(bytes: start, index: index)
            guard values.kind(0) == JK_ARRAY else { return nil }
            var strings: [String] = []
            strings.reserveCapacity(values.count(0))
            for child in values.children(0) {
                guard values.kind(child) == JK_STRING else { return nil }
                strings.append(values.string(child))
            }
            return strings
        }
    }
}
