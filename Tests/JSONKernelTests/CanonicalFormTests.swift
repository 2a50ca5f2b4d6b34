import JSONKernel
import Testing

@Suite struct CanonicalFormTests {
    let kernel = Kernel()

    @Test(arguments: [
        (#"{"b":1,"a":{"d":1,"c":2}}"#, #"{"a":{"c":2,"d":1},"b":1}"#),
        // Bytes decide: capitals before small letters, prefixes first, plane 1 after all of plane 0.
        (
            #"{"b":1,"B":1,"a":1,"aa":1,"":1,"é":1,"\ud83d\ude00":1,"\uffff":1}"#,
            "{\"\":1,\"B\":1,\"a\":1,\"aa\":1,\"b\":1,\"é\":1,\"\u{ffff}\":1,\"😀\":1}"
        ),
        (#"{"sameprefix2":1,"sameprefix1":1,"sameprefix":1}"#, #"{"sameprefix":1,"sameprefix1":1,"sameprefix2":1}"#),
        (#"{"a\u0000":1,"a":2,"\u0061b":3}"#, #"{"a":2,"a\u0000":1,"ab":3}"#),
        (
            #"["\/","\u00e9","\u0041","\u000a","\u001F","\"","\\","\u007f"]"#,
            "[\"/\",\"é\",\"A\",\"\\n\",\"\\u001f\",\"\\\"\",\"\\\\\",\"\u{7f}\"]"
        ),
        (#"{"a":1,"a":2}"#, #"{"a":2}"#), ("[ 1 , 2 ]", "[1,2]"), ("{}", "[]"),
        (#"{"a":{},"b":[]}"#, #"{"a":[],"b":[]}"#), ("[[],{}]", "[[],[]]"),
        ("null", "null"), ("[true,false]", "[true,false]"),
    ]) func hasOneSpelling(text: String, expected: String) throws {
        #expect(try kernel.canonicalise(text).utf8.elementsEqual(expected.utf8))
    }

    @Test(arguments: [
        // integers are exact
        ("0", "0"), ("-0", "0"), ("10", "10"), ("-10", "-10"), ("12345678901234567890", "12345678901234567890"),
        ("-123456789012345678901234567890", "-123456789012345678901234567890"),
        ("9007199254740993", "9007199254740993"),
        // whole numbers with a point or an exponent are integers too
        ("1.0", "1"), ("-1.0", "-1"), ("0.0", "0"), ("-0.0", "0"), ("0e10", "0"), ("-0E-5", "0"), ("1e2", "100"),
        ("1.50e1", "15"), ("120e-1", "12"),
        ("1e15", "1000000000000000"), ("9007199254740991.0", "9007199254740991"), ("1e20", "100000000000000000000"),
        // the others are doubles, written as JavaScript does
        ("0.1", "0.1"), ("0.10", "0.1"), ("1e-1", "0.1"), ("0.1000000000000000055", "0.1"), ("-2.50", "-2.5"),
        ("1.5e300", "1.5e+300"),
        ("1e-6", "0.000001"), ("1e-7", "1e-7"), ("0.00000012", "1.2e-7"), ("123456.789", "123456.789"),
        ("1e21", "1e+21"), ("1.25E+25", "1.25e+25"),
        ("1e25", "1e+25"), ("1.0e+25", "1e+25"), ("1E25", "1e+25"), ("10.0e24", "1e+25"), ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("0.30000000000000004", "0.30000000000000004"), ("2.2250738585072014e-308", "2.2250738585072014e-308"),
        // what no double holds keeps its digits
        ("1e400", "1e+400"), ("1E0400", "1e+400"), ("10.0e399", "1e+400"), ("-1.50e400", "-1.5e+400"),
        ("12300e400", "1.23e+404"), ("1e-400", "1e-400"),
        ("0.0120e-400", "1.2e-402"), ("0e99999999999999999999", "0"),
    ]) func writesNumbersInOneWay(token: String, expected: String) throws {
        #expect(try kernel.canonicalise("[\(token)]") == "[\(expected)]")
        #expect(try kernel.canonicalise("[\(expected)]") == "[\(expected)]")
    }

    @Test(arguments: [
        ("1", "2"), ("1", "\"1\""), ("0", "false"), ("null", "false"), ("[]", "null"), ("\"\"", "null"),
        ("12345678901234567890", "12345678901234567891"),
        ("0.1", "0.10000000000000002"), ("[1,2]", "[2,1]"), ("[[1],2]", "[1,[2]]"), (#"{"a":[]}"#, "{}"),
        (#"{"a":"b"}"#, #"["a","b"]"#), ("1e400", "1e401"),
        ("1e400", "-1e400"), ("1e-400", "0"), ("\"e\u{301}\"", "\"\u{e9}\""), (#"["a,b"]"#, #"["a","b"]"#),
        ("1e99999999999999999999", "1e99999999999999999998"),
    ]) func differentValuesDiffer(left: String, right: String) throws {
        #expect(try kernel.hash(Array(left.utf8)) != kernel.hash(Array(right.utf8)))
    }

    /// One value as the standard encoders of five languages write it.
    static let spellings = [
        (
            "PHP",
            #"{"title":"Caf\u00e9 \/ \ud83d\ude00","price":1.0,"big":1.0e+25,"small":1.0e-7,"zero":-0.0,"meta":[],"max":9223372036854775807,"n":0.1}"#
        ),
        (
            "PHP unescaped",
            #"{"title":"Café / 😀","price":1,"big":1.0e+25,"small":1.0e-7,"zero":0,"meta":{},"max":9223372036854775807,"n":0.1}"#
        ),
        (
            "Python",
            #"{"title": "Caf\u00e9 / \ud83d\ude00", "price": 1.0, "big": 1e+25, "small": 1e-07, "zero": -0.0, "meta": {}, "max": 9223372036854775807, "n": 0.1}"#
        ),
        (
            "JavaScript",
            #"{"meta":[],"n":0.1,"title":"Café / 😀","price":1,"big":1e+25,"small":1e-7,"zero":0,"max":9223372036854775807}"#
        ),
        (
            "Go",
            #"{"big":1e+25,"max":9223372036854775807,"meta":{},"n":0.1,"price":1,"small":1e-7,"title":"Café / 😀","zero":-0}"#
        ),
        (
            "Swift",
            #"{"title":"Café \/ 😀","price":1,"big":1.0000000000000000e25,"small":9.9999999999999995e-08,"zero":-0,"meta":{},"max":9223372036854775807,"n":0.10000000000000001}"#
        ),
    ]

    @Test(arguments: spellings) func whoeverWritesAValueItHashesTheSame(language: String, text: String) throws {
        #expect(try kernel.canonicalise(text) == kernel.canonicalise(Self.spellings[0].1))
    }

    /// From 2^53 on languages disagree on where digits end and exponents begin.
    @Test(arguments: [
        ["1e16", "1e+16", "1.0e+16", "10000000000000000", "10000000000000000.0"],
        ["123456789012345680000", "1.2345678901234568e+20", "1.2345678901234568E20"],
        ["1152921504606847000", "1.152921504606847e18"],
    ]) func largeWholeNumbersHashTheSame(tokens: [String]) throws {
        #expect(Set(try tokens.map { try kernel.canonicalise($0) }).count == 1)
    }
}
