import Testing

@testable import ContentModel

@Suite struct TextPatternTests {
    @Test(arguments: [
        ("", "", ""), ("", "", "abc"), ("b", "", "abc"), ("^abc$", "", "abc"), ("^abc$", "", "abc\n"),
        ("a.c", "", "xabcx"), ("a.c", "", "aéc"), ("a|b", "", "b"), ("^(a|bc)+$", "", "abcbca"),
        ("ab*c", "", "ac"), ("ab*c", "", "abbbc"), ("ab+c", "", "abc"), ("ab?c", "", "ac"), ("a{2}", "", "baa"),
        ("^a{2,3}$", "", "aaa"), ("^a{2,}$", "", "aaaaa"), ("a{,2}", "", "a{,2}"), ("{}", "", "{}"),
        ("a*?b", "", "aab"), ("[abc]", "", "xb"), ("[a-c]+", "", "abc"), ("[^a-c]", "", "abcd"), ("[]a]", "", "]"),
        ("[^]a]", "", "b"), ("[a-]", "", "-"), ("[-a]", "", "-"), (#"[\]\\]"#, "", "\\"),
        (#"[\d_]+$"#, "", "x_9"), (#"[^\d]"#, "", "1a"), (#"\d\D\w\W\s\S"#, "", "1ab- x"), (#"^\w+$"#, "", "Łódź_1"),
        (#"\bcat\b"#, "", "a cat."), (#"\Bcat"#, "", "concat"), (#"\Aab\z"#, "", "ab"), (#"ab\Z"#, "", "ab\n"),
        (#"\x41\u0042\x{1F600}"#, "", "AB😀"), (#"\.\*\+\?\(\)\[\]\{\}\^\$\|\/"#, "", ".*+?()[]{}^$|/"),
        (#"\t\n\r"#, "", "\t\n\r"), ("CAFÉ", "i", "café"), ("[A-Z]+x", "i", "abcX"), ("straße", "i", "STRAße"),
        ("^b", "m", "a\nb"), ("a$", "m", "a\nb"), ("a.b", "s", "a\nb"), ("(?:ab)+c", "", "ababc"), ("()*a", "", "a"),
        ("(a*)*b", "", "aab"), ("(a|)+b", "", "b"), ("x|", "", "y"), ("(^a|b$)", "", "cb"),
        ("[^a]", "i", "b"), ("ж", "i", "Ж"), (".", "", "👩‍👩‍👧"),
    ]) func finds(pattern: String, options: String, text: String) throws {
        #expect(try TextPattern(pattern, options: options).isFound(in: text))
    }

    @Test(arguments: [
        ("b", "", "ac"), ("^b", "", "ab"), ("a$", "", "ab"), ("^abc$", "", "abc\n\n"), ("a.c", "", "a\nc"),
        ("a+", "", "b"), ("^a{2,3}$", "", "aaaa"), ("^a{2,3}$", "", "a"), ("[abc]", "", "d"), ("[^abc]", "", "abc"),
        ("abc", "", "ABC"), ("[^a]", "i", "A"), (#"\bcat\b"#, "", "concat"), (#"\Bcat"#, "", "cat"),
        (#"ab\z"#, "", "ab\n"), ("^b", "", "a\nb"), (#"\d"#, "", "abc"), (#"\w"#, "", "-"), ("(?:ab){2}", "", "ab"),
        ("a", "", ""), (".", "", ""),
        (#"[^\D]"#, "", "a"), (#"[\W]"#, "", "a"),
    ]) func doesNotFind(pattern: String, options: String, text: String) throws {
        #expect(try !TextPattern(pattern, options: options).isFound(in: text))
    }

    @Test(arguments: [
        "(", "(a", "a)", "[", "[a", "[]", "*", "a|*", "(+)", "a**", "a{2}{3}", "a{3,2}", "a++", #"\"#, #"(a)\1"#,
        "(?=a)", "(?<=a)", "(?i)a", "(?<name>a)", #"\p{L}"#, #"\q"#, "[z-a]", #"[\d-z]"#, "[[:alpha:]]", #"\x4"#,
        #"\u12"#, #"\x{110000}"#,
        #"\x{D800}"#, "^*", #"\b+"#, "a{99999}", "(a{100}){100}", "((((((a{9}){9}){9}){9}){9}){9})",
        "((((){1000}){1000}){1000}){1000}x{1000}y",
        String(repeating: "(", count: 100) + String(repeating: ")", count: 100), String(repeating: "a", count: 2000),
    ]) func refuses(pattern: String) {
        #expect(throws: TextPattern.Problem.self) { try TextPattern(pattern) }
    }

    /// Engines that try one way after another would need longer than the universe has lasted.
    @Test(arguments: [
        "(a+)+$", "(a|aa)+$", "^(a|a)*$", "(.*a){12}$", "^(a?){100}a{100}$", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$",
    ])
    func hardPatternsTakeNoLongerThanOthers(pattern: String) throws {
        let text = String(repeating: "a", count: 300) + "!"
        #expect(try !TextPattern(pattern).isFound(in: text))
    }
}
