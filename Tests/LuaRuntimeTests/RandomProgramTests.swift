import Foundation
import LuaRuntime
import Testing

/// Random programs give the same whether they work on a lazy document or on its plain decoding.
@Suite struct RandomProgramTests {
    /// Walks and changes a tree, steered by a seed, and logs what it read. `null` counts as absent, because that is
    /// where the two differ by design.
    ///
    /// In the end it lists the objects below which nothing was written, by the number that each object of a document
    /// has under `#`.
    private static let program = """
        local null = app.json.null
        local function worker(root, seed)
          local state = seed
          local function random(n)
            state = (state * 1103515245 + 12345) % 2147483648
            return (state >> 8) % n + 1
          end
          local log, touched = {}, {}
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
          local function descend(t, most)
            for _ = 1, random(most) - 1 do
              local inner = {}
              for _, k in ipairs(keys(t)) do if type(t[k]) == "table" then inner[#inner + 1] = k end end
              if #inner == 0 then break end
              t = t[inner[random(#inner)]]
            end
            return t
          end
          local function holds(t, wanted, known)
            if t == wanted then return true end
            if known[t] then return false end
            known[t] = true
            for _, k in ipairs(keys(t)) do
              if type(t[k]) == "table" and holds(t[k], wanted, known) then return true end
            end
            return false
          end
          -- A table that can be put into t without making a circle.
          local function other_table(t)
            local other = descend(root, 5)
            if holds(other, t, {}) then return nil end
            return other
          end
          local function change_array(t, step)
            local what = random(17)
            if what <= 6 or what == 8 or what >= 14 then touched[t] = true end
            if what == 1 then table.insert(t, random(#t), value(step))
            elseif what == 2 then note(table.remove(t, random(#t)))
            elseif what == 3 then t[#t + 1] = value(step)
            elseif what == 4 then t[random(#t)] = value(step)
            elseif what == 5 then if same_type(t) then table.sort(t) end
            elseif what == 6 then t[#t] = nil
            elseif what == 7 then for i, v in ipairs(t) do note(i) note(v) end
            elseif what == 8 then table.move(t, 1, #t, 2)
            elseif what == 9 then note(#t) note(rawlen(t)) note(select("#", table.unpack(t)))
            elseif what == 10 then if same_type(t) then note(table.concat(t, ",")) end
            elseif what == 11 then
              local count = 0
              for i, v in next, t do count = count + i note(v) end
              note(count)
            elseif what == 12 then for i = 1, rawlen(t) do note(rawget(t, i)) note(rawequal(rawget(t, i), t[i])) end
            elseif what == 13 then for _, v in ipairs(table.move(t, 1, #t, 1, {})) do note(v) end
            elseif what == 14 then rawset(t, #t + 1, value(step))
            elseif what == 15 then local other = other_table(t) if other then table.insert(t, other) end
            elseif what == 16 then if same_type(t) then table.sort(t, function(a, b) return a > b end) end
            else t[1], t[#t] = t[#t], t[1] end
          end
          local function change_object(t, step)
            local names = keys(t)
            local name = names[random(math.max(#names, 1))]
            local what = random(14)
            if what <= 5 or what == 7 or what >= 11 then touched[t] = true end
            if what == 1 and name then t[name] = nil
            elseif what == 2 and name then t[name] = value(step)
            elseif what == 3 then t["new" .. random(4)] = value(step)
            elseif what == 4 then rawset(t, "raw" .. random(3), value(step)) note(get(t, "raw1"))
            elseif what == 5 and name then
              local other = "new" .. random(4)
              t[name], t[other] = get(t, other), get(t, name)
            elseif what == 6 then for _, k in ipairs(names) do note(k) note(get(t, k)) note(rawget(t, k) == t[k]) end
            elseif what == 7 then for k in pairs(t) do if #k == 1 and k ~= "#" then t[k] = nil end end
            elseif what == 8 then
              local found = {}
              for k, v in next, t do if v ~= null then found[#found + 1] = k .. "=" .. type(v) end end
              table.sort(found)
              note(table.concat(found, ","))
            elseif what == 9 then note(#t) note(rawlen(t)) note(rawget(t, "no such name"))
            elseif what == 11 then
              local other = other_table(t)
              if other then t["moved" .. random(2)] = other end
            elseif what == 12 and name then t[name] = t[name]
            elseif what == 13 and name then
              local inside = t[name]
              if type(inside) == "table" then
                t[name] = nil
                t.moved = app.json.array { inside }
              end
            elseif what == 14 and name then t[name] = null
            else note(name and get(t, name)) end
          end
          for step = 1, 3 + seed % 38 do
            local t = descend(root, 8)
            if next(t) == nil then note("empty")
            elseif is_array(t) then change_array(t, step)
            else change_object(t, step) end
          end
          local clean, known = {}, {}
          local function is_clean(t)
            if known[t] ~= nil then return known[t] end
            local result = not touched[t]
            for _, k in ipairs(keys(t)) do
              if type(t[k]) == "table" and not is_clean(t[k]) then result = false end
            end
            if result and next(t) ~= nil and not is_array(t) and t["#"] then clean[#clean + 1] = t["#"] end
            known[t] = result
            return result
          end
          is_clean(root)
          table.sort(clean)
          return table.concat(log, "|"), app.json.array(clean)
        end
        on("f", function(items, text, seed)
          local plain = app.json.decode(text)
          local lazy_log, lazy_clean = worker(items[1], seed)
          local plain_log, plain_clean = worker(plain, seed)
          return {
            lazy = lazy_log, plain = plain_log, tree = plain, clean = lazy_clean,
            agree = table.concat(lazy_clean, " ") == table.concat(plain_clean, " "),
          }
        end)
        """

