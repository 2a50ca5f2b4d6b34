import JSONKernel
import Testing

@Suite struct IndexTests {
    let kernel = Kernel()

    @Test func listsValuesInDocumentOrder() throws {
        let text = Array(#" {"a": [1, {"b": "c"}], "d": null} "#.utf8)
        try kernel.index(text) { nodes, _ in
            let tokens = nodes.map { String(decoding: text[Int($0.start)..<Int($0.end)], as: UTF8.self) }
            #expect(
                tokens == [
                    #"{"a": [1, {"b": "c"}], "d": null}"#, #"[1, {"b": "c"}]"#, "1", #"{"b": "c"}"#, #""c""#, "null",
                ])
            #expect(nodes.map(\.next) == [6, 5, 3, 5, 5, 6])
            #expect(nodes.map(\.count) == [2, 2, 0, 1, 0, 0])
            let keys = nodes.map { String(decoding: text[Int($0.key_start)..<Int($0.key_end)], as: UTF8.self) }
            #expect(keys == ["", "a", "", "", "b", "d"])
            let kinds = [JK_OBJECT, JK_ARRAY, JK_NUMBER, JK_OBJECT, JK_STRING, JK_NULL]
            #expect(nodes.map(\.kind) == kinds.map { UInt8($0.rawValue) })
        }
    }

    @Test(arguments: [
        ("1", JK_FLAG_INTEGER), ("-0", JK_FLAG_INTEGER), ("123456789012345678901", JK_FLAG_INTEGER), ("1.0", 0),
        ("1e2", 0),
        ("\"a\"", 0), ("\"a\\n\"", JK_FLAG_ESCAPED), ("true", 0),
    ]) func flagsValues(text: String, flags: Int) throws {
        try kernel.index(Array(text.utf8)) { nodes, _ in #expect(nodes[0].flags == UInt8(flags)) }
        try kernel.index(Array("{\"k\\u0041\":\(text)}".utf8)) { nodes, _ in
            #expect(nodes[1].flags == UInt8(flags | JK_FLAG_KEY_ESCAPED))
        }
    }

    @Test(arguments: [2, 5, 16, 17, 100, 3000]) func ofEqualKeysOnlyTheLastCounts(count: Int) throws {
        // Every third key once more at the end, half of those spelled with escapes.
        var members = (0..<count).map { "\"key\($0)\":0" }
        let repeated = stride(from: 0, to: count, by: 3)
        members += repeated.map { $0 % 2 == 0 ? "\"key\($0)\":1" : "\"\\u006bey\($0)\":1" }
        try kernel.index(Array("{\(members.joined(separator: ","))}".utf8)) { nodes, _ in
            let shadowed = (0..<count).filter { nodes[$0 + 1].flags & UInt8(JK_FLAG_SHADOWED) != 0 }
            #expect(shadowed == Array(repeated))
            #expect(nodes.dropFirst(count + 1).allSatisfy { $0.flags & UInt8(JK_FLAG_SHADOWED) == 0 })
        }
    }

    @Test func oneKeyManyTimesCountsOnce() throws {
        let text = "{" + Array(repeating: "\"k\":1", count: 50_000).joined(separator: ",") + ",\"\\u006B\":2}"
        #expect(try kernel.normalise(text) == "{\"\\u006B\":2}")
    }

    /// A hash table alone would compare each of these keys with all before it.
    @Test func keysMadeToCollideAreStillToldApart() throws {
        let keys = (0..<20_000).map { String(UInt64($0) &* 0x9E37_79B9_7F4A_7C15, radix: 36) }
        let text = "{" + keys.map { "\"\($0)\":1" }.joined(separator: ",") + "}"
        #expect(try kernel.normalise(text) == text)
    }

    @Test(arguments: [
        ("a", 1), ("", 2), ("é", 3), ("x/y", 4), ("\u{1F600}", 5), ("d", 7), ("A", -1), ("aa", -1), ("x\\/y", -1),
        ("b", -1),
    ]) func findsMembersByDecodedKey(key: String, expected: Int64) throws {
        let text = Array(#"{"a":1,"":2,"\u00e9":3,"x\/y":4,"\ud83d\ude00":5,"d":6,"\u0064":{"b":1}}"#.utf8)
        try kernel.index(text) { _, index in
            withUnsafePointer(to: index) { index in
                #expect(jk_member(text, index, 0, Array(key.utf8), key.utf8.count) == expected)
            }
        }
    }

    @Test(arguments: [("\"a\"", 1), ("{", 1), ("x\"}", 1), ("\"b\"", 0), ("", 1), ("{\"a\":\"x\"} ", 0)])
    func aTextIsFoundWhereverItIs(text: String, expected: Int32) {
        let (bytes, text) = (Array(#"{"a":"x"}"#.utf8), Array(text.utf8))
        #expect(min(jk_mentions(bytes, bytes.count, text, text.count), 1) == expected)
        #expect(jk_mentions(nil, 0, Array("a".utf8), 1) == 0)
    }

    @Test func onlyObjectsHaveMembers() throws {
        let text = Array(#"["a",{"a":1}]"#.utf8)
        try kernel.index(text) { _, index in
            withUnsafePointer(to: index) { index in
                #expect(jk_member(text, index, 0, Array("a".utf8), 1) == -1)
                #expect(jk_member(text, index, 2, Array("a".utf8), 1) == 3)
            }
        }
    }

    /// The parser's memory is reused: what a longer document left there must not show.
    @Test func parsersForgetEarlierDocuments() throws {
        #expect(try kernel.normalise(#"{"a":1,"\u0061":2,"b":[1.5,2.5]}"#) == #"{"\u0061":2,"b":[1.5,2.5]}"#)
        #expect(try kernel.normalise(#" {"a":{},"b":1}"#) == #"{"a":{},"b":1}"#)
        #expect(throws: Kernel.Refusal.self) { try kernel.normalise("[1") }
        let large = "[" + String(repeating: "1.5,", count: 500_000) + "{}]"
        #expect(try kernel.normalise(large) == large)
        #expect(try kernel.canonicalise("[1.0]") == "[1]")
        #expect(try kernel.normalise("[ 1 ]") == "[1]")
    }
}
