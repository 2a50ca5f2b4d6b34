internal import JSONKernel

/// Looks into a document all of whose values are listed, so that any number of them cost one reading.
///
/// Points into the document's bytes and the parser's memory: valid only inside the call that lent it.
package struct JSONReading {
    let index: JSONIndex
    /// The stored form.
    let text: UnsafeBufferPointer<UInt8>

    init(_ index: JSONIndex, length: Int) {
        self.index = index
        text = UnsafeBufferPointer(start: index.bytes, count: length)
    }

    /// Whether a top-level member is this text, byte for byte.
    ///
    /// Swift would take two spellings of one accented letter for the same.
    package func holds(_ text: String, in key: String) -> Bool {
        guard let member = index.member(0, key), index.kind(member) == JK_STRING else { return false }
        guard !index.isEscaped(member) else { return index.string(member).utf8.elementsEqual(text.utf8) }
        var text = text
        return text.withUTF8 { index.content(member).elementsEqual($0) }
    }
}

extension JSONReading: TopLevelMembers {
    package func string(_ key: String) -> String? { index.text(0, key) }

    package func integer(_ key: String) -> Int64? {
        guard let member = index.member(0, key), index.kind(member) == JK_NUMBER else { return nil }
        return JSONValue(index, member).integer
    }
}

extension JSONDocument {
    /// Lends a reading of the document to `body`; nothing of it may leave.
    package func withReading<Result>(_ body: (JSONReading) throws -> Result) rethrows -> Result {
        try withIndex { index in try body(JSONReading(index, length: bytes.count)) }
    }

    /// Reads the JSON text of a peer, hashes it, and lends `look` the reading that was made for that; nothing of it may
    /// leave.
    ///
    /// What is read is the document, not the text: of members with the same name the last one, and no blanks.
    package static func intake(
        _ bytes: UnsafeRawBufferPointer, reading look: (JSONReading) -> Void
    ) throws(JSONProblem) -> (document: JSONDocument, hash: ContentHash) {
        let text = bytes.assumingMemoryBound(to: UInt8.self)
        return try JSONParserPool.shared.withParser(for: text.count) { parser throws(JSONProblem) in
            var index = jk_index()
            let hash = try parser.intake(text, index: &index)
            guard let stored = parser.stored.bytes else { preconditionFailure("a document has at least one byte") }
            look(JSONReading(JSONIndex(bytes: stored, index: index), length: parser.stored.length))
            return (JSONDocument(trusted: parser.storedBytes), hash)
        }
    }
}
