import JSONKernel
import Testing

@Suite struct StringTests {
    @Test(arguments: [
        ("plain", "plain"), ("", ""), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"), (#"caf\u00e9"#, "café"),
        (#"\u0041\u007f"#, "A\u{7f}"),
        (#"\ud83d\ude00!"#, "😀!"), (#"\u20ac"#, "€"), (#"a\u0000b"#, "a\0b"), (#"\uFFFF"#, "\u{FFFF}"),
        (#"\\u0041"#, #"\u0041"#),
        ("żółć\\nend", "żółć\nend"),
    ]) func decodes(content: String, expected: String) {
        #expect(decode(content) == expected)
    }

    @Test(arguments: [
        ("", ""), ("plain/é€😀\u{7f}", "plain/é€😀\u{7f}"), ("\"\\", #"\"\\"#), ("\u{8}\u{c}\n\r\t", #"\b\f\n\r\t"#),
        ("\0\u{1}\u{1f}", #"\u0000\u0001\u001f"#),
        ("0123456\n", #"0123456\n"#), ("01234567\n", #"01234567\n"#), ("éééééééé\"", #"éééééééé\""#),
    ]) func encodesWithTheShortestEscapes(text: String, expected: String) {
        #expect(encode(text) == expected)
    }

    @Test func everyCharacterSurvives() {
        // All short ones, then some of each block.
        let numbers =
            Array(0..<0x900 as Range<UInt32>) + Array(stride(from: 0x900, through: 0x10FFFF, by: 61)) + [0x10FFFF]
        let text = numbers.compactMap(Unicode.Scalar.init).map { String($0) }.joined()
        #expect(decode(encode(text)).utf8.elementsEqual(text.utf8))
        let units = text.utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        #expect(decode(units.joined()).utf8.elementsEqual(text.utf8))
    }

    @Test(arguments: [
        ("abc", true), ("~C3~A9", true), ("", true), ("~C3", false), ("a~FF", false), ("~ED~A0~80", false),
    ])
    func knowsUTF8(text: String, isValid: Bool) {
        let text = bytes(text)
        #expect((jk_valid_utf8(text, text.count) != 0) == isValid)
    }

    private func decode(_ content: String) -> String {
        let bytes = Array(content.utf8)
        return String(unsafeUninitializedCapacity: bytes.count) {
            jk_decode_string(bytes, 0, UInt32(bytes.count), $0.baseAddress!)
        }
    }

    private func encode(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return String(unsafeUninitializedCapacity: bytes.count * 6) {
            jk_encode_string(bytes, bytes.count, $0.baseAddress!)
        }
    }
}
