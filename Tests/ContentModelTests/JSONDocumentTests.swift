import ContentModel
import Testing

@Suite struct JSONDocumentTests {
    private func document(_ text: String) throws -> JSONDocument { try JSONDocument(validating: text) }

    @Test func keepsTokensAndDropsBlanks() throws {
        let text = #"{"z":1.0,"a":12345678901234567890,"é":"\u00e9\/","o":{},"l":[]}"#
        #expect(try document(text).text == text)
        #expect(try document(" { \"a\" : [ 1.50 ] ,\n\"b\":null } ").text == #"{"a":[1.50],"b":null}"#)
        #expect(try document(#"{"a":1,"\u0061":2}"#).text == #"{"\u0061":2}"#)
        #expect(try JSONDocument(validating: Array("[[1 ]]".utf8)[1..<5]).text == "[1]")
    }

    @Test(arguments: [
        (
            "{\"a\": }", JSONProblem(status: .malformed, reason: "expected a value", offset: 6),
            "not JSON: expected a value (byte 6)"
        ),
        (
            "", JSONProblem(status: .malformed, reason: "expected a value", offset: 0),
            "not JSON: expected a value (byte 0)"
        ),
        (
            "[\"\\ud800\"]", JSONProblem(status: .loneSurrogate, reason: "lone surrogate", offset: 2),
            "not JSON: lone surrogate (byte 2)"
        ),
        (
            String(repeating: "[", count: 600), JSONProblem(status: .tooDeep, reason: "nested too deeply", offset: 512),
            "JSON beyond the limits: nested too deeply (byte 512)"
        ),
    ]) func saysWhatIsWrongAndWhere(text: String, problem: JSONProblem, description: String) {
        #expect(throws: problem) { try document(text) }
        #expect(throws: problem) { try JSONDocument.intake(Array(text.utf8)) }
        #expect(problem.description == description)
    }

