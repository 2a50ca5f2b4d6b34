import LuaRuntime
import Testing

/// What handlers see of documents, and what becomes of the bytes.
@Suite struct LazyTableTests {
    @Test func documentsThatAreOnlyReadStayUnchanged() async throws {
        let lua = try await LuaHarness(
            "on('f', function(items) for _, item in ipairs(items) do seen(item.title, #items) end end)")
        let outcome = try await lua.call("f", [#"{"title":"a"}"#, #"{"title":"b"}"#])
        #expect(outcome.changes == [.unchanged, .unchanged])
        #expect(!outcome.listChanged)
        #expect(lua.seen == [[.text("a"), .integer(2)], [.text("b"), .integer(2)]])
    }

    @Test func assigningNilDeletesAMember() async throws {
        #expect(try await filtered(#"{"a":1,"b":2,"c":3}"#, "item.a = nil") == #"{"b":2,"c":3}"#)
        #expect(try await filtered(#"{"a":1,"b":2,"c":3}"#, "item.b = nil") == #"{"a":1,"c":3}"#)
        #expect(try await filtered(#"{"a":1,"b":2,"c":3}"#, "item.c = nil") == #"{"a":1,"b":2}"#)
        #expect(try await filtered(#"{"a":1}"#, "item.a = nil") == "{}")
    }

    @Test func assigningReplacesOneMemberAndKeepsTheBytesAround() async throws {
        let document = #"{"big":12345678901234567890,"f":1.0,"e":1e2,"x":"\u00e9","n":null,"a":[],"o":{},"z":1}"#
        let expected = #"{"big":12345678901234567890,"f":1.0,"e":1e2,"x":"\u00e9","n":null,"a":[],"o":{},"z":false}"#
        #expect(try await filtered(document, "item.z = false") == expected)
    }

    @Test func newMembersComeLastInTheOrderTheyWereAssigned() async throws {
        #expect(
            try await filtered(#"{"a":1}"#, "item.z = 1 item.b = 2 item.z = 3 item.c = {1, 2}")
                == #"{"a":1,"z":3,"b":2,"c":[1,2]}"#)
    }

    @Test func aDeletedMemberThatIsAssignedAgainKeepsItsPlace() async throws {
        #expect(try await filtered(#"{"a":1,"b":2}"#, "item.a = nil item.a = 5") == #"{"a":5,"b":2}"#)
        #expect(
            try await filtered(#"{"b":2}"#, "item.x = 1 item.y = 1 item.x = nil item.x = 2") == #"{"b":2,"x":2,"y":1}"#)
    }

    @Test func changesDeepInsideLeaveTheRestAlone() async throws {
        let document = #"{"m":{"x":[{"k":1},{"k":2.50}],"s":"a\/b"},"t":[1, 2]}"#
        #expect(
            try await filtered(document, "item.m.x[2].k = nil item.m.x[2].q = true")
                == #"{"m":{"x":[{"k":1},{"q":true}],"s":"a\/b"},"t":[1, 2]}"#)
    }

    @Test func arraysBehaveLikeTables() async throws {
        let document = #"{"t":[3,1,2,12345678901234567890,"\u00e9",1e2]}"#
        #expect(
            try await filtered(document, "table.remove(item.t, 1) item.t[#item.t + 1] = 'x'")
                == #"{"t":[1,2,12345678901234567890,"\u00e9",1e2,"x"]}"#)
        #expect(try await filtered(#"{"t":[3,1,2]}"#, "table.sort(item.t)") == #"{"t":[1,2,3]}"#)
        #expect(try await filtered(#"{"t":[3,1,2]}"#, "table.insert(item.t, 2, 9)") == #"{"t":[3,9,1,2]}"#)
        #expect(try await filtered(#"{"t":[3,1,2]}"#, "item.t[2] = nil") == #"{"t":[3,null,2]}"#)
        #expect(try await filtered(#"{"t":[3,1,2]}"#, "item.t[3] = nil") == #"{"t":[3,1]}"#)
        #expect(
            try await filtered(#"{"t":[3,1,2]}"#, "item.s = table.concat(item.t, '-')") == #"{"t":[3,1,2],"s":"3-1-2"}"#
        )
        #expect(try await filtered(#"{"t":[3,1]}"#, "item.t = {table.unpack(item.t)}") == #"{"t":[3,1]}"#)
    }

    @Test func emptyTablesRememberWhatTheyReplace() async throws {
        #expect(
            try await filtered(#"{"t":[1],"o":{"a":1}}"#, "item.t = {} item.o = {} item.n = {}")
                == #"{"t":[],"o":{},"n":{}}"#)
        #expect(
            try await filtered("{}", "item.a = json.array{} item.o = json.object{} item.n = json.null")
                == #"{"a":[],"o":{},"n":null}"#)
    }

    @Test func nullReadsAsNilInObjectsAndAsTheSentinelInArrays() async throws {
        let lua = try await LuaHarness(
            """
            on('f', function(items)
              local item = items[1]
              seen(item.n == nil, item.t[2] == app.json.null, #item.t)
              for k, v in pairs(item) do seen(k, v == app.json.null) end
            end)
            """)
        try await lua.call("f", [#"{"n":null,"t":[1,null]}"#])
        #expect(
            lua.seen == [
                [.boolean(true), .boolean(true), .integer(2)], [.text("n"), .boolean(true)],
                [.text("t"), .boolean(false)],
            ])
    }

    @Test func pairsFollowsTheDocumentAndNextAgrees() async throws {
        let body = """
            local keys = {}
            for k in pairs(item) do keys[#keys + 1] = k end
            for k in next, item do keys[#keys + 1] = k end
            item.keys = table.concat(keys)
            """
        #expect(try await filtered(#"{"z":1,"a":2,"m":3}"#, body) == #"{"z":1,"a":2,"m":3,"keys":"zamzam"}"#)
    }

    @Test func addingWhileIteratingEnds() async throws {
        #expect(
            try await filtered(#"{"a":1,"b":2}"#, "for k in pairs(item) do item[k .. k] = 0 end")
                == #"{"a":1,"b":2,"aa":0,"bb":0}"#)
    }

    @Test func childrenKeepTheirIdentity() async throws {
        #expect(
            try await filtered(
                #"{"x":{"y":{}}}"#,
                "item.same = item.x == item.x and rawequal(item.x.y, item.x.y) and type(item.x) == 'table'")
                == #"{"x":{"y":{}},"same":true}"#)
    }

    @Test func rawFunctionsSeeThrough() async throws {
        #expect(
            try await filtered(
                #"{"a":1,"t":[1,2]}"#, "rawset(item, 'b', rawget(item, 'a') + rawlen(item.t)) rawset(item, 'a', nil)")
                == #"{"t":[1,2],"b":3}"#)
    }

    @Test func ofDuplicateKeysTheLastCountsAndOnlyItIsRewritten() async throws {
        #expect(try await filtered(#"{"a":1,"b":0,"a":2}"#, "item.c = item.a") == #"{"b":0,"a":2,"c":2}"#)
    }

    @Test func escapedKeysAreFoundByWhatTheyMean() async throws {
        #expect(try await filtered(#"{"\u0061b":1,"c":2}"#, "item.ab = item.ab + 1") == #"{"\u0061b":2,"c":2}"#)
    }

    @Test func integersAreExact() async throws {
        #expect(
            try await filtered(
                #"{"a":9007199254740993,"b":-9223372036854775808}"#, "item.a = item.a + 1 item.c = math.type(item.b)")
                == #"{"a":9007199254740994,"b":-9223372036854775808,"c":"integer"}"#)
    }

    @Test func tablesOfTheScriptAreWrittenInKeyOrder() async throws {
        #expect(
            try await filtered("{}", "item.m = {b = 1, a = {true}, c = 1.5, d = 2.0}")
                == #"{"m":{"a":[true],"b":1,"c":1.5,"d":2.0}}"#)
    }

    @Test func partsMayMoveBetweenDocuments() async throws {
        #expect(
            try await filtered([#"{"m":{"x":1.0}}"#, "{}"], "items[2].m = items[1].m items[1].m = nil")
                == ["{}", #"{"m":{"x":1.0}}"#])
    }

    @Test func changesOfTheListAreReported() async throws {
        let lua = try await LuaHarness(
            "on('f', function(items) table.remove(items, 1) end) on('g', function(items) items[1].a = 1 end)")
        #expect(try await lua.call("f", ["{}", "{}"]).listChanged)
        #expect(try await !lua.call("g", ["{}", "{}"]).listChanged)
    }

    @Test(arguments: [
        ("item.f = function() end", "cannot write a function to $.f"),
        ("item.m.t[1].x = 0/0", "cannot write a number that is not finite to $.m.t[1].x"),
        ("item.m.new = {deep = {print = math.huge}}", "cannot write a number that is not finite at $.m.new.deep.print"),
        ("item.s = '\\xff'", "cannot write a string that is not UTF-8 at $.s"),
        ("item.m.self = item", "cannot write a table that contains itself at $.m.self"),
        ("local t = {} t.t = t item.t = t", "cannot write a table that contains itself at $.t.t"),
        ("item.t = {1, x = 2}", "cannot write a table (string and number keys are mixed) at $.t"),
        ("item.t = {[1000000000] = 1}", "cannot write a table (array has holes) at $.t"),
        ("item.t = {[1.5] = 1}", "cannot write a table (keys must be strings or 1..n) at $.t"),
        ("item[1] = 2", "field names of $ must be strings"),
        ("item.m.t.x = 2", "an array has no field 'x'"),
    ])
    func whatJSONCannotSayIsRefusedWithItsPath(body: String, message: String) async throws {
        let error = await #expect(throws: LuaError.self) {
            try await filtered(#"{"m":{"t":[{}]}}"#, body)
        }
        #expect(error?.message == message)
        #expect(error?.kind == .runtime || error?.document == 0)
    }

    @Test func documentsAreDeadAfterTheirCall() async throws {
        let lua = try await LuaHarness(
            """
            local kept, list, context, iterator
            on('keep', function(items, ctx) kept, list, context = items[1], items, ctx iterator = {pairs(items[1])} end)
            on('read', function() return kept.a end)
            on('write', function() kept.a = 1 end)
            on('list', function() return list[1] end)
            on('context', function() return context.x end)
            on('iterate', function() return iterator[1](iterator[2], iterator[3]) end)
            """)
        try await lua.call("keep", [#"{"a":1}"#], context: LuaContext(fields: [LuaField("x", .integer(1))]))
        for name in ["read", "write", "list", "context", "iterate"] {
            let error = await #expect(throws: LuaError.self, "\(name)") { try await lua.call(name, ["{}"]) }
            #expect(error?.message == "this value belongs to a call that has ended")
        }
    }

    @Test func writtenTablesAreDeadAfterTheirCallToo() async throws {
        let lua = try await LuaHarness(
            """
            local kept
            on('keep', function(items) kept = items[1] kept.new = 1 kept.t[3] = 3 kept = {item = kept, t = kept.t} end)
            on('added', function() return kept.item.new end)
            on('element', function() return kept.t[1] end)
            on('length', function() return #kept.t end)
            """)
        try await lua.call("keep", [#"{"t":[1,2]}"#])
        for name in ["added", "element", "length"] {
            let error = await #expect(throws: LuaError.self, "\(name)") { try await lua.call(name, ["{}"]) }
            #expect(error?.message == "this value belongs to a call that has ended")
        }
    }

    @Test func aFailingHandlerChangesNothing() async throws {
        let lua = try await LuaHarness(
            "on('f', function(items) items[1].a = nil error('no') end) on('g', function(items) return items[1].a end)")
        await #expect(throws: LuaError.self) { try await lua.call("f", [#"{"a":1}"#]) }
        let outcome = try await lua.call("g", [#"{"a":1}"#])
        #expect(outcome.returned == .integer(1))
        #expect(outcome.changes == [.unchanged])
    }

    @Test func brokenDocumentsAreNamed() async throws {
        let lua = try await LuaHarness(
            "on('f', function(items) for _, item in ipairs(items) do local _ = item.a end end)")
        let error = await #expect(throws: LuaError.self) { try await lua.call("f", ["{}", "{\"a\":}"]) }
        #expect(error?.kind == .invalidDocument)
        #expect(error?.document == 1)
    }

    @Test func largeObjectsAreSearchedQuickly() async throws {
        let members = (0..<5000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let body = """
            local sum = 0
            for i = 0, 4999 do sum = sum + item['k' .. i] end
            for k in pairs(item) do item[k] = nil end
            item.sum = sum
            """
        #expect(try await filtered("{\(members)}", body) == #"{"sum":12497500}"#)
    }
}
