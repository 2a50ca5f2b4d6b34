internal import JSONKernel

/// A document's values by number, in document order, 0 being the document itself.
///
/// Points into the document's bytes and the parser's memory: valid only inside the call that lent it.
struct JSONIndex {
    let bytes: UnsafePointer<UInt8>
    private let index: jk_index
    private let nodes: UnsafePointer<jk_node>

    init(bytes: UnsafePointer<UInt8>, index: jk_index) {
        guard let nodes = index.nodes else { preconditionFailure("a document has at least one value") }
        self.bytes = bytes
        self.index = index
        self.nodes = nodes
    }

    func kind(_ value: Int) -> jk_kind { jk_kind(UInt32(nodes[value].kind)) }

    func isInteger(_ number: Int) -> Bool { nodes[number].flags & UInt8(JK_FLAG_INTEGER) != 0 }

    /// Whether a string's content is written with escapes.
    func isEscaped(_ string: Int) -> Bool { nodes[string].flags & UInt8(JK_FLAG_ESCAPED) != 0 }

    /// Elements or members; stored documents hold none that do not count.
    func count(_ container: Int) -> Int { Int(nodes[container].count) }

    func children(_ container: Int) -> Children {
        Children(nodes: nodes, position: container + 1, end: Int(nodes[container].next))
    }

    /// All values but the document itself, in document order.
    var inner: Range<Int> { 1..<index.count }

    /// Whether the value is a member of an object; elements of arrays and the document are none.
    func isMember(_ value: Int) -> Bool { nodes[value].key_start != 0 }

    func member(_ object: Int, _ key: String) -> Int? {
        var key = key
        return key.withUTF8 { text in
            withUnsafePointer(to: index) { jk_member(bytes, $0, object, text.baseAddress, text.count) }
        }.nonNegative
    }

    func element(_ array: Int, _ position: Int) -> Int? {
        guard position < count(array) else { return nil }
        return children(array).dropFirst(position).first { _ in true }
    }

    /// The value as it is written.
    func token(_ value: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: UnsafeBufferPointer(start: bytes, count: Int(nodes[value].end))[range(value)])
    }

    func range(_ value: Int) -> Range<Int> { Int(nodes[value].start)..<Int(nodes[value].end) }

    /// A string's content as it is written, without its quotes.
    func content(_ string: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: token(string).dropFirst().dropLast())
    }

    /// The member as it is written, from the quote before its key to the end of its value.
    func memberRange(_ member: Int) -> Range<Int> { Int(nodes[member].key_start) - 1..<Int(nodes[member].end) }

    func string(_ value: Int) -> String { decoded(nodes[value].start + 1, nodes[value].end - 1) }

    /// Whether there is such a member and it is a string.
    func hasText(_ object: Int, _ key: String) -> Bool {
        member(object, key).map(kind) == JK_STRING
    }

    /// The text of a member, `nil` when there is none or it is not a string.
    func text(_ object: Int, _ key: String) -> String? {
        guard let member = member(object, key), kind(member) == JK_STRING else { return nil }
        return string(member)
    }

    func key(_ member: Int) -> String { decoded(nodes[member].key_start, nodes[member].key_end) }

    private func decoded(_ start: UInt32, _ end: UInt32) -> String {
        String(unsafeUninitializedCapacity: Int(end - start)) { room in
            guard let out = room.baseAddress else { return 0 }
            return jk_decode_string(bytes, start, end, out)
        }
    }

    struct Children: Sequence, IteratorProtocol {
        fileprivate let nodes: UnsafePointer<jk_node>
        fileprivate var position: Int
        fileprivate let end: Int

        mutating func next() -> Int? {
            guard position < end else { return nil }
            defer { position = Int(nodes[position].next) }
            return position
        }
    }
}

extension Int64 {
    fileprivate var nonNegative: Int? { self < 0 ? nil : Int(self) }
}

extension JSONDocument {
    /// Lends the document's index to `body`; nothing of it may leave.
    func withIndex<Result>(_ body: (JSONIndex) throws -> Result) rethrows -> Result {
        try JSONParserPool.shared.withParser(for: bytes.count) { parser in
            try bytes.withUnsafeBufferPointer { text in
                var index = jk_index()
                var problem = jk_problem()
                guard let start = text.baseAddress,
                    jk_index_document(parser.parser, start, text.count, &index, &problem) == JK_OK
                else { preconditionFailure("a document holds one valid JSON value: \(JSONProblem(problem))") }
                return try body(JSONIndex(bytes: start, index: index))
            }
        }
    }
}
