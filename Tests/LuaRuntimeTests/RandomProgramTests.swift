import LuaRuntime
import Testing

/// Random programs give the same whether they work on a lazy document or on its plain decoding.
@Suite struct RandomProgramTests {
    /// Walks and changes a tree, steered by a seed, and logs what it read. `null` counts as absent, because that is
    /// where the two differ by design.
    private static let program = """
        local null = app.json.null
        local function worker(root, seed)
          local state = seed
          local function random(n)
            state = (state * 1103515245 + 12345) % 2147483648
            return (state >> 8) % n + 1
          end
          local log = {}
          local function get(t, k)
            local v = t[k]
            if v == null then return nil end
            return v
          end
          local function is_array(t) return math.type((next(t))) == "integer" end
          local function keys(t)
            local found = {}
            for k, v in pairs(t) do if v ~= null then found[#found + 1] = k end end
            table.sort(found)
            return found
          end
          local function note(v) log[#log + 1] = type(v) == "table" and "table" or tostring(v) end
          local function value(n)
            local object, array = app.json.object, app.json.array
            local choices = {
              n, n + 0.5, "text " .. n, n % 2 == 0, null, "\\u{e9}\\"\\n",
              object{}, array{}, array{n}, object{a = n, b = array{true}},
            }
            return choices[random(#choices)]
          end
          local function same_type(t)
            for i = 1, #t do if type(t[i]) ~= type(t[1]) then return false end end
            return type(t[1]) == "number" or type(t[1]) == "string"
          end
          local function change_array(t, step)
            local what = random(9)
            if what == 1 then table.insert(t, random(#t), value(step))
            elseif what == 2 then note(table.remove(t, random(#t)))
            elseif what == 3 then t[#t + 1] = value(step)
            elseif what == 4 then t[random(#t)] = value(step)
            elseif what == 5 and same_type(t) then table.sort(t)
            elseif what == 6 then t[#t] = nil
            elseif what == 7 then for i, v in ipairs(t) do note(i) note(v) end
            elseif what == 8 then table.move(t, 1, #t, 2)
            else note(#t) note(rawlen(t)) note(select("#", table.unpack(t))) end
          end
          local function change_object(t, step)
            local names = keys(t)
            local name = names[random(math.max(#names, 1))]
            local what = random(8)
            if what == 1 and name then t[name] = nil
            elseif what == 2 and name then t[name] = value(step)
            elseif what == 3 then t["new" .. random(4)] = value(step)
            elseif what == 4 then rawset(t, "raw" .. random(3), value(step)) note(get(t, "raw1"))
            elseif what == 5 and name then
              local other = "new" .. random(4)
              t[name], t[other] = get(t, other), get(t, name)
            elseif what == 6 then for _, k in ipairs(names) do note(k) note(get(t, k)) note(rawget(t, k) == t[k]) end
            elseif what == 7 then for k in pairs(t) do if random(2) == 0 then t[k] = nil end end
            else note(name and get(t, name)) end
          end
          for step = 1, 25 do
            local t = root
            for _ = 1, random(5) - 1 do
              local inner = {}
              for _, k in ipairs(keys(t)) do if type(t[k]) == "table" then inner[#inner + 1] = k end end
              if #inner == 0 then break end
              t = t[inner[random(#inner)]]
            end
            if next(t) == nil then note("empty")
            elseif is_array(t) then change_array(t, step)
            else change_object(t, step) end
          end
          return table.concat(log, "|")
        end
        on("f", function(items, text, seed)
          local plain = app.json.decode(text)
          local lazy_log, plain_log = worker(items[1], seed), worker(plain, seed)
          return {lazy = lazy_log, plain = plain_log, tree = plain}
        end)
        """

    @Test func lazyAndPlainTablesAgree() async throws {
        let lua = try await LuaHarness(Self.program)
        let chance = UInt64.random(in: 1000...0x7fff_ffff)
        for seed in Array(1...400) + [chance] {
            var generator = DocumentGenerator(seed: seed)
            let document = generator.object(depth: 0)
            let invocation = LuaInvocation(
                documents: [Array(document.utf8)],
                arguments: [.documents, .value(.text(document)), .value(.integer(Int64(seed)))])
            let outcome = try await lua.call("f", invocation)
            #expect(outcome.returned["lazy"] == outcome.returned["plain"], "seed \(seed): \(document)")
            var after = document
            if case .replaced(let bytes) = outcome.changes[0] { after = String(decoding: bytes, as: UTF8.self) }
            let lazyTree = try await evaluated("app.json.decode([=[\(after)]=])")
            let plainTree = outcome.returned["tree"]
            #expect(lazyTree == plainTree, "seed \(seed): \(document) became \(after)")
        }
    }
}

/// JSON of many shapes and spellings, from a seed.
private struct DocumentGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    private mutating func random(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }

    private mutating func space() -> String { ["", "", "", " ", "\n  "][random(5)] }

    mutating func object(depth: Int) -> String {
        let members = (0..<random(7)).map { _ in
            "\(space())\(key())\(space()):\(space())\(value(depth: depth + 1))\(space())"
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private mutating func key() -> String {
        let names = ["a", "b", "c", #"d\u00e9"#, #"\u0061"#, "new1", #"x\n"#, "long key with spaces", ""]
        return "\"\(names[random(names.count)])\""
    }

    private mutating func array(depth: Int) -> String {
        let isUniform = random(2) == 0
        let elements = (0..<random(6)).map { _ in isUniform ? "\(random(100))" : value(depth: depth + 1) }
        return "[" + elements.map { "\(space())\($0)" }.joined(separator: ",") + "]"
    }

    private mutating func value(depth: Int) -> String {
        switch random(depth > 4 ? 9 : 14) {
        case 0: "null"
        case 1: "true"
        case 2: "\(random(1000) - 500)"
        case 3: ["1.0", "1e2", "-0.5", "12345678901234567890", "9007199254740993", "0.1"][random(6)]
        case 4: "\"\""
        case 5: "\"text\""
        case 6: "\"\\u00e9\\/\\\"\""
        case 7: "\"é😀\""
        case 8: "false"
        case 9, 10, 11: object(depth: depth)
        default: array(depth: depth)
        }
    }
}
