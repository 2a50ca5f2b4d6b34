import ContentModel
import Testing

@Suite struct JSONValueTests {
    private func value(_ text: String) throws -> JSONValue { JSONValue(try JSONDocument(validating: text)) }

    @Test func decodesEveryKind() throws {
        let text = #"{"n":null,"b":[true,false],"i":-7,"d":1.5,"s":"a\n\u00e9","o":{"x":{}}}"#
        let expected: JSONValue = [
            "n": nil, "b": [true, false], "i": -7, "d": 1.5, "s": "a\né", "o": ["x": [:]],
        ]
        #expect(try value(text) == expected)
    }

    @Test(arguments: [
        ("9223372036854775807", JSONValue.integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .bigNumber("9223372036854775808")),
        ("1.0", .number(1)), ("1e400", .bigNumber("1e400")), ("1e-400", .bigNumber("1e-400")), ("0.0e9", .number(0)),
        ("-0", .integer(0)), ("1E2", .number(100)),
    ]) func numbersKeepTheirValue(token: String, expected: JSONValue) throws {
        #expect(try value(token) == expected)
    }

    @Test(arguments: [
        #"{"a":[1,2.5,"x",null,true,{"b":{}}],"é":"\"\\\n"}"#, "12345678901234567890", "1e400", "[]", "\"\"",
        #"{"b":1,"a":2}"#,
    ]) func encodesWhatItDecoded(text: String) throws {
        #expect(try value(text).document.text == text)
    }

    /// Tasks have smaller stacks than the main thread.
    @Test func theDeepestDocumentsAreHandledInTasks() async throws {
        let text = String(repeating: "[{\"a\":", count: 256) + "1" + String(repeating: "}]", count: 256)
        let isSame = try await Task.detached {
            let document = try JSONDocument(validating: text)
            let value = JSONValue(document)
            let printed = try JSONDocument(validating: document.prettyPrinted(indent: 0))
            return value.document == document && value == JSONValue(printed)
        }.value
        #expect(isSame)
    }

    @Test func writesOnlyJSON() {
        #expect(
            JSONValue.array([.number(.nan), .number(.infinity), .number(1e25), .number(-0.5)]).document.text
                == "[null,null,1e+25,-0.5]")
        #expect(
            JSONValue.object([JSONMember("a", 1), JSONMember("b", 2), JSONMember("a", 3)]).document.text
                == #"{"b":2,"a":3}"#)
    }

    @Test func looksInside() throws {
        let value = try value(#"{"a":[1.0,"x",true],"big":12345678901234567890}"#)
        #expect(value["a"]?[0]?.integer == 1)
        #expect(value["a"]?[0]?.double == 1)
        #expect(value["a"]?[1]?.string == "x")
        #expect(value["a"]?[2]?.bool == true)
        #expect(value["a"]?[3] == nil)
        #expect(value["missing"] == nil)
        #expect(value["big"]?.integer == nil)
        #expect(value["big"]?.double == 12_345_678_901_234_567_168)
        #expect(value["a"]?.array?.count == 3)
        #expect(value.object?.map(\.key) == ["a", "big"])
    }

    @Test func textsAreEqualByTheirBytes() {
        #expect(JSONValue.string("\u{e9}") != .string("e\u{301}"))
        #expect(JSONValue.object([JSONMember("\u{e9}", 1)])["e\u{301}"] == nil)
    }
}
