import ContentModel
import Testing

@Suite struct ItemLinkTests {
    private func links(_ text: String, of kind: String = "content/posts") throws -> [String] {
        try JSONDocument(validating: text).links(of: Kind(kind)).map { "\($0.kind)/\($0.id)" }
    }

    @Test func linksAreFoundAtEveryDepthAndOnce() throws {
        let text =
            #"{"_id":"1","author":{"_model":"people","_id":"p"},"parts":[{"x":{"_id":"q","_model":"people","_data":{"y":{"_model":"pages","_id":"g"}}}},{"_model":"people","_id":"p"}]}"#
        #expect(try links(text) == ["content/people/p", "content/people/q", "content/pages/g"])
    }

    @Test func theParentInATreeIsALink() throws {
        #expect(try links(#"{"_id":"1","_pid":"0"}"#) == ["content/posts/0"])
        #expect(try links(#"{"_id":"1","_pid":null}"#) == [])
        #expect(try links(#"{"_pid":"0"}"#, of: "singletons") == [])
    }

    @Test func anItemsOwnModelIsNone() throws {
        #expect(try links(#"{"_model":"site","_id":"1"}"#, of: "singletons") == [])
        #expect(
            try links(#"{"_model":"site","hero":{"_model":"posts","_id":"1"}}"#, of: "singletons") == [
                "content/posts/1"
            ])
    }

    @Test(
        arguments: [
            #"{"a":{"_model":"people"}}"#, #"{"a":{"_model":1,"_id":"p"}}"#, #"{"a":{"_model":"people","_id":null}}"#,
            #"{"a":{"_model":"not a name","_id":"p"}}"#, #"{"a":"_model"}"#, "{}", "[]", "\"_model\"", "1",
        ])
    func whatOnlyLooksLikeALinkIsNone(_ text: String) throws {
        #expect(try links(text) == [])
    }
}
