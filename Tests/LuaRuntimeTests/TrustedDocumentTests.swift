import LuaRuntime
import Testing

/// Documents that are known to be valid, documents in many small calls, and the member that identifies a document.
@Suite struct TrustedDocumentTests {
    private func harness(_ body: String) async throws -> LuaHarness {
        try await LuaHarness("on('f', function(items, ctx)\n\(body)\nend)")
    }

    private func invocation(_ documents: [String], key: String? = nil, atOnce: Int = .max) -> LuaInvocation {
        var invocation = LuaInvocation(
            documents: documents.map { Array($0.utf8) }, context: LuaContext(marks: ["drop"]))
        invocation.documentsAreValid = true
        invocation.documentsAtOnce = atOnce
        invocation.key = key
        return invocation
    }

    @Test func theyReadAndChangeLikeOthers() async throws {
        let lua = try await harness(
            """
            local item = items[1]
            item.seen = { #item.list, item.deep.a.b, item["esc\\n"] }
            item.deep.a.b = item.deep.a.b + 1
            item.gone = nil
            """)
        let document = #"{"gone":"]}","list":[1,[2],{}],"deep":{"a":{"b":7}},"esc\n":"\"","rest":1e2}"#
        let changes = try await lua.call("f", invocation([document])).changes
        let expected = #"{"list":[1,[2],{}],"deep":{"a":{"b":8}},"esc\n":"\"","rest":1e2,"seen":[3,7,"\""]}"#
        #expect(changes == [.replaced(Array(expected.utf8))])
    }

    /// Bytes that are no JSON at all: refused, or changed to something; the machine lives.
    @Test(arguments: [
        "", "{", "[]", "1", #"{"a":"#, #"{"a":1"#, #"{"a":[1,"#, #"{"a":"x}"#, #"{"a":{]}"#, #"{"a":tru}"#,
        #"{"a":"\u12"}"#,
    ])
    func documentsThatLieDoNoHarm(text: String) async throws {
        let lua = try await harness(
            "for _, i in ipairs(items) do for k, v in pairs(i) do i[k] = type(v) == 'table' and #v or v end end")
        do { _ = try await lua.call("f", invocation([text])) } catch let error as LuaError {
            #expect(error.kind == .invalidDocument || error.kind == .runtime)
        }
        #expect(try await lua.call("f", invocation([#"{"a":1}"#])).changes == [.unchanged])
    }

    @Test(arguments: [
        ("item.a = 2", false), ("item._id = '1'; item.a = 2", false), ("item._id = 'x'", true),
        ("item._id = nil", true), ("item.a = nil; local id = item._id", false), ("item._id = 1", true),
        ("item._id = nil; item._id = '1'; item.a = 2", false), ("item._id = { '1' }", true), ("item._id = ''", true),
        // What stands where the token's place was kept says nothing about the token.
        ("item._id = 14 << 32 | 11; item._id = 'a'", true),
        ("item._id = 14 << 32 | 11; item._id = app.json.null; item._id = 'a'", true),
    ])
    func anotherValueOfTheIdentifyingMemberIsTold(statement: String, changes: Bool) async throws {
        let lua = try await harness("local item = items[2]\n\(statement)")
        let outcome = try await lua.call("f", invocation([#"{"_id":"0"}"#, #"{"_id":"1","a":1}"#], key: "_id"))
        #expect(outcome.uncertainKeys == (changes ? [1] : []))
    }

    @Test func addingTheIdentifyingMemberIsTold() async throws {
        let lua = try await harness("items[1]._id = 'new'")
        #expect(try await lua.call("f", invocation([#"{"a":1}"#], key: "_id")).uncertainKeys == [0])
    }

    @Test func manyDocumentsAreShownInSmallCalls() async throws {
        let lua = try await harness(
            """
            seen(#items)
            for i, item in ipairs(items) do
              item.n = item.n + 1
              if item.n % 4 == 0 then item._id = 'x' end
              if item.n == 6 then ctx.drop(item, 'six') end
            end
            """)
        let documents = (0..<7).map { #"{"_id":"\#($0)","n":\#($0)}"# }
        let outcome = try await lua.call("f", invocation(documents, key: "_id", atOnce: 3))
        #expect(lua.seen.flatMap(\.self) == [.integer(3), .integer(3), .integer(1)])
        #expect(outcome.marks == [LuaMark(name: "drop", document: 5, values: [.text("six")])])
        #expect(outcome.uncertainKeys == [3])
        #expect(outcome.changes.count == 7)
        #expect(outcome.changes[6] == .replaced(Array(#"{"_id":"6","n":7}"#.utf8)))
    }

    @Test func aFailureNamesTheDocumentOfTheWholeCall() async throws {
        let lua = try await harness("for _, item in ipairs(items) do if item.n == 4 then item.x = { 0/0 } end end")
        let documents = (0..<7).map { #"{"n":\#($0)}"# }
        let error = await #expect(throws: LuaError.self) {
            try await lua.call("f", invocation(documents, atOnce: 3))
        }
        #expect(error?.document == 4)
    }

    @Test(arguments: ["x", "\\u0001"])
    func aTextTooLongForAStringIsNamedWhenItIsRead(letter: String) async throws {
        let lua = try await harness("local item = items[1]\nitem.seen = true\nif item.read then return #item.text end")
        let text = String(repeating: letter, count: 8 << 20 + 1)
        let unread = try await lua.call("f", invocation([#"{"text":"\#(text)"}"#]))
        #expect(unread.changes == [.replaced(Array(#"{"text":"\#(text)","seen":true}"#.utf8))])
        let error = await #expect(throws: LuaError.self) {
            try await lua.call("f", invocation([#"{"read":true,"text":"\#(text)"}"#]))
        }
        #expect(error?.message == "a text of 8388609 bytes cannot be read here, because strings have 8388608 at most")
        #expect(error?.location?.line == 4)
    }

    /// A container that is moved to where the whole would be nested too deeply is refused, not copied.
    @Test func movedContainersCountTowardsTheDepth() async throws {
        let lua = try await harness(
            """
            local top = {}
            local at = top
            for i = 1, 300 do at.a = {}; at = at.a end
            at.a = items[1].deep
            items[1].moved = top
            """)
        let deep = String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
        let error = await #expect(throws: LuaError.self) {
            try await lua.call("f", invocation([#"{"deep":\#(deep)}"#]))
        }
        #expect(error?.message.contains("nested so deeply") == true)
    }

    /// What an array was stays an array when a scalar stood there for a while.
    @Test func anEmptyTableTakesTheKindOfWhatTheDocumentHad() async throws {
        let lua = try await harness("items[1].list = 1; items[1].list = {}; items[1].map = true; items[1].map = {}")
        let changes = try await lua.call("f", invocation([#"{"list":[1],"map":{"a":1}}"#])).changes
        #expect(changes == [.replaced(Array(#"{"list":[],"map":{}}"#.utf8))])
    }
}
