import JSONKernel
import Testing

/// What is JSON and what is not: one case for each class of trap that parsers are known to fall into.
@Suite struct GrammarTests {
    static let accepted = [
        // structure
        "null", "true", "false", "1", "\"\"", "[]", "{}", " [ ] ", "\t{\n}\r\n", "[[]]", "{\"\":{}}", "[[],{},[[]]]",
        "{\"a\":1,\"b\":[true,false,null]}", "[1 , 2\n,\t3]", "{\"a\" : \"b\" , \"a\" : \"c\"}", "\"alone\"",
        " \"blanks around\" ",
        "{\"~C3~A9\":1}", "[\"~7F\"]", "{\"a:b,c{d}[e]\":\"}]{[,:\"}",
        // strings
        "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\u0000\"]", "[\"\\u00e9\\uABCD\\uabcd\"]", "[\"\\uD834\\uDD1E\"]",
        "[\"\\ud83d\\ude00\\ud83d\\ude01\"]", "[\"\\uDBFF\\uDFFF\"]", "[\"\\\\u00zz\"]", "[\"\\\\\\\\\"]",
        "[\"\\\\\\\"\"]",
        "[\"~F0~9F~98~80\"]", "[\"~EF~BF~BF\"]", "[\"~F4~8F~BF~BF\"]", "[\"~E2~80~A8~E2~80~A9\"]", "[\"~C2~80\"]",
        "[\"~EE~80~80\"]",
        "[\"a~EF~BB~BFb\"]", "[\"/* not a comment */\"]", "[\"\\uFFFE\\uFDD0\"]",
        // numbers
        "[0]", "[-0]", "[-1]", "[1234567890]", "[12345678901234567890123456789]", "[-99999999999999999999]",
        "[0.0]", "[-0.0]", "[1.5]", "[0.1e1]", "[0e1]", "[0e+1]", "[1E22]", "[1e-2]", "[1E-2]", "[1E+2]",
        "[123.456e78]",
        "[1e400]", "[-1e400]", "[1e-400]", "[0.00000000000000000000000000000000001]", "[1e0000000000000000001]",
        "-0", "0.5", "1e5",
    ]

    static let refused = [
        // nothing, or more than one value
        "", " ", "\n\t", "1 2", "[] []", "{} {}", "null null", "[1]]", "{}}", "[]]", "\"a\" \"b\"", "\"a\"\"b\"", "1,",
        "[1],", "{},",
        "[1]x", "{\"a\":1}#", "//", "[] // text", "[1]~00", "~EF~BB~BF{}", "~FF~FE[~00]~00", "~00",
        // arrays
        "[", "]", "[1", "[1,", "[,", "[,1]", "[1,]", "[1,,2]", "[1 2]", "[1:2]", "[\"a\":1]", "[}", "[1}", "[[1]",
        "[1]]", "[\"\",]",
        "[a]", "[1 true]", "[\"a\" 1]", "[\"a\"1]", "[\"x\"true]", "[~0C]", "[~0B1]", "[~C2~A0]", "[~E2~81~A0]", "[*]",
        "[&]", "[']", "[@]",
        "[1a]", "[1\"a\"]", "[true\"a\"]", "[null~00]", "[1\\]", "[\"a\"\\]", "[\\\"a\"]", "[\\u000A\"\"]", "[\\n]",
        // objects
        "{", "}", "{,", "{]", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\",1}", "{\"a\" 1}", "{\"a\"::1}", "{\"a\":1",
        "{\"a\":1,", "{\"a\":1,}",
        "{\"a\":1,,\"b\":2}", "{,\"a\":1}", "{a:1}", "{'a':1}", "{1:1}", "{null:1}", "{[]:1}", "{{}:1}",
        "{\"a\":1 \"b\":2}", "{\"a\":1:2}", "{\"a\" \"b\":1}",
        "{\"a\":1]", "{\"a\"b\":1}", "{\"a\":b}", "{\"a\":\"a\" 1}", "{\"a\":/*x*/1}", "{\"a\":1}/**/",
        "{\"a\":\"b\"}#{}", "{:1}", "{\"a\":1;}",
        // words
        "nul", "nulll", "tru", "truee", "fals", "True", "NULL", "nan", "NaN", "Infinity", "-Infinity", "-NaN",
        "undefined", "[nul", "[tru]", "[falsee]",
        "[~EF~BD~94rue]", "t", "n", "f",
        // strings
        "\"", "\"a", "[\"a]", "[\"", "[\"\\\"]", "[\"\\\\\\\"]", "[\"a\\", "[\"\\x00\"]", "[\"\\a\"]", "[\"\\'\"]",
        "[\"\\U0041\"]", "[\"\\\\\\x\"]",
        "[\"\\u\"]", "[\"\\u1\"]", "[\"\\u12\"]", "[\"\\u123\"]", "[\"\\u00G0\"]", "[\"\\u+123\"]", "[\"\\u 123\"]",
        "[\"\\u00\\n1\"]", "[\"\\ \"]", "[\"\\~C3~A9\"]",
        "[\"~00\"]", "[\"~1F\"]", "[\"a~0Ab\"]", "[\"a~09b\"]", "[\"a~0Db\"]", "'a'", "[`a`]", "[\"\\~00\"]",
        "[\"\\~0A\"]",
        // half a pair
        "[\"\\uD800\"]", "[\"\\uDC00\"]", "[\"\\uD800\\n\"]", "[\"\\uD800a\"]", "[\"\\uDC00\\uD800\"]",
        "[\"\\uD800\\uD800\"]", "[\"\\uD834\\u\"]",
        "[\"\\uD834\\uDD1\"]", "{\"\\uDFAA\":1}", "[\"\\uD800\\uE000\"]", "[\"\\ud83d\\ude00\\ud83d\"]",
        // bytes that are not UTF-8
        "[\"~FF\"]", "[\"~80\"]", "[\"~C3\"]", "[\"~C3~28\"]", "[\"~C0~AF\"]", "[\"~E0~80~AF\"]", "[\"~F0~80~80~AF\"]",
        "[\"~ED~A0~80\"]", "[\"~ED~BF~BF\"]",
        "[\"~F4~90~80~80\"]", "[\"~F8~88~80~80~80\"]", "[\"~E2~82\"]", "[\"~F0~9F~98\"]", "[~FF]", "~FF", "[~E5",
        "{\"~FF\":1}", "[\"a~C1~81\"]", "[1]~80",
        // numbers
        "[+1]", "[01]", "[-01]", "[00]", "[-]", "[--1]", "[.5]", "[-.5]", "[1.]", "[1.e1]", "[1.5.5]", "[0e]", "[0e+]",
        "[1e]", "[1e+]", "[1e-]", "[1eE2]",
        "[1e1.5]", "[1e+-1]", "[0x1]", "[0xA]", "[1_000]", "[1 000]", "[1,000", "[0b1]", "[- 1]", "[-a]", "[1-]",
        "[1+2]", "[1e+1e]", "[2.e-3]", "[~EF~BC~91]",
        "[-2.]", "[1d]", "[1f]", "[1L]", "-", "[12e]", "[0.3e+", "[9.e+]", "[1~C3~A9]",
    ]

