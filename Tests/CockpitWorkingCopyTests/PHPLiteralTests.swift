import Testing

@testable import CockpitWorkingCopy

struct PHPLiteralTests {
    @Test(arguments: [
        ("['a' => 1, 'b' => [0 => 'x', 1 => 'y']]", #"{"a":1,"b":["x","y"]}"#),
        ("array('a' => array(), 'b' => ARRAY (1, 2,),)", #"{"a":[],"b":[1,2]}"#),
        ("[1 => 'a', 2 => 'b']", #"{"1":"a","2":"b"}"#),
        ("[1 => 'a', 0 => 'b']", #"{"1":"a","0":"b"}"#),
        ("['0' => 'a', '1' => 'b']", #"["a","b"]"#),
        ("['01' => 'a', '-5' => 'b', '' => 'c']", #"{"01":"a","-5":"b","":"c"}"#),
        ("['a' => 1, 'b' => 2, 'a' => 3]", #"{"a":3,"b":2}"#),
        ("[5 => 'a', 'b', 'k' => 'c', 'd']", #"{"5":"a","6":"b","k":"c","7":"d"}"#),
    ])
    func arraysBecomeListsOrObjectsAsInPHP(php: String, json: String) throws {
        #expect(try self.json(php) == json)
    }

    @Test(arguments: [
        (#"'it\'s \\ and \n and "quoted"'"#, #""it's \\ and \\n and \"quoted\"""#),
        ("'two\nlines\tand a tab'", #""two\nlines\tand a tab""#),
        (#""a\n\t\r\"\\\$b \q""#, #""a\n\t\r\"\\$b \\q""#),
        (#""price: $ 5""#, #""price: $ 5""#),
        ("'${data.name} $x'", #""${data.name} $x""#),
        ("'Füße 日本 👩‍👩‍👧 // # /*'", #""Füße 日本 👩‍👩‍👧 // # /*""#),
        ("'\u{1}\u{1F}'", #""\u0001\u001f""#),
        ("''", #""""#),
    ])
    func stringsKeepTheirText(php: String, json: String) throws {
        #expect(try self.json(php) == json)
    }

    @Test(arguments: [
        ("0", "0"), ("-7", "-7"), ("+7", "7"), ("9223372036854775807", "9223372036854775807"),
        ("1.5", "1.5"), ("-0.25", "-0.25"), (".5", "0.5"), ("2.", "2.0"), ("1.0E+25", "1e+25"), ("1e3", "1000.0"),
        ("92233720368547758080", "9.223372036854776e+19"),
        ("NULL", "null"), ("True", "true"), ("FALSE", "false"),
    ])
    func numbersAndWords(php: String, json: String) throws {
        #expect(try self.json(php) == json)
    }

    @Test func commentsAndBlanksAreSkipped() throws {
        let php = """
            <?php
            // a comment
            # another ?
            /* a third
               one */
            return /* here */ [ // and there
              'a' /* too */ => 1, # last
            ] ;
            ?>

            """
        #expect(try text(PHPLiteral.parse(Array(php.utf8))) == #"{"a":1}"#)
    }

    @Test(arguments: [
        ("", 1, "expected `<?php` at the very start, found the end of the file"),
        ("\u{FEFF}<?php return [];", 1, "expected `<?php` at the very start"),
        ("<?php\necho 1;", 2, "expected `return`, found `echo`"),
        ("<?php return [\n 'a' => 1\n 'b' => 2];", 3, "expected `,` or `]`, found `'`"),
        ("<?php return [\n1,,2];", 2, "expected a value, found `,`"),
        ("<?php return [1, 2", 1, "expected `,` or `]`, found the end of the file"),
        ("<?php return [\n'a\nb", 2, "this string is never closed"),
        ("<?php return [];\n\nexec('x');", 3, "expected nothing after the returned value, found `exec`"),
        ("<?php return []", 1, "expected `;`, found the end of the file"),
        ("<?php /* x\n\n", 1, "this comment is never closed"),
        ("<?php return ['x' => PHP_INT_MAX];", 1, "expected a value, found `PHP_INT_MAX`"),
        ("<?php return [\n'x' => getenv('HOME')];", 2, "expected a value, found `getenv`"),
        ("<?php return ['x' => $y];", 1, "expected a value, found `$`"),
        ("<?php return ['x' => \\A\\B::__set_state(array())];", 1, "expected a value, found `\\`"),
        ("<?php return ['x' => (object) []];", 1, "expected a value, found `(`"),
        ("<?php return 'a' . 'b';", 1, "expected `;`, found `.`"),
        ("<?php return 1 + 1;", 1, "expected `;`, found `+`"),
        ("<?php return \"a $b\";", 1, "found a variable in double quotes"),
        ("<?php return \"a {$b}\";", 1, "found a variable in double quotes"),
        ("<?php return \"\\x41\";", 1, "found a numbered escape"),
        ("<?php return 0x1F;", 1, "expected a number, found `0x1F`"),
        ("<?php return 1_000;", 1, "expected a number, found `1_000`"),
        ("<?php return 017;", 1, "leading zero"),
        ("<?php return --1;", 1, "expected a number"),
        ("<?php return 1e;", 1, "expected a number"),
        ("<?php return .;", 1, "expected a number"),
        ("<?php return 1e999;", 1, "out of range"),
        ("<?php return [1.5 => 'a'];", 1, "expected a string or a whole number as key"),
        ("<?php return [null => 'a'];", 1, "expected a string or a whole number as key"),
        ("<?php return [9223372036854775807 => 'a', 'b'];", 1, "no whole number is left"),
        ("<?php return (1);", 1, "expected a value, found `(`"),
    ])
    func everythingElseIsRefusedWithItsLine(php: String, line: Int, message: String) {
        let error = #expect(throws: PHPLiteralError.self) { try PHPLiteral.parse(Array(php.utf8)) }
        #expect(error?.line == line)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "accepted")")
    }

    @Test func textThatIsNotUTF8IsRefusedWithItsLine() {
        let bytes = Array("<?php return [\n'a' => '".utf8) + [0xC3, 0x28] + Array("'];".utf8)
        #expect(throws: PHPLiteralError(line: 2, message: "expected UTF-8 text")) { try PHPLiteral.parse(bytes) }
    }

    @Test func nestingHasALimit() throws {
        let deepest = PHPLiteral.maximumDepth
        #expect(throws: Never.self) { try nested(deepest) }
        let error = #expect(throws: PHPLiteralError.self) { try nested(deepest + 1) }
        #expect(error?.message == "arrays are nested deeper than \(deepest) levels")
    }

    private func nested(_ depth: Int) throws -> String {
        try json(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
    }

    private func json(_ literal: String) throws -> String {
        try text(PHPLiteral.parse(Array("<?php\n return \(literal);".utf8)))
    }

    private func text(_ value: PHPValue) -> String {
        String(decoding: value.json, as: UTF8.self)
    }
}
