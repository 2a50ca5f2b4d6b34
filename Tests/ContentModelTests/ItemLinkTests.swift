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

    @Test func aPageRefersToItsParentToItemsAndToAssets() throws {
        let text =
            #"{"_id":"2","_pid":"1","layout":[{"component":"hero","data":{"image":{"_id":"a","path":"/x/y.png","mime":"image/png","_hash":"0"},"post":{"_model":"posts","_id":"p"}}}]}"#
        #expect(try links(text, of: "pages") == ["pages/1", "layout/components/hero", "assets/a", "content/posts/p"])
        #expect(try links(#"{"_id":"2","_pid":""}"#, of: "pages") == [])
    }

    @Test(arguments: ["pages", "content/posts", "singletons", "pages/settings"])
    func aLayoutRefersToItsComponentsAtEveryDepth(_ kind: String) throws {
        let text = """
            {"_id":"1","body":[{"component":"section","data":[],"children":[{"component":"hero","data":{"x":1}},\
            {"component":"grid","data":{},"columns":[{"components":[{"component":"quote","data":[],"children":null},\
            {"component":"hero","data":{"list":[{"component":"inner","data":{}}]}}]}]}]}]}
            """
        #expect(
            try links(text, of: kind) == [
                "layout/components/hero", "layout/components/quote", "layout/components/inner",
            ])
    }

    @Test func linksInListsOfListsAndInMembersOfElementsComeInTheOrderOfTheDocument() throws {
        let text = """
            {"_id":"1","a":[[{"_model":"m","_id":"1"},[{"component":"c","data":[{"_model":"m","_id":"2"}]}]]],\
            "b":{"component":"no","data":{"_model":"m","_id":"3","x":[{"component":"d","data":{},"_model":"m","_id":"4"}]}}}
            """
        #expect(
            try links(text) == [
                "content/m/1", "layout/components/c", "content/m/2", "content/m/3", "content/m/4",
                "layout/components/d",
            ])
    }

    @Test(
        arguments: [
            "button", "grid", "heading", "html", "image", "link", "markdown", "richtext", "section", "spacer",
        ])
    func componentsThatComeWithCockpitAreNoLinks(_ name: String) throws {
        #expect(try links(#"{"layout":[{"component":"\#(name)","data":{}}]}"#, of: "pages") == [])
    }

    @Test(
        arguments: [
            #"{"component":"engine","data":{}}"#, #"{"part":{"component":"engine","data":{}}}"#,
            #"{"parts":[{"component":"engine"}]}"#, #"{"parts":[{"component":"engine","data":null}]}"#,
            #"{"parts":[{"component":7,"data":{}}]}"#, #"{"parts":[{"component":"","data":{}}]}"#,
            #"{"parts":["component",{"data":{}}]}"#, #"{"parts":[[{"component":"engine","data":"text"}]]}"#,
        ])
    func whatOnlyLooksLikeAComponentOfALayoutIsNone(_ text: String) throws {
        #expect(try links(text) == [])
    }

    @Test func aMenuRefersToPagesAtEveryDepth() throws {
        let text =
            #"{"name":"main","items":[{"title":"A","page":"1","children":[{"title":"B","page":"2"},{"title":"A again","page":"1"}]},{"title":"C","url":"/c","page":null},{"title":"D","page":""}]}"#
        #expect(try links(text, of: "pages/menus") == ["pages/1", "pages/2"])
        #expect(try links(text, of: "content/posts") == [], "elsewhere, 'page' is a field like any other")
    }

    @Test func anAssetRefersToItsFolderAndAFolderToItsParent() throws {
        let asset = #"{"_id":"a","path":"/x.png","mime":"image/png","_hash":"0","folder":"f","_cby":"u"}"#
        #expect(try links(asset, of: "assets") == ["assets/folders/f"])
        #expect(try links(#"{"_id":"a","folder":""}"#, of: "assets") == [])
        #expect(try links(#"{"_id":"f","name":"F","_p":"g"}"#, of: "assets/folders") == ["assets/folders/g"])
        #expect(try links(#"{"_id":"f","name":"F","_p":""}"#, of: "assets/folders") == [])
    }

    @Test func aCopyOfAnAssetIsALinkToIt() throws {
        let copy = #"{"_id":"a","path":"\/2026\/x.png","mime":"image\/png","_sha256":"0"}"#
        #expect(try links(#"{"gallery":[\#(copy),\#(copy)]}"#) == ["assets/a"])
        #expect(try links(#"{"_model":"site","logo":\#(copy)}"#, of: "singletons") == ["assets/a"])
        #expect(try links(#"{"_id":"site","logo":\#(copy)}"#, of: "pages/settings") == ["assets/a"])
    }

    @Test(arguments: [
        #"{"_id":"a","path":"x.png","mime":"image/png","_hash":"0"}"#,
        #"{"_id":"a","path":"/x.png","_hash":"0"}"#, #"{"path":"/x.png","mime":"image/png","_hash":"0"}"#,
        #"{"_id":"","path":"/x.png","mime":"image/png","_hash":"0"}"#,
        #"{"_id":"a","path":"/x.png","mime":"image/png"}"#,
    ])
    func whatOnlyLooksLikeACopyOfAnAssetIsNone(_ copy: String) throws {
        #expect(try links(#"{"image":\#(copy)}"#) == [])
    }

    @Test(arguments: ["models", "locales", "layout/components", "lokalize/projects", "lokalize/keys/web"])
    func definitionsAndTranslationsReferToNothing(_ kind: String) throws {
        let text =
            #"{"_pid":"1","_p":"1","page":"1","x":{"_model":"posts","_id":"p"},"folder":"f","l":[{"component":"c","data":{}}]}"#
        #expect(try links(text, of: kind) == [])
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