    @Test func refusesInvalidUTF8() {
        #expect(throws: JSONProblem(status: .invalidUTF8, reason: "invalid UTF-8", offset: 2)) {
            try JSONDocument(validating: [0x5B, 0x22, 0xFF, 0x22, 0x5D])
        }
    }

    @Test func documentsAreEqualByBytesAndHashesByMeaning() throws {
        let one = try document(#"{"a":1.0,"b":{}}"#)
        let other = try document(#"{"b":[],"a":1}"#)
        #expect(one != other)
        #expect(one.hash == other.hash)
        #expect(try one.hash != document(#"{"a":2,"b":[]}"#).hash)
        let intake = try JSONDocument.intake(Array(#" {"a": 1.0, "b": {}} "#.utf8))
        #expect(intake.document == one)
        #expect(intake.hash == one.hash)
        let raw = try Array(#"{"a":1.0,"b":{}}"#.utf8).withUnsafeBytes { try JSONDocument.intake($0) }
        #expect(raw.document == one && raw.hash == one.hash)
    }

    /// The published hash of a canonical form: a change here means that no instance agrees with its peers any more.
    @Test func theHashOfAValueNeverChanges() throws {
        let document = try document(#"{"title":"Caf\u00e9","price":1.50,"tags":["a","b"],"meta":{},"n":1e3}"#)
        #expect(
            document.hash
                == ContentHash(
                    bytes: sha256(Array(#"{"meta":[],"n":1000,"price":1.5,"tags":["a","b"],"title":"Café"}"#.utf8))))
    }

    @Test func readsTopLevelMembers() throws {
        let document = try document(
            #"{"_id":"a\u0062","n":42,"f":1.5,"w":1e3,"big":12345678901234567890,"t":true,"o":{"x":[10,{"y":null}]},"z":null}"#
        )
        #expect(document.string("_id") == "ab")
        #expect(document.string("n") == nil)
        #expect(document.integer("n") == 42)
        #expect(document.integer("w") == 1000)
        #expect(document.integer("f") == nil)
        #expect(document.integer("big") == nil)
        #expect(document.integer("missing") == nil)
        #expect(document.bool("t") == true)
        #expect(document.bool("n") == nil)
        #expect(document.member("o")?.text == #"{"x":[10,{"y":null}]}"#)
        #expect(document.member("missing") == nil)
        #expect(document.keys == ["_id", "n", "f", "w", "big", "t", "o", "z"])
        #expect(document["o", "x", "0"] == 10)
        #expect(document["o", "x", "1", "y"] == .null)
        #expect(document["o", "x", "2"] == nil)
        #expect(document["o", "x", "01"] == nil)
        #expect(document["_id", "x"] == nil)
        #expect(document["z"] == .null)
        #expect(document.isObject && !document.isArray)
        #expect(try self.document("[1,\"a\"]").elements.map(\.text) == ["1", "\"a\""])
        #expect(try self.document("[1]").string("a") == nil)
    }

    @Test(arguments: [
        (#"{"a":1,"b":2.0}"#, "a", "[]", #"{"a":[],"b":2.0}"#), (#"{"a":1,"b":2.0}"#, "b", "3", #"{"a":1,"b":3}"#),
        (#"{"a":1}"#, "c", "3", #"{"a":1,"c":3}"#),
        ("{}", "a", "1", #"{"a":1}"#), ("[]", "a", "1", #"{"a":1}"#), (#"{"\u0061":1}"#, "a", "2", #"{"\u0061":2}"#),
        (#"{"o":{"a":1}}"#, "a", "2", #"{"o":{"a":1},"a":2}"#),
        ("{}", "q\"\\\n/é", "1", #"{"q\"\\\n/é":1}"#),
    ]) func setsAMember(text: String, key: String, value: String, expected: String) throws {
        let changed = try document(text).setting(key, to: document(value))
        #expect(changed.text == expected)
        #expect(try document(changed.text) == changed)
    }

    @Test(arguments: [
        (#"{"a":1,"b":2.0,"c":[]}"#, "a", #"{"b":2.0,"c":[]}"#), (#"{"a":1,"b":2.0,"c":[]}"#, "b", #"{"a":1,"c":[]}"#),
        (#"{"a":1,"b":2.0,"c":[]}"#, "c", #"{"a":1,"b":2.0}"#),
        (#"{"a":1}"#, "a", "{}"), (#"{"a":1}"#, "b", #"{"a":1}"#), (#"{"\u0061\n":"x","b":1}"#, "a\n", #"{"b":1}"#),
        ("[1]", "a", "[1]"), ("{}", "a", "{}"),
        (#"{"o":{"a":1},"a":{"a":1}}"#, "a", #"{"o":{"a":1}}"#),
    ]) func removesAMember(text: String, key: String, expected: String) throws {
        let changed = try document(text).removing(key)
        #expect(changed.text == expected)
        #expect(try document(changed.text) == changed)
    }

    @Test func buildsDocuments() throws {
        let built = JSONDocument.object([
            ("s", JSONDocument(string: "a\"\\\n\u{1}é😀/")), ("n", JSONDocument(integer: -5)),
            ("b", JSONDocument(bool: true)), ("z", .null),
            ("l", .array([JSONDocument(integer: 1), .emptyObject])),
        ])
        #expect(built.text == #"{"s":"a\"\\\n\u0001é😀/","n":-5,"b":true,"z":null,"l":[1,{}]}"#)
        #expect(try document(built.text) == built)
        #expect(JSONDocument.object([]) == .emptyObject)
        #expect(JSONDocument.array([JSONDocument]()) == .emptyArray)
    }

    @Test func ofFieldsWithTheSameKeyTheLastIsKept() {
        let one = JSONDocument(integer: 1)
        let two = JSONDocument(integer: 2)
        #expect(JSONDocument.object([("a", one), ("b", one), ("a", two)]).text == #"{"b":1,"a":2}"#)
        // Swift holds these two keys to be the same text; JSON does not.
        let composed = "\u{e9}"
        let decomposed = "e\u{301}"
        #expect(JSONDocument.object([(composed, one), (decomposed, two)]).keys.count == 2)
        #expect(JSONDocument.object([(composed, one)]).setting(decomposed, to: two).keys.count == 2)
        #expect(JSONDocument.object([(composed, one)]).integer(decomposed) == nil)
    }

    @Test func printsForPeople() throws {
        let text = #"{"b":1.0,"a":[1,{"x":"\u00e9"},[],{}],"e":{}}"#
        let expected = """
            {
              "b": 1.0,
              "a": [
                1,
                {
                  "x": "\\u00e9"
                },
                [],
                {}
              ],
              "e": {}
            }
            """
        #expect(try document(text).prettyPrinted() == expected)
        #expect(try document(document(text).prettyPrinted(indent: 4)).text == text)
        #expect(try document("[]").prettyPrinted() == "[]")
    }

    @Test func manyTasksReadAtOnce() async throws {
        let document = try document(#"{"a":{"b":[1,2,3]},"s":"x"}"#)
        let hash = document.hash
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let changed = document.setting("n", to: JSONDocument(integer: number))
                    return changed.integer("n") == Int64(number) && changed.removing("n").hash == hash
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}
