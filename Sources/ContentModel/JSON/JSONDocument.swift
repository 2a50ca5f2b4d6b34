internal import JSONKernel

/// One JSON value, validated, as the bytes it is stored as.
///
/// Tokens, their order and their spelling are those of whoever wrote them; only blanks between tokens and members
/// hidden behind a later member of the same name are gone. Equality is that of bytes: compare `hash` to learn whether
/// two documents mean the same.
public struct JSONDocument: Sendable, Hashable {
    /// The stored form. Holds no line break, so documents can be written one a line.
    public let bytes: [UInt8]

    /// Reads the JSON text of a peer, a file or a person.
    public init(validating bytes: [UInt8]) throws(JSONProblem) {
        self.bytes = try bytes.withBuffer { text throws(JSONProblem) in
            try JSONDocument.stored(text, orSame: bytes)
        }
    }

    public init(validating bytes: some Collection<UInt8>) throws(JSONProblem) {
        try self.init(validating: Array(bytes))
    }

    public init(validating text: String) throws(JSONProblem) {
        try self.init(validating: Array(text.utf8))
    }

    /// Bytes of another document: what `bytes` gave, read back from our own store.
    ///
    /// Anything else is a broken invariant, which the first look into the document reports by stopping the process.
    package init(trusted bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// SHA-256 over the canonical form: equal for all spellings of the same value.
    public var hash: ContentHash {
        JSONParserPool.shared.withParser(for: bytes.count) { parser in
            ContentHash(filledBy: { digest in
                var problem = jk_problem()
                let status = jk_hash(parser.parser, bytes, bytes.count, digest, &problem)
                precondition(status == JK_OK, "a document holds one valid JSON value: \(JSONProblem(problem))")
            })
        }
    }

    public var isObject: Bool { bytes.first == UInt8(ascii: "{") }

    public var isArray: Bool { bytes.first == UInt8(ascii: "[") }

    /// The document as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSONDocument {
    /// Reads the JSON text of a peer and hashes it in one go.
    public static func intake(_ bytes: [UInt8]) throws(JSONProblem) -> (document: JSONDocument, hash: ContentHash) {
        try bytes.withBuffer { text throws(JSONProblem) in try intake(text, orSame: bytes) }
    }

    public static func intake(
        _ bytes: UnsafeRawBufferPointer
    ) throws(JSONProblem) -> (document: JSONDocument, hash: ContentHash) {
        try intake(bytes.assumingMemoryBound(to: UInt8.self), orSame: nil)
    }

    private static func intake(
        _ text: UnsafeBufferPointer<UInt8>, orSame original: [UInt8]?
    ) throws(JSONProblem) -> (document: JSONDocument, hash: ContentHash) {
        try JSONParserPool.shared.withParser(for: text.count) { parser throws(JSONProblem) in
            let hash = try parser.intake(text)
            return (JSONDocument(trusted: parser.storedBytes(orSame: original)), hash)
        }
    }

    private static func stored(
        _ text: UnsafeBufferPointer<UInt8>, orSame original: [UInt8]
    ) throws(JSONProblem) -> [UInt8] {
        try JSONParserPool.shared.withParser(for: text.count) { parser throws(JSONProblem) in
            var problem = jk_problem()
            let status = jk_normalise(parser.parser, text.baseAddress, text.count, &parser.stored, &problem)
            guard status == JK_OK else { throw JSONProblem(problem) }
            return parser.storedBytes(orSame: original)
        }
    }
}

extension JSONParser {
    /// Hashes a text and writes its stored form into `stored`, whose values `index` lists where there is one.
    func intake(
        _ text: UnsafeBufferPointer<UInt8>, index: UnsafeMutablePointer<jk_index>? = nil
    ) throws(JSONProblem) -> ContentHash {
        var problem = jk_problem()
        var status = JK_OK
        let hash = ContentHash(filledBy: { digest in
            status = jk_intake(parser, text.baseAddress, text.count, &stored, index, digest, &problem)
        })
        guard status == JK_OK else { throw JSONProblem(problem) }
        return hash
    }

    /// The stored form just written. Writing it only ever leaves bytes out, so one of the same length is the same.
    fileprivate func storedBytes(orSame original: [UInt8]?) -> [UInt8] {
        if let original, original.count == stored.length { return original }
        return storedBytes
    }
}

extension [UInt8] {
    /// `withUnsafeBufferPointer` that says which error it throws.
    fileprivate func withBuffer<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(JSONProblem) -> Result
    ) throws(JSONProblem) -> Result {
        try withUnsafeBufferPointer { text throws(JSONProblem) in try body(text) }
    }
}