    /// `TIDELOCK_PROGRAMS` asks for more; `TIDELOCK_SEED` begins with another one.
    private static let environment = ProcessInfo.processInfo.environment

    private static let seeds: [UInt64] = {
        let count = environment["TIDELOCK_PROGRAMS"].flatMap(UInt64.init) ?? 400
        let first = environment["TIDELOCK_SEED"].flatMap(UInt64.init)
        if let first { return Array(first..<first + count) }
        return Array(1...count) + [UInt64.random(in: 1_000...0x7fff_ffff)]
    }()

    @Test func lazyAndPlainTablesAgreeAndTheRestKeepsItsBytes() async throws {
        let lua = try await LuaHarness(Self.program)
        for seed in Self.seeds {
            var generator = DocumentGenerator(seed: seed)
            let document = generator.document()
            let invocation = LuaInvocation(
                documents: [Array(document.utf8)],
                arguments: [.documents, .value(.text(document)), .value(.integer(Int64(seed)))])
            let outcome = try await lua.call("f", invocation)
            let returned = outcome.returned
            #expect(returned["lazy"] == returned["plain"], "seed \(seed): \(document)")
            #expect(returned["agree"] == .boolean(true), "seed \(seed): \(document)")
            var after = document
            if case .replaced(let bytes) = outcome.changes[0] { after = String(decoding: bytes, as: UTF8.self) }
            let lazyTree = try await evaluated("app.json.decode([=[\(after)]=])")
            #expect(lazyTree == returned["tree"], "seed \(seed): \(document) became \(after)")
            guard case .array(let clean) = returned["clean"] else { continue }
            for case .integer(let number) in clean {
                let text = try #require(generator.objects[number])
                #expect(after.utf8.contains(text.utf8), "seed \(seed): \(text) changed; \(document) became \(after)")
            }
        }
    }
}

/// JSON of many shapes and spellings, from a seed.
private struct DocumentGenerator {
    private var state: UInt64
    /// The text of every object, by the number it has under `#`.
    private(set) var objects: [Int64: String] = [:]

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    private mutating func random(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }

    private mutating func space() -> String { ["", "", "", " ", "\n  "][random(5)] }

    /// An object, sometimes deep inside of others.
    mutating func document() -> String {
        let inner = object(depth: 0)
        guard random(8) == 0 else { return inner }
        let depth = random(60)
        return repeated(#"{"a":[0,"#, depth) + inner + repeated("]}", depth)
    }

    private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    private mutating func object(depth: Int) -> String {
        var members = (0..<random(7)).map { _ in
            "\(space())\(key())\(space()):\(space())\(value(depth: depth + 1))\(space())"
        }
        let number = Int64(objects.count + 1_000)
        members.insert("\"#\":\(space())\(number)", at: random(members.count + 1))
        let text = "{" + members.joined(separator: ",") + "}"
        objects[number] = text
        return text
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
        switch random(depth > 4 ? 9 : depth < 3 ? 20 : 14) {
        case 0: "null"
        case 1: "true"
        case 2: "\(random(1000) - 500)"
        case 3: ["1.0", "1e2", "-0.5", "12345678901234567890", "9007199254740993", "0.1"][random(6)]
        case 4: "\"\""
        case 5: "\"text\""
        case 6: "\"\\u00e9\\/\\\"\""
        case 7: "\"é😀\""
        case 8: "false"
        case 9, 10, 11, 14, 15, 16, 17: object(depth: depth)
        default: array(depth: depth)
        }
    }
}
