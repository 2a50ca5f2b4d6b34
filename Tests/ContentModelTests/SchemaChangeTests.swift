import ContentModel
import Foundation
import Testing

/// What a definition breaks that takes the place of another one.
@Suite struct SchemaChangeTests {
    private func definition(_ fields: [String], type: String = "collection") throws -> JSONDocument {
        let list = fields.joined(separator: ",")
        return try JSONDocument(validating: #"{"name":"posts","type":"\#(type)","fields":[\#(list)]}"#)
    }

    private func changes(
        _ old: [String], _ new: [String], from oldType: String = "collection", to newType: String = "collection"
    ) throws -> [SchemaChange] {
        SchemaChange.breaking(
            model: "posts", from: try definition(old, type: oldType), to: try definition(new, type: newType))
    }

    /// The one change between two definitions of a single field.
    private func change(_ old: String, _ new: String) throws -> SchemaChange {
        let changes = try changes([old], [new])
        #expect(changes.count == 1, "\(changes)")
        return try #require(changes.first)
    }

    private func affects(_ change: SchemaChange, _ item: String) throws -> Bool {
        change.affects(try JSONDocument(validating: item))
    }

    @Test func whatBreaksNothingIsNotListed() throws {
        let old = [#"{"name":"a","label":"A","required":true,"opts":{"options":["x"]}}"#, #"{"name":"b"}"#]
        let new = [
            #"{"name":"c","i18n":true}"#, #"{"name":"b","info":"more","group":"g","i18n":true}"#,
            #"{"name":"a","label":"Alpha","required":false,"opts":{"options":["x","y"]},"meta":{"k":1}}"#,
        ]
        #expect(try changes(old, new).isEmpty)
        #expect(try changes(old, old).isEmpty)
    }

    @Test func aRemovedFieldBreaksItemsWithValues() throws {
        let change = try #require(try changes([#"{"name":"a"}"#, #"{"name":"b"}"#], [#"{"name":"b"}"#]).first)
        #expect(change.effect == .fieldRemoved && change.model == "posts" && change.field == "a")
        for item in [#"{"a":"x"}"#, #"{"a":0}"#, #"{"a":false}"#, #"{"a":[null]}"#] {
            #expect(try affects(change, item), "\(item)")
        }
        for item in ["{}", "[]", #"{"a":null}"#, #"{"a":""}"#, #"{"a":[]}"#, #"{"a":{}}"#, #"{"a_de":"x","b":"x"}"#] {
            #expect(try !affects(change, item), "\(item)")
        }
    }

    @Test func translationsOfARemovedFieldAreValuesOfIt() throws {
        let old = [#"{"name":"title","i18n":true}"#, #"{"name":"title_sub","i18n":true}"#]
        let change = try #require(try changes(old, [old[1]]).first)
        #expect(try affects(change, #"{"title":"","title_de":"x"}"#))
        #expect(try !affects(change, #"{"title_sub":"x","title_sub_de":"y","title_":"z","titles_de":"z"}"#))
    }

    @Test func aFieldThatBecomesRequiredBreaksItemsWithoutIt() throws {
        let old = #"{"name":"a","required":false}"#
        for new in [#"{"name":"a","required":true}"#, #"{"name":"a","required":1}"#] {
            let change = try change(old, new)
            #expect(change.effect == .fieldRequired)
            for item in ["{}", "[]", #"{"a":null}"#, #"{"a":""}"#, #"{"a_de":"x"}"#] {
                #expect(try affects(change, item), "\(item)")
            }
            for item in [#"{"a":"x"}"#, #"{"a":false}"#, #"{"a":0}"#] { #expect(try !affects(change, item), "\(item)") }
        }
        let added = try #require(try changes([], [#"{"name":"a","required":true}"#]).first)
        #expect(added.effect == .fieldRequired)
        #expect(try affects(added, "{}"))
    }

    @Test(arguments: [
        ("text", #""x""#, "number"), ("text", #""12""#, "number"), ("number", "1", "boolean"),
        ("boolean", "true", "text"),
        ("text", #""red""#, "color"), ("text", #""1.2.2024""#, "date"), ("date", #""2024-01-02""#, "datetime"),
        ("text", #""9:30""#, "time"), ("text", #""x""#, "tags"), ("text", #""x""#, "asset"),
        ("set", #"{"a":1}"#, "text"),
        ("asset", #"{"_id":"1","path":"p"}"#, "contentItemLink"), ("tags", #"["a"]"#, "select"),
        ("text", #""x""#, "nobodysType"), ("set", #"{"a":1}"#, "nav"), ("text", #""x""#, "object"),
    ])
    func aValueThatTheNewTypeDoesNotTakeBreaks(_ old: String, _ value: String, _ new: String) throws {
        let change = try change(#"{"name":"a","type":"\#(old)"}"#, #"{"name":"a","type":"\#(new)"}"#)
        #expect(change.effect == .fieldType && change.from == old && change.to == new)
        #expect(try affects(change, #"{"a":\#(value)}"#))
        #expect(try !affects(change, #"{"a":null}"#))
        #expect(try !affects(change, "{}"))
    }

    @Test(arguments: [
        ("wysiwyg", #""<p>x</p>""#, "text"), ("number", "1.5", "text"), ("text", ##""#aBc""##, "color"),
        ("text", ##""#12345678""##, "color"), ("text", #""2024-01-02""#, "date"), ("text", #""09:30""#, "time"),
        ("text", #""2024-01-02 09:30""#, "datetime"), ("text", #""2024-01-02T09:30:00Z""#, "datetime"),
        ("select", #""x""#, "text"), ("text", #""x""#, "select"), ("set", #"{"a":1}"#, "object"),
        ("contentItemLink", #"{"_model":"m","_id":"1"}"#, "object"), ("object", "[1]", "table"),
        ("number", "123456789012345678901234567890", "text"),
    ])
    func aValueThatTheNewTypeTakesStays(_ old: String, _ value: String, _ new: String) throws {
        let change = try change(#"{"name":"a","type":"\#(old)"}"#, #"{"name":"a","type":"\#(new)"}"#)
        #expect(try !affects(change, #"{"a":\#(value)}"#))
    }

    @Test func typesOfListedAndTranslatedValuesCountOneByOne() throws {
        let change = try change(
            #"{"name":"a","type":"text","multiple":true,"i18n":true}"#,
            #"{"name":"a","type":"color","multiple":true,"i18n":true}"#)
        #expect(try !affects(change, ##"{"a":["#fff","",null],"a_de":["#000"]}"##))
        #expect(try affects(change, ##"{"a":["#fff","red"]}"##))
        #expect(try affects(change, ##"{"a":["#fff"],"a_de":["red"]}"##))
    }

    @Test func aSwitchOfMultipleBreaksValuesOfTheOtherForm() throws {
        let one = #"{"name":"a","type":"text"}"#
        let several = #"{"name":"a","type":"text","multiple":true}"#
        let toOne = try change(several, one)
        #expect(toOne.effect == .fieldMultiple)
        #expect(try affects(toOne, #"{"a":["x"]}"#))
        for item in [#"{"a":"x"}"#, #"{"a":[]}"#, "{}"] { #expect(try !affects(toOne, item), "\(item)") }
        let toSeveral = try change(one, several)
        #expect(toSeveral.effect == .fieldMultiple)
        #expect(try affects(toSeveral, #"{"a":"x"}"#))
        for item in [#"{"a":["x"]}"#, #"{"a":null}"#, "{}"] { #expect(try !affects(toSeveral, item), "\(item)") }
    }

    @Test func aTypeWhoseValuesAreListsIsNoListOfThem() throws {
        let one = #"{"name":"a","type":"tags"}"#
        let several = #"{"name":"a","type":"tags","multiple":true}"#
        #expect(try affects(try change(one, several), #"{"a":["x"]}"#))
        #expect(try !affects(try change(one, several), #"{"a":[["x"]]}"#))
        #expect(try affects(try change(several, one), #"{"a":[["x"]]}"#))
        #expect(try !affects(try change(several, one), #"{"a":["x"]}"#))
    }

    @Test(arguments: [
        (#"["x","y",3]"#, #"["x"]"#), (#"[{"value":"x","label":"X"},{"value":"y"},{"value":3}]"#, #"["x"]"#),
        (#""x, y ,3""#, #""x""#), (#"["x","y",3]"#, "[]"),
    ])
    func optionsThatAreGoneBreakItemsThatUseThem(_ old: String, _ new: String) throws {
        let change = try change(
            #"{"name":"a","type":"select","opts":{"options":\#(old)}}"#,
            #"{"name":"a","type":"select","opts":{"options":\#(new)}}"#)
        #expect(change.effect == .optionsRemoved)
        #expect(change.from?.hasSuffix("y, 3") == true)
        for item in [#"{"a":"y"}"#, #"{"a":3}"#, #"{"a":"3"}"#, #"{"a":["q","y"]}"#] {
            #expect(try affects(change, item), "\(item)")
        }
        for item in [#"{"a":"never"}"#, #"{"a":null}"#, #"{"a":[]}"#, "{}"] {
            #expect(try !affects(change, item), "\(item)")
        }
    }

    @Test func aFieldWithoutALimitHasNoOptionsToLose() throws {
        let limited = #"{"name":"a","type":"select","opts":{"options":["x"]}}"#
        #expect(try changes([limited], [#"{"name":"a","type":"select","opts":[]}"#]).isEmpty)
        #expect(try changes([#"{"name":"a","type":"select"}"#], [limited]).isEmpty)
        #expect(try changes([limited], [#"{"name":"a","type":"text"}"#]).map(\.effect) == [.fieldType])
    }

    private func set(_ fields: String, more: String = "") -> String {
        "{\"name\":\"seo\",\"type\":\"set\",\"opts\":{\"fields\":[\(fields)]}\(more)}"
    }

    @Test func fieldsOfASetAreComparedAsThoseOfTheModel() throws {
        let old = set(
            #"{"name":"t"},{"name":"d"},{"name":"s","type":"select","opts":{"options":["x","y"]}},{"name":"r"}"#)
        let new = set(
            #"{"name":"t","type":"number"},{"name":"s","type":"select","opts":{"options":["x"]}},{"name":"r","required":true}"#
        )
        let found = try changes([old], [new])
        #expect(found.map(\.field) == ["seo.t", "seo.d", "seo.s", "seo.r"])
        #expect(found.map(\.effect) == [.fieldType, .fieldRemoved, .optionsRemoved, .fieldRequired])
        for (change, item) in zip(found, [#"{"t":"x"}"#, #"{"d":"x"}"#, #"{"s":"y"}"#, #"{"r":"","t":1}"#]) {
            #expect(try affects(change, "{\"seo\":\(item)}"), "\(item)")
            #expect(try affects(change, "{\"seo\":[{\"r\":1},\(item)]}"), "\(item)")
        }
        for item in [
            "{}", #"{"seo":null}"#, #"{"seo":[]}"#, #"{"seo":{}}"#, #"{"seo":{"r":1,"s":"x","t":1}}"#,
            #"{"t":"x","d":"x","s":"y"}"#,
        ] {
            #expect(try found.affecting(JSONDocument(validating: item)) == [], "\(item)")
        }
    }

    @Test func setsInsideOfSetsAndTranslatedSetsAreLookedInto() throws {
        let inner = { (fields: String) in
            "{\"name\":\"in\",\"type\":\"set\",\"multiple\":true,\"opts\":{\"fields\":[\(fields)]}}"
        }
        let more = #","i18n":true"#
        let change = try change(set(inner(#"{"name":"a"}"#), more: more), set(inner(""), more: more))
        #expect(change.field == "seo.in.a" && change.effect == .fieldRemoved)
        #expect(try affects(change, #"{"seo":{"in":[{"b":1},{"a":1}]}}"#))
        #expect(try affects(change, #"{"seo_de":{"in":[{"a":1}]}}"#))
        #expect(try !affects(change, #"{"seo":{"in":[{"b":1}],"a":1},"in":[{"a":1}]}"#))
    }

    @Test(arguments: [
        (#""opts":{"field":{"type":"set","opts":{"fields":[$]}}}"#, #"[{"y":"x"}]"#),
        (
            #""options":{"field":{"type":"set","options":{"fields":[$]}}}"#,
            #"[{"field":{"type":"set"},"value":{"y":"x"}}]"#
        ),
        (#""options":{"fields":[$]}"#, #"[{"y":"x"}]"#),
    ])
    func fieldsOfTheElementsOfARepeaterAreCompared(_ options: String, _ value: String) throws {
        func repeater(_ fields: String) -> String {
            "{\"name\":\"rep\",\"type\":\"repeater\",\(options.replacing("$", with: fields))}"
        }
        let found = try changes(
            [repeater(#"{"name":"x"},{"name":"y"}"#)],
            [repeater(#"{"name":"x","required":true},{"name":"y","type":"number"}"#)])
        #expect(found.map(\.field) == ["rep.x", "rep.y"])
        #expect(try found.affecting(JSONDocument(validating: "{\"rep\":\(value)}")) == [0, 1])
    }

    @Test func aLinkToAnotherModelBreaksItemsThatLinkElsewhere() throws {
        func link(_ model: String?) -> String {
            let link = model.map { "\"link\":\"\($0)\"" } ?? ""
            return "{\"name\":\"a\",\"type\":\"contentItemLink\",\"opts\":{\(link)}}"
        }
        let change = try change(link("auth"), link("other"))
        #expect(change.effect == .fieldType && change.to == "links to other")
        for value in [#"{"_model":"auth","_id":"1"}"#, #"[{"_model":"other","_id":"1"},{"_model":"auth","_id":"1"}]"#] {
            #expect(try affects(change, "{\"a\":\(value)}"))
        }
        for value in ["null", #"{"_model":"other","_id":"1"}"#] {
            #expect(try !affects(change, "{\"a\":\(value)}"))
        }
        #expect(try changes([link("auth")], [link(nil)]).isEmpty)
        #expect(try changes([link(nil)], [link("auth")]).count == 1)
    }

    @Test func aChangeInsideOfASetTravelsAsWell() throws {
        let found = try changes([set(#"{"name":"t"}"#)], [set("")])
        let travelled = try JSONDecoder().decode([SchemaChange].self, from: JSONEncoder().encode(found))
        #expect(travelled == found && found.count == 1)
        #expect(try travelled.affecting(JSONDocument(validating: #"{"seo":{"t":1}}"#)) == [0])
    }

    @Test func fieldsInsideOfOneAnotherAreReadToALimit() throws {
        func nested(_ depth: Int, _ innermost: String) -> String {
            depth == 0
                ? innermost
                : "{\"name\":\"f\",\"type\":\"set\",\"opts\":{\"fields\":[\(nested(depth - 1, innermost))]}}"
        }
        for (depth, count) in [(7, 1), (8, 0), (60, 0)] {
            let found = try changes(
                [nested(depth, #"{"name":"a"}"#)], [nested(depth, #"{"name":"a","required":true}"#)])
            #expect(found.count == count, "\(depth)")
        }
    }

    @Test(arguments: ["i18n", "localize"])
    func localesThatAreTurnedOffBreakTranslatedItems(_ member: String) throws {
        let change = try change(#"{"name":"a","\#(member)":true}"#, #"{"name":"a","\#(member)":false}"#)
        #expect(change.effect == .localesOff)
        #expect(try affects(change, #"{"a":"x","a_de":"y"}"#))
        #expect(try affects(change, #"{"a_pt_BR":"y"}"#))
        for item in [#"{"a":"x"}"#, #"{"a":"x","a_de":""}"#, #"{"a":"x","a_de":null,"ab_de":"y"}"#] {
            #expect(try !affects(change, item), "\(item)")
        }
    }

    @Test func anotherTypeOfTheModelConcernsEveryItem() throws {
        let found = try changes([#"{"name":"a"}"#], [#"{"name":"a"}"#], from: "tree", to: "singleton")
        let change = try #require(found.first)
        #expect(found.count == 1 && change.effect == .modelType && change.field == nil)
        #expect(change.from == "tree" && change.to == "singleton")
        #expect(try affects(change, "{}"))
    }

    @Test func aDeletedModelConcernsEveryItemAndNothingElseIsSaid() throws {
        let found = SchemaChange.breaking(model: "posts", from: try definition([#"{"name":"a"}"#]), to: nil)
        #expect(found.map(\.effect) == [.modelDeleted])
        #expect(try affects(found[0], #"{"_id":"1"}"#))
    }

    @Test(arguments: [
        #"{"name":"posts"}"#, #"{"fields":{}}"#, #"{"fields":[1,"x",{},{"name":""},{"name":7}]}"#, "[]", "1", "null",
        #"{"fields":[{"name":"a","type":9,"opts":[],"required":"yes","i18n":null}]}"#,
    ])
    func definitionsOfAnyFormAreRead(_ text: String) throws {
        let document = try JSONDocument(validating: text)
        #expect(SchemaChange.breaking(model: "posts", from: document, to: document).isEmpty)
        #expect(ModelDefinition(document).type == "collection")
        _ = SchemaChange.breaking(model: "posts", from: document, to: try definition([#"{"name":"a"}"#]))
    }

    @Test func aFieldThatIsNamedTwiceCountsOnce() throws {
        let fields = [#"{"name":"a","required":false}"#, #"{"name":"a","required":true}"#]
        #expect(ModelDefinition(try definition(fields)).fields.map(\.isRequired) == [true])
        #expect(try changes([], fields).count == 1)
    }

    @Test func aChangeThatTravelsFindsTheSameItems() throws {
        let old = [
            #"{"name":"a","i18n":true}"#, #"{"name":"b","type":"select","opts":{"options":["x","y"]}}"#,
            #"{"name":"c","type":"text"}"#, #"{"name":"d"}"#, #"{"name":"e","multiple":true}"#,
        ]
        let new = [
            #"{"name":"a"}"#, #"{"name":"b","type":"select","opts":{"options":["x"]}}"#,
            #"{"name":"c","type":"number","required":true}"#, #"{"name":"e"}"#,
        ]
        let found = try changes(old, new, from: "collection", to: "tree")
        #expect(found.count == 7)
        let travelled = try JSONDecoder().decode([SchemaChange].self, from: JSONEncoder().encode(found))
        #expect(travelled == found)
        let item = try JSONDocument(
            validating: #"{"a":"v","a_de":"w","b":"y","c":"text","d":"left","e":["one"]}"#)
        #expect(travelled.affecting(item) == found.affecting(item))
        #expect(found.affecting(item) == found.indices.filter { found[$0].effect != .fieldRequired })
    }

    @Test func definitionsOfAnySizeAreReadToALimit() throws {
        let many = try definition((0..<3_000).map { #"{"name":"f\#($0)","i18n":true}"# })
        let options = (0..<20_000).map { "\($0)" }.joined(separator: ",")
        let wide = try definition([#"{"name":"a","type":"select","opts":{"options":[\#(options)]}}"#])
        #expect(ModelDefinition(many).fields.count == 1_000)
        #expect(ModelDefinition(wide).fields.first?.options?.count == 10_000)
        #expect(SchemaChange.breaking(model: "posts", from: many, to: wide).count == 1_000)
    }
}
