import JSONKernel
import Testing

@Suite struct StoredFormTests {
    let kernel = Kernel()

    @Test(arguments: [
        #"{"z":1,"a":1.0,"b":1.50,"c":-0,"d":1E5,"e":1e400}"#, #"[12345678901234567890,0.10,"\u00e9","é","\/","/"]"#,
        #"{"o":{},"a":[],"n":null,"s":""}"#, #""a b\tc""#, "1.00", #"{"a b":" x "}"#,
    ]) func tokensStayAsTheyAre(text: String) throws {
        #expect(try kernel.normalise(text) == text)
    }

    @Test(arguments: [
        (" { \"a\" : [ 1 , 2 ] ,\n\t\"b\" : { } }\r\n", #"{"a":[1,2],"b":{}}"#), ("[ ]", "[]"), (" null ", "null"),
        ("[\n\"a b\"\n]", #"["a b"]"#),
    ]) func blanksBetweenTokensGo(text: String, expected: String) throws {
        #expect(try kernel.normalise(text) == expected)
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, #"{"a":2}"#), (#"{"a":1,"b":2,"a":3}"#, #"{"b":2,"a":3}"#),
        (#"{"a":{"x":[1,{}]},"b":1,"a":null}"#, #"{"b":1,"a":null}"#),
        (#"{"é":1,"\u00e9":2}"#, #"{"\u00e9":2}"#), (#"{"\u00e9":1,"é":2}"#, #"{"é":2}"#),
        (#"[{"a":1,"a":[]},{"a":2,"a":{}}]"#, #"[{"a":[]},{"a":{}}]"#),
        (#"{"":1,"":2}"#, #"{"":2}"#), (#"{"a":{"a":1,"a":2},"a":{"a":3,"a":4}}"#, #"{"a":{"a":4}}"#),
        // Texts that only look the same to people are different keys.
        ("{\"\u{e9}\":1,\"e\u{301}\":2}", "{\"\u{e9}\":1,\"e\u{301}\":2}"),
    ]) func ofEqualKeysTheLastStays(text: String, expected: String) throws {
        #expect(try kernel.normalise(text).utf8.elementsEqual(expected.utf8))
    }

    @Test func intakeStoresAndHashesAtOnce() throws {
        let text = Array(#" {"b":1.0,"a":[ ],"b":2} "#.utf8)
        let intake = try kernel.intake(text)
        #expect(try intake.stored == kernel.normalise(text))
        #expect(try intake.digest == kernel.hash(text))
        #expect(try intake.digest == kernel.hash(intake.stored))
    }

    @Test(arguments: [
        #"{"a":[1,{"b":"c\n"}],"\u0064":null}"#, " [ 1.5 , { \"a\" : \"b\" } ]\n", #"{"a":{"x":1},"b":[2],"a":3}"#,
        #"[{"a":1,"\u0061":[{}]},{"a":2,"a":{}}]"#, "7", #" "x" "#, "[]",
    ]) func theIndexOfAnIntakeIsThatOfTheStoredForm(text: String) throws {
        let intake = try kernel.indexedIntake(Array(text.utf8))
        let listed = try kernel.index(intake.stored) { nodes, _ in nodes.map(Self.facts) }
        #expect(intake.nodes.map(Self.facts) == listed)
    }

    private static func facts(of node: jk_node) -> [UInt32] {
        let ranges = [node.start, node.end, node.key_start, node.key_end]
        return ranges + [node.next, node.count, UInt32(node.kind), UInt32(node.flags)]
    }

    @Test func anIntakeThatIsRefusedListsNothing() {
        var (index, buffer, problem) = (jk_index(), jk_buffer(), jk_problem())
        defer { jk_buffer_release(&buffer) }
        var digest = [UInt8](repeating: 0, count: 32)
        index.count = 3
        let text = Array("[1,2".utf8)
        let status = jk_intake(kernel.parser, text, text.count, &buffer, &index, &digest, &problem)
        #expect(status == JK_MALFORMED)
        #expect(index.count == 0 && index.nodes == nil)
    }

    @Test func hashesWithSHA256() throws {
        var digest = [UInt8](repeating: 0, count: 32)
        jk_sha256(Array("abc".utf8), 3, &digest)
        #expect(digest.prefix(4) == [0xba, 0x78, 0x16, 0xbf])
        jk_sha256(nil, 0, &digest)
        #expect(digest.prefix(4) == [0xe3, 0xb0, 0xc4, 0x42])
        let canonical = try kernel.canonicalise(Array(#"{"b":1,"a":2}"#.utf8))
        jk_sha256(canonical, canonical.count, &digest)
        #expect(try kernel.hash(Array(#"{"a":2.0,"b":1}"#.utf8)) == digest)
    }
}
