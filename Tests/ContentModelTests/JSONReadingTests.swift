import ContentModel
import Testing

@Suite struct JSONReadingTests {
    /// What there is to find in an item, by whichever way.
    private struct Found: Equatable {
        var id: String?
        var modified: Int64?
        var state: Int64?
        var parent: String?
        var links: [ItemLink]

        init(_ members: some TopLevelMembers, of kind: Kind, links: [ItemLink]) {
            id = members.string(kind.keyMember)
            modified = members.integer("_modified")
            state = members.integer("_state")
            parent = members.parent(of: kind)
            self.links = links
        }
    }

    private static let kinds = [
        Kind.assets, .assetFolders, .pages, .menus, .pageSettings, .singletons, .models, try! .content("posts"),  // valid
    ]

    private static let documents = [
        #"{"_id":"1","_pid":"0","_modified":17,"_state":1,"author":{"_model":"people","_id":"p"}}"#,
        #"{"_id":"1","list":[{"_model":"a","_id":"1"},[{"_model":"b","_id":"2"},{"x":{"_model":"c","_id":"3"}}]]}"#,
        #"{"_id":"\u0031","_pid":"\u0030\n","x":{"_model":"p\u0065ople","_id":"\"q\\\u00e9\ud83d\ude00"}}"#,
        #"{"_id":1,"_pid":7,"_modified":"17","_state":1.0,"x":{"_model":"people","_id":9},"y":{"_model":null,"_id":"p"}}"#,
        #"{"_id":"1","_modified":1e3,"_state":12345678901234567890,"x":{"_model":"no name","_id":"p"}}"#,
        // Members that a later one hides, and names written with escapes.
        #"{"_id":"a","_id":"1","x":{"_model":"people","_id":"p"},"x":{"_model":"people","_id":"q"},"_pid":"0","_pid":"2"}"#,
        #"{"_id":"1","x":{"_model":"people","_id":"p","\u005fid":"q"},"\u005fpid":"0","y":{"\u005fmodel":"m","_id":"r"}}"#,
        #"{"x":{"_model":"hidden","_id":"p"},"x":{"\u005fmodel":"people","_id":"p"},"_id":"1"}"#,
        " { \"_id\" : \"1\" ,\n \"_pid\" : \"0\" , \"x\" : [ { \"_model\" : \"people\" , \"_id\" : \"p\" } ] } ",
        #"{"_id":"2","_pid":"1","layout":[{"component":"hero","data":{"image":{"_id":"a","path":"\/x.png","mime":"image\/png","_hash":"0"}}}]}"#,
        #"{"name":"main","items":[{"page":"1","children":[{"page":"2"},{"page":"1"}]},{"page":null},{"page":""}]}"#,
        #"{"_id":"a","folder":"f","_p":"g","_pid":""}"#, #"{"x":{"_model":"_model","_id":"_pid"},"_pid":"\u0000"}"#,
        "{}", "[]", #"[{"_model":"people","_id":"p"}]"#, #""_model""#, "1", "null",
    ]

    @Test(arguments: documents)
    func theReadingOfAnIntakeFindsWhatReadingTheDocumentFinds(text: String) throws {
        for kind in Self.kinds {
            var found: Found?
            let taken = try Array(text.utf8).withUnsafeBytes { bytes in
                try JSONDocument.intake(bytes) { found = Found($0, of: kind, links: $0.linksToItems(of: kind)) }
            }
            let document = try JSONDocument(validating: text)
            #expect(taken.document == document)
            #expect(taken.hash == document.hash)
            let links = document.linksToItems(of: kind)
            #expect(found == document.withMembers { Found($0, of: kind, links: links) })
            #expect(found == document.withReading { Found($0, of: kind, links: $0.linksToItems(of: kind)) })
        }
    }

    @Test func aReadingFindsLinksInListsInObjectsAndInEscapedTexts() throws {
        let text =
            #" {"_id":"1","_pid":"0","a":[[{"_model":"b","_id":"2"}]],"c":{"_model":"d\/e","_id":"\u00fc"},"l":[{"component":"x","data":{}}]} "#
        let posts = try Kind.content("posts")
        var found: [String] = []
        _ = try Array(text.utf8).withUnsafeBytes { bytes in
            try JSONDocument.intake(bytes) { found = $0.linksToItems(of: posts).map { "\($0.kind)/\($0.id)" } }
        }
        #expect(found == ["content/posts/0", "content/b/2", "content/d/e/ü"])
    }

    @Test func aTextIsHeldByteForByte() throws {
        let document = try JSONDocument(
            validating:
                "{\"plain\":\"a\",\"escaped\":\"\\u0061\\n\",\"accent\":\"e\u{301}\",\"number\":1,\"empty\":\"\"}")
        document.withReading { reading in
            #expect(reading.holds("a", in: "plain"))
            #expect(!reading.holds("ab", in: "plain") && !reading.holds("", in: "plain"))
            #expect(reading.holds("a\n", in: "escaped") && !reading.holds("\\u0061\\n", in: "escaped"))
            #expect(reading.holds("e\u{301}", in: "accent") && !reading.holds("\u{e9}", in: "accent"))
            #expect(reading.holds("", in: "empty"))
            #expect(!reading.holds("1", in: "number") && !reading.holds("", in: "missing"))
        }
    }

    @Test(arguments: ["", "[1,2", "{\"a\":\"\\ud800\"}", String(repeating: "[", count: 600)])
    func whatIsRefusedIsNotLookedAt(text: String) {
        var looks = 0
        #expect(throws: JSONProblem.self) {
            _ = try Array(text.utf8).withUnsafeBytes { try JSONDocument.intake($0) { _ in looks += 1 } }
        }
        #expect(looks == 0)
    }
}
