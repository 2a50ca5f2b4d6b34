import LuaRuntime
import Testing

/// Our matcher gives what the stock library gives; the expectations were made with it.
@Suite struct PatternTests {
    static let vectors: [(expression: String, results: String)] = [
        (##"("hello world"):find("o w")"##, ##"5, 7"##),
        (##"("hello world"):find("l+")"##, ##"3, 4"##),
        (##"("hello"):find("")"##, ##"1, 0"##),
        (##"("hello"):find("", 10)"##, ##"nil"##),
        (##"("hello"):find("l", -2)"##, ##"4, 4"##),
        (##"("a.b"):find(".", 1, true)"##, ##"2, 2"##),
        (##"("a.b"):find("%.")"##, ##"2, 2"##),
        (##"("key = value"):match("^(%w+)%s*=%s*(%w+)$")"##, ##""key", "value""##),
        (##"("key = value"):match("()=()")"##, ##"5, 6"##),
        (##"("2024-05-06"):match("(%d+)-(%d+)-(%d+)")"##, ##""2024", "05", "06""##),
        (##"("THE (quick) fox"):find("%((%a+)%)")"##, ##"5, 11, "quick""##),
        (##"("f(a(b)c)d"):match("%b()")"##, ##""(a(b)c)""##),
        (##"("THE (quick) fox"):gsub("%f[%a]%a+", string.lower)"##, ##""the (quick) fox", 3"##),
        (##"("hello world"):gsub("o", "0", 1)"##, ##""hell0 world", 1"##),
        (##"("hello"):gsub("", "-")"##, ##""-h-e-l-l-o-", 6"##),
        (##"("abc"):gsub("%w", "%0%0")"##, ##""aabbcc", 3"##),
        (##"("abc"):gsub("(a)(b)", "%2%1")"##, ##""bac", 1"##),
        (##"("$name is $age"):gsub("%$(%w+)", {name = "Lua", age = 30})"##, ##""Lua is 30", 2"##),
        (##"("abc"):gsub(".", {a = 1, b = false})"##, ##""1bc", 3"##),
        (##"("  trim  "):match("^%s*(.-)%s*$")"##, ##""trim""##),
        (##"("x^2"):find("^", 1, true)"##, ##"2, 2"##),
        (##"("[[x]]"):match("%[%[(.-)%]%]")"##, ##""x""##),
        (##"("a-b"):match("[a-]+")"##, ##""a-""##),
        (##"("]"):match("[]]")"##, ##""]""##),
        (##"("^"):match("[%^]")"##, ##""^""##),
        (##"("abab"):match("(ab)%1")"##, ##""ab""##),
        (##"("\0a\0"):match("%z(.)%z")"##, ##""a""##),
        (##"("é"):match("[\xc3][\xa9]")"##, ##""é""##),
        (##"("aaa"):match("a-b")"##, ##"nil"##),
        (##"("aaab"):match("a-b")"##, ##""aaab""##),
        (##"("abc"):match(".-$")"##, ##""abc""##),
        (##"("abc"):match("a?b?c?d?$")"##, ##""abc""##),
        (##"pcall(string.find, "a", "[a")"##, ##"false, "malformed pattern (missing ']')""##),
        (##"pcall(string.find, "a", "%")"##, ##"false, "malformed pattern (ends with '%')""##),
        (##"pcall(string.find, "a", "(a")"##, ##"false, "unfinished capture""##),
        (##"pcall(string.find, "a", "a)")"##, ##"true, nil"##),
        (##"pcall(string.find, "a", "%1")"##, ##"false, "invalid capture index %1""##),
        (##"pcall(string.gsub, "a", "a", "%2")"##, ##"false, "invalid capture index %2""##),
        (##"pcall(string.gsub, "a", "a", "%x")"##, ##"false, "invalid use of '%' in replacement string""##),
        (##"pcall(string.find, "a", "%f")"##, ##"false, "missing '[' after '%f' in pattern""##),
        (##"pcall(string.find, "a", "%b")"##, ##"false, "malformed pattern (missing arguments to '%b')""##),
        (
            ##"pcall(string.gsub, "a", "a", function() return {} end)"##,
            ##"false, "invalid replacement value (a table)""##
        ),
        (
            ##"pcall(string.gsub, "a", "a")"##,
            ##"false, "bad argument #3 to 'string.gsub' (string/function/table expected, got no value)""##
        ),
        (##"select("#", ("abc"):match("(a)(b)(c)"))"##, ##"3"##),
    ]

    @Test func resultsAreThoseOfTheStockLibrary() async throws {
        for vector in Self.vectors {
            let results = try await evaluated(
                """
                (function(...)
                  local shown = table.pack(...)
                  for i = 1, shown.n do
                    shown[i] = type(shown[i]) == "string" and string.format("%q", shown[i]) or tostring(shown[i])
                  end
                  return table.concat(shown, ", ", 1, shown.n)
                end)(\(vector.expression))
                """)
            #expect(results.text == vector.results, "\(vector.expression)")
        }
    }

    @Test func gmatchGoesOnWhereTheLastMatchEnded() async throws {
        let body = """
            (function()
              local found = {}
              for k, v in ("a=1, b=2, c="):gmatch("(%w+)=(%w*)") do found[#found + 1] = k .. v end
              for word in ("one two"):gmatch("%a+", 5) do found[#found + 1] = word end
              for position in ("abc"):gmatch("()") do found[#found + 1] = position end
              return table.concat(found, " ")
            end)()
            """
        #expect(try await evaluated(body) == .text("a1 b2 c two 1 2 3 4"))
    }
}