    @Test(arguments: accepted) func acceptsJSON(text: String) {
        #expect(Kernel().refusal(bytes(text)) == nil)
    }

    @Test(arguments: refused) func refusesWhatIsNotJSON(text: String) {
        let refusal = Kernel().refusal(bytes(text))
        #expect(refusal != nil)
        #expect(refusal?.offset ?? 0 <= bytes(text).count)
    }

    /// Blocks of 64 bytes are scanned at once: every fault and every kind of token crosses their borders.
    @Test(arguments: [1, 31, 32, 61, 62, 63, 64, 65, 127, 128, 200]) func judgesTheSameAtEveryPlace(shift: Int) {
        let kernel = Kernel()
        let blanks = String(repeating: " ", count: shift)
        let word = String(repeating: "w", count: shift)
        for text in Self.accepted {
            #expect(kernel.refusal(bytes(blanks + text)) == nil, "\(text)")
            #expect(kernel.refusal(bytes("[\"\(word)\",\(text)]")) == nil, "\(text)")
        }
        for text in Self.refused {
            #expect(kernel.refusal(bytes(blanks + text)) != nil, "\(text)")
            #expect(
                kernel.refusal(bytes("{\"\(word)\":1}" + text)) != nil || text.allSatisfy(\.isWhitespace), "\(text)")
        }
    }

    @Test func nestingHasALimit() {
        let kernel = Kernel()
        func nested(_ opening: String, _ closing: String, _ depth: Int) -> [UInt8] {
            bytes(String(repeating: opening, count: depth) + String(repeating: closing, count: depth))
        }
        #expect(kernel.refusal(nested("[", "]", 512)) == nil)
        #expect(kernel.refusal(nested("[", "]", 513)) == .init(status: JK_TOO_DEEP, offset: 512))
        #expect(kernel.refusal(nested("[", "", 100_000))?.status == JK_TOO_DEEP)
        #expect(kernel.refusal(bytes(String(repeating: "{\"a\":", count: 100_000)))?.status == JK_TOO_DEEP)
        #expect(
            kernel.refusal(bytes(String(repeating: "[{\"\":", count: 256) + "1" + String(repeating: "}]", count: 256)))
                == nil)
    }

    @Test(arguments: [
        ("", JK_MALFORMED, 0), ("  ", JK_MALFORMED, 2), ("[1,]", JK_MALFORMED, 3), ("[1 2]", JK_MALFORMED, 3),
        ("{\"a\" 1}", JK_MALFORMED, 5), ("{a:1}", JK_MALFORMED, 1), ("[1]x", JK_MALFORMED, 3),
        ("[01]", JK_MALFORMED, 2),
        ("[1.]", JK_MALFORMED, 3), ("[1ex]", JK_MALFORMED, 3), ("[truu]", JK_MALFORMED, 1),
        ("{\"a\":1", JK_MALFORMED, 6),
        ("[\"abc", JK_MALFORMED, 1), ("[\"a~0Ab\"]", JK_MALFORMED, 3), ("[\"a\\q\"]", JK_MALFORMED, 3),
        ("[\"ok\\n\\u12\"]", JK_MALFORMED, 6),
        ("[\"ab\\ud800\"]", JK_LONE_SURROGATE, 4), ("[\"\\ud83d\\ude00\\udc00\"]", JK_LONE_SURROGATE, 14),
        ("[\"ab~FF\"]", JK_INVALID_UTF8, 4), ("[\"~E2~82\"]", JK_INVALID_UTF8, 2), ("[1,~80]", JK_INVALID_UTF8, 3),
        ("[tru~80]", JK_INVALID_UTF8, 4),
        // The first fault is the one that is named, even when a later one is found sooner.
        ("[1,,\"~FF\"]", JK_MALFORMED, 3), ("[\"~FF\",,", JK_INVALID_UTF8, 2),
        ("{\"a\":tru,\"b\":\"open", JK_MALFORMED, 5),
        ("[\"\\ud800\",\"~FF\"]", JK_LONE_SURROGATE, 2), ("~EF~BB~BF{}", JK_MALFORMED, 0),
    ]) func namesTheByte(text: String, status: jk_status, offset: Int) {
        #expect(Kernel().refusal(bytes(text)) == .init(status: status, offset: offset))
    }
}
