import ContentModel
import Testing

@testable import SyncProtocol

@Suite("Batches")
struct BatchTests {
    let posts = try! Kind.content("posts")  // a valid name

    @Test func operationsComeBackAsTheyWere() throws {
        let item = try document(#"{"_id":"a\"b","n":12345678901234567890,"t":"ü\u0041","e":[],"o":{}}"#)
        let put = BatchOperation.put(body: item.document, output: item.hash)
        var unmerged = BatchEntry(kind: posts, id: "a\"b", operation: put, isContested: true, supersedes: true)
        unmerged.isUnmerged = true
        let written = [
            unmerged,
            BatchEntry(kind: posts, id: "a\"b", operation: put),
            BatchEntry(kind: .models, id: "old", operation: .delete),
            BatchEntry(kind: .singletons, id: "line\nbreak", operation: .release),
            BatchEntry(kind: posts, id: "a\"b", operation: put, isContested: true),
            BatchEntry(kind: posts, id: "contested", operation: .delete, isContested: true),
            BatchEntry(kind: posts, id: "supersedes", operation: .delete),
            BatchEntry(kind: posts, id: "a", operation: .delete, known: item.hash),
            BatchEntry(
                kind: posts, id: "contested", operation: .delete, isContested: true, supersedes: true, known: item.hash),
            BatchEntry(kind: posts, id: "a\"b", operation: put, supersedes: true),
            BatchEntry(kind: posts, id: "a\"b", operation: put, isContested: true, supersedes: true),
            BatchEntry(kind: posts, id: "c", operation: .withdraw, supersedes: true),
        ]
        var encoder = BatchEncoder()
        for entry in written { encoder.add(entry) }
        let batch = try encoder.finish(number: 3)
        #expect(try entries(of: batch.payload) == written)
        #expect(batch.info.number == 3)
        #expect(batch.info.operations == written.count)
        #expect(batch.info.bytes == batch.payload.count)
        #expect(batch.info.digest == sha256(batch.payload).hex)
    }

    @Test func theItemOfAPutIsSeenAsItIsRead() throws {
        let item = try document(#"{"_id":"a\u0062","_modified":17,"x":{"_model":"people","_id":"p"}}"#)
        var encoder = BatchEncoder()
        encoder.add(BatchEntry(kind: posts, id: "gone", operation: .delete))
        encoder.add(BatchEntry(kind: posts, id: "ab", operation: .put(body: item.document, output: item.hash)))
        var decoder = try BatchDecoder(payload: encoder.finish(number: 1).payload)
        var found: [String] = []
        let look = { (item: JSONReading, kind: Kind) in
            found =
                ["\(kind)", item.string("_id") ?? "", "\(item.integer("_modified") ?? 0)"]
                + item.linksToItems(of: kind).map { "\($0.kind)/\($0.id)" }
        }
        #expect(try decoder.next(reading: look)?.id == "gone")
        #expect(found == [])
        #expect(try decoder.next(reading: look)?.operation == .put(body: item.document, output: item.hash))
        #expect(found == ["content/posts", "ab", "17", "content/people/p"])
        #expect(try decoder.next() == nil)
    }

    @Test func theSameOperationsAreTheSameBytes() throws {
        let item = try document(#"{"_id":"a"}"#)
        let payloads = try (1...2).map { _ in
            var encoder = BatchEncoder()
            encoder.add(
                BatchEntry(kind: posts, id: "a", operation: .put(body: item.document, output: item.hash)))
            return try encoder.finish(number: 1).payload
        }
        #expect(payloads[0] == payloads[1])
    }

    @Test func anEncoderStartsOverAfterEveryBatch() throws {
        var encoder = BatchEncoder()
        encoder.add(BatchEntry(kind: posts, id: "a", operation: .delete))
        _ = try encoder.finish(number: 1)
        #expect(encoder.isEmpty)
        #expect(try entries(of: encoder.finish(number: 2).payload).isEmpty)
    }

    @Test func aBatchIsFullAtItsLimit() {
        var encoder = BatchEncoder()
        encoder.add(BatchEntry(kind: posts, id: "a", operation: .delete))
        #expect(!encoder.isFull(limit: 2))
        encoder.add(BatchEntry(kind: posts, id: "b", operation: .delete))
        #expect(encoder.isFull(limit: 2))
    }

    func document(_ text: String) throws -> (document: JSONDocument, hash: ContentHash) {
        try JSONDocument.intake(Array(text.utf8))
    }
}

@Suite("Hostile batches")
struct HostileBatchTests {
    @Test func whatIsNotZstdIsRefused() {
        #expect(refusal(ofPayload: []) == .malformedMessage)
        #expect(refusal(ofPayload: Array("[\"delete\"]".utf8)) == .malformedMessage)
        #expect(refusal(ofPayload: [0x28, 0xB5, 0x2F, 0xFD]) == .malformedMessage)
    }

    @Test func everyTruncationIsRefused() throws {
        let payload = try Zstandard.compress(Array(#"["delete","content/posts","a"]"#.utf8) + [10])
        for length in 0..<payload.count {
            #expect(refusal(ofPayload: Array(payload.prefix(length))) == .malformedMessage)
        }
    }

    @Test func damageIsNeverACrash() throws {
        let payload = try Zstandard.compress(
            Array((1...50).map { "[\"delete\",\"content/posts\",\"item-\($0 * 7_919)\"]\n" }.joined().utf8))
        for position in payload.indices {
            var damaged = payload
            damaged[position] ^= 0xFF
            _ = refusal(ofPayload: damaged)
        }
    }

    @Test func aBombIsRefusedByWhatItDeclares() throws {
        let bomb = try Zstandard.compress([UInt8](repeating: 32, count: Limits.decompressedBytes + 1))
        #expect(bomb.count < 100_000)
        #expect(refusal(ofPayload: bomb) == .tooLarge)
    }

    /// Two frames, of which only the first one's size is declared up front.
    @Test func aBombBehindASmallFrameIsRefused() throws {
        let small = try Zstandard.compress(Array("\n".utf8))
        let large = try Zstandard.compress([UInt8](repeating: 32, count: 1 << 20))
        #expect(refusal(ofPayload: small + large) == .malformedMessage)
    }

    @Test(arguments: [
        "junk", "", "{}", "[]", "[1,2,3]", #"["put"]"#, #"["put","content/posts","a"]"#,
        #"["delete","content/posts",""]"#, #"["delete","content/posts","a","b"]"#, #"["drop","content/posts","a"]"#,
        #"["delete","content/posts",null]"#, #"["delete","content/posts","a"] x"#, #"["delete","content/posts","a""#,
        #"["delete","content/posts","a","unmerged"]"#, #"["release","content/posts","a","unmerged"]"#,
    ])
    func linesThatAreNoOperationAreRefused(line: String) {
        #expect(refusal(of: line + "\n") == .malformedMessage)
    }

    @Test func idsHaveALimit() {
        let id = String(repeating: "x", count: Kind.longestName + 1)
        #expect(refusal(of: "[\"delete\",\"content/posts\",\"\(id)\"]\n") == .malformedMessage)
    }

    @Test(arguments: [("users", ErrorCode.unknownKind), ("content/../etc", .invalidName), ("content/", .invalidName)])
    func kindsThatDoNotExistAreRefused(kind: String, code: ErrorCode) {
        #expect(refusal(of: "[\"delete\",\"\(kind)\",\"a\"]\n") == code)
    }

    @Test func anItemThatDoesNotHashToItsLineIsRefused() throws {
        let hash = try JSONDocument(validating: Array(#"{"_id":"a","x":1}"#.utf8)).hash.hex
        #expect(refusal(of: put("a", hash: hash, body: #"{"_id":"a","x":2}"#)) == .hashMismatch)
    }

    @Test func anItemWhoseIDIsOnlyCanonicallyTheSameIsRefused() throws {
        let body = "{\"_id\":\"e\u{301}\"}"
        let hash = try JSONDocument(validating: body).hash.hex
        #expect(refusal(of: put("\u{e9}", hash: hash, body: body)) == .malformedMessage)
        #expect(refusal(of: put("e\u{301}", hash: hash, body: body)) == nil)
    }

    @Test(arguments: [
        #"{"_id":"b"}"#, #"{}"#, #"[]"#, #"{"_id":1}"#, #""a""#, #"{"name":"a"}"#,
    ])
    func anItemUnderAnotherIDIsRefused(body: String) throws {
        let hash = try JSONDocument(validating: Array(body.utf8)).hash.hex
        #expect(refusal(of: put("a", hash: hash, body: body)) == .malformedMessage)
    }

    @Test(arguments: ["{", #"{"_id":"a",}"#, "\u{0}", #"{"_id":"a"} {"_id":"a"}"#, String(repeating: "[", count: 600)])
    func anItemThatIsNotJSONIsRefused(body: String) {
        #expect(refusal(of: put("a", hash: String(repeating: "0", count: 64), body: body)) == .malformedMessage)
    }

    @Test(arguments: ["", "0", String(repeating: "g", count: 64), String(repeating: "0", count: 66)])
    func aHashThatIsNoneIsRefused(hash: String) {
        #expect(refusal(of: put("a", hash: hash, body: #"{"_id":"a"}"#)) == .malformedMessage)
    }

    @Test func anItemThatIsMissingIsRefused() {
        let hash = String(repeating: "0", count: 64)
        #expect(refusal(of: "[\"put\",\"content/posts\",\"a\",\"\(hash)\"]\n") == .malformedMessage)
    }

    private func put(_ id: String, hash: String, body: String) -> String {
        "[\"put\",\"content/posts\",\"\(id)\",\"\(hash)\"]\n\(body)\n"
    }

    private func refusal(of text: String) -> ErrorCode? {
        (try? Zstandard.compress(Array(text.utf8))).flatMap { refusal(ofPayload: $0) }
    }

    private func refusal(ofPayload payload: [UInt8]) -> ErrorCode? {
        do {
            _ = try entries(of: payload)
            return nil
        } catch {
            return (error as? TidelockError)?.code
        }
    }
}

private func entries(of payload: [UInt8]) throws -> [BatchEntry] {
    var decoder = try BatchDecoder(payload: payload)
    var entries: [BatchEntry] = []
    while let entry = try decoder.next() { entries.append(entry) }
    return entries
}
