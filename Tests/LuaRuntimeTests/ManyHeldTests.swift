import LuaRuntime
import Testing

/// A script that holds more of one document than a machine keeps room for from call to call.
///
/// What is held takes a place for each child of a container, once one of its children is held. Up to so many places
/// stay for the next call, and beyond them all are given back; within a call nothing shows of either.
@Suite struct ManyHeldTests {
    /// As `MOST_HELD_KEPT` in `lazywrite.c`.
    private static let mostKept = 16 << 10
    /// Tables that get a string, which is held and takes the two places of its table.
    private static let strings = 100
    /// With the places of the strings and that of the list itself, exactly as many places as stay.
    private static let few = mostKept - 2 * strings - 1

    private static let program = """
        local function written(i, strings)
          if i <= strings then return "text " .. i, nil end
          if i % 3 == 0 then return -i, nil end
          if i % 3 == 1 then return i, i end
          return i, nil
        end
        on("write", function(items, strings)
          local list, held, wrong = items[1].t, {}, 0
          local function expect(holds) if not holds then wrong = wrong + 1 end end
          for i = 1, #list do held[i] = list[i] end
          for i, one in ipairs(held) do
            expect(one.n == i and one.new == nil)
            local n, new = written(i, strings)
            if n ~= i then one.n = n end
            if new then one.new = new end
          end
          for _ = 1, 2 do
            for i = 1, #list do
              local one, n, new = list[i], written(i, strings)
              expect(one == list[i] and one == held[i] and rawequal(one, held[i]) and one ~= held[i % #held + 1])
              expect(one.n == n and one.new == new)
            end
          end
          return wrong
        end)
        on("move", function(items)
          local list, held, wrong = items[1].t, {}, 0
          for i = 1, #list do held[i] = list[i] end
          local first = table.remove(list, 1)
          list[#list + 1] = first
          for _ = 1, 2 do
            for i = 1, #list do if list[i] ~= held[i % #held + 1] then wrong = wrong + 1 end end
          end
          held[1].n = "first"
          if list[#list].n ~= "first" then wrong = wrong + 1 end
          return wrong
        end)
        local kept
        on("keep", function(items)
          kept = {list = items[1].t}
          for i = 1, #kept.list do kept[i] = kept.list[i] kept[i].n = "text" end
        end)
        on("read", function(_, what) return what == 0 and kept.list[1] or kept[what].n end)
        """

    private static func element(_ number: Int, _ n: String? = nil, _ rest: String = "") -> String {
        "{\"n\":\(n ?? "\(number)"),\"e\":1e2\(rest)}"
    }

    /// What the script writes into one.
    private static func written(_ number: Int, strings: Int) -> String {
        if number <= strings { return element(number, "\"text \(number)\"") }
        if number % 3 == 0 { return element(number, "-\(number)") }
        return number % 3 == 1 ? element(number, nil, ",\"new\":\(number)") : element(number)
    }

    private static func document(_ elements: [String]) -> String { "{\"t\":[\(elements.joined(separator: ","))]}" }

    private static func document(_ tables: Int) -> String { document((1...tables).map { element($0) }) }

    /// Calls a function that counts what was not as it should be, and compares the document that it leaves.
    private static func expect(
        _ lua: LuaHarness, _ name: String, _ tables: Int, _ argument: Int, leaves elements: [String]
    ) async throws {
        let invocation = LuaInvocation(
            documents: [Array(document(tables).utf8)], arguments: [.documents, .value(.integer(Int64(argument)))])
        let outcome = try await lua.call(name, invocation)
        #expect(outcome.returned == .integer(0), "\(tables) tables")
        let isAsWritten = outcome.changes == [.replaced(Array(document(elements).utf8))]
        #expect(isAsWritten, "\(tables) tables")
    }

    /// Beyond what is kept and within it by turns, so that each call finds what the other kind has left.
    @Test(arguments: [few, few + 1, 20_000]) func whatIsHeldIsItselfAndAsItWasWritten(tables: Int) async throws {
        let lua = try await LuaHarness(Self.program)
        for _ in 1...2 {
            for (tables, strings) in [(tables, Self.strings), (3, 1)] {
                let elements = (1...tables).map { Self.written($0, strings: strings) }
                try await Self.expect(lua, "write", tables, strings, leaves: elements)
            }
        }
    }

    @Test(arguments: [few, 20_000]) func whatIsHeldStaysItselfWhenItMoves(tables: Int) async throws {
        let lua = try await LuaHarness(Self.program)
        let elements = (2...tables).map { Self.element($0) } + [Self.element(1, "\"first\"")]
        for _ in 1...2 { try await Self.expect(lua, "move", tables, 0, leaves: elements) }
    }

    /// Each table that is kept has a string, so that there are three places for one of them.
    @Test(arguments: [3, mostKept / 3, mostKept / 3 + 1, 20_000])
    func whatWasHeldIsDeadAfterItsCall(tables: Int) async throws {
        let lua = try await LuaHarness(Self.program)
        try await lua.call("keep", [Self.document(tables)])
        for what in [0, 1, tables] {
            let invocation = LuaInvocation(
                documents: [Array("{}".utf8)], arguments: [.documents, .value(.integer(Int64(what)))])
            let error = await #expect(throws: LuaError.self) { try await lua.call("read", invocation) }
            #expect(error?.message == "this value belongs to a call that has ended", "\(what)")
        }
    }
}
