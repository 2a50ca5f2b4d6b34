import ContentModel
import Testing

@Suite struct ContentFilterTests {
    /// One item that the cases below ask about.
    static let item = #"""
        {"_id":"65f1c2","_state":1,"title":"Caf\u00e9 noir","price":12.50,"stock":0,"big":12345678901234567890,"sale":false,"note":null,"empty":"","none":{},
         "tags":["news","local","2024"],"sizes":[38,40,42],"author":{"name":"Ann","address":{"city":"Oslo","zip":"0150"}},
         "blocks":[{"type":"text","w":1,"items":[{"k":"a"},{"k":"b"}]},{"type":"image","w":5,"src":"x.png"}],"matrix":[[1,2],[3]],"odd.key":1}
        """#

    static let holding = [
        #"{}"#, #"[]"#, #"{"_state":1}"#, #"{"_state":1.0}"#, #"{"_state":{"$eq":1}}"#, #"{"title":"Café noir"}"#,
        #"{"price":12.5}"#, #"{"big":12345678901234567890}"#,
        #"{"_state":1,"stock":0}"#, #"{"none":[]}"#, #"{"none":{}}"#,
        #"{"author":{"address":{"zip":"0150","city":"Oslo"},"name":"Ann"}}"#, #"{"sale":false}"#,
        // paths
        #"{"author.name":"Ann"}"#, #"{"author.address.city":"Oslo"}"#, #"{"blocks.type":"image"}"#,
        #"{"blocks.0.type":"text"}"#, #"{"blocks.1.w":5}"#,
        #"{"blocks.items.k":"b"}"#, #"{"blocks.0.items.1.k":"b"}"#, #"{"tags.1":"local"}"#, #"{"matrix.0.1":2}"#,
        #"{"matrix":[3]}"#,
        // arrays
        #"{"tags":"news"}"#, #"{"tags":["news","local","2024"]}"#, #"{"sizes":{"$gt":41}}"#,
        #"{"sizes":{"$gt":41,"$lt":39}}"#, #"{"tags":{"$size":3}}"#,
        #"{"tags":{"$all":["local","news"]}}"#,
        #"{"blocks":{"$all":[{"$elemMatch":{"type":"text"}},{"$elemMatch":{"w":5}}]}}"#,
        #"{"blocks":{"$elemMatch":{"type":"image","w":{"$gte":5}}}}"#, #"{"sizes":{"$elemMatch":{"$gt":39,"$lt":41}}}"#,
        #"{"sizes":{"$not":{"$elemMatch":{"$gt":50}}}}"#,
        // missing and null
        #"{"note":null}"#, #"{"absent":null}"#, #"{"author.absent":null}"#, #"{"note":{"$exists":true}}"#,
        #"{"absent":{"$exists":false}}"#, #"{"absent":{"$exists":0}}"#,
        #"{"blocks.src":{"$exists":true}}"#, #"{"absent":{"$ne":1}}"#, #"{"absent":{"$nin":[1,2]}}"#,
        #"{"absent":{"$in":[null]}}"#, #"{"absent":{"$lte":null}}"#,
        #"{"_state.x":null}"#, #"{"blocks.src":null}"#, #"{"tags.9":{"$exists":false}}"#, #"{"tags.9":{"$ne":null}}"#,
        #"{"matrix":{"$elemMatch":{"$eq":[3]}}}"#, #"{"matrix":{"$elemMatch":{"$elemMatch":{"$gt":1,"$lt":3}}}}"#,
        #"{"blocks":{"$elemMatch":{"src":null}}}"#, #"{"absent":{"$not":{"$gt":1}}}"#,
        // order
        #"{"price":{"$gt":12,"$lt":13}}"#, #"{"price":{"$gte":12.5,"$lte":12.5}}"#,
        #"{"title":{"$gt":"Cafe","$lt":"D"}}"#, #"{"big":{"$gt":12345678901234567889}}"#,
        #"{"big":{"$lt":12345678901234567891}}"#, #"{"big":{"$gt":5}}"#, #"{"big":{"$lt":1e30}}"#,
        #"{"stock":{"$gt":-1e400}}"#, #"{"sale":{"$lt":true}}"#,
        // sets
        #"{"_id":{"$in":["x","65f1c2"]}}"#, #"{"price":{"$in":[12.500]}}"#, #"{"tags":{"$in":["sports","local"]}}"#,
        #"{"_state":{"$nin":[0,-1]}}"#, #"{"title":{"$in":["Caf\u00e9 noir"]}}"#,
        // logic
        #"{"$or":[{"_state":0},{"stock":0}]}"#, #"{"$and":[{"_state":1},{"$or":[{"stock":1},{"price":{"$gt":10}}]}]}"#,
        #"{"$nor":[{"_state":0},{"stock":1}]}"#,
        #"{"price":{"$not":{"$lt":10}}}"#, #"{"price":{"$not":{"$lt":10,"$gt":1}}}"#,
        #"{"title":{"$not":{"$regex":"^x"}}}"#,
        // types
        #"{"title":{"$type":"string"}}"#, #"{"title":{"$type":2}}"#, #"{"tags":{"$type":"array"}}"#,
        #"{"tags":{"$type":"string"}}"#, #"{"price":{"$type":"double"}}"#,
        #"{"stock":{"$type":["int","string"]}}"#, #"{"price":{"$type":"number"}}"#, #"{"note":{"$type":"null"}}"#,
        #"{"author":{"$type":"object"}}"#, #"{"sale":{"$type":"bool"}}"#,
        // texts and remainders
        #"{"title":{"$regex":"^Caf. NOIR$","$options":"i"}}"#, #"{"tags":{"$regex":"^\\d{4}$"}}"#,
        #"{"author.address.zip":{"$regex":"01[45]0"}}"#,
        #"{"sizes":{"$mod":[5,3]}}"#, #"{"stock":{"$mod":[7,0]}}"#, #"{"price":{"$mod":[10,2]}}"#,
    ]

    static let failing = [
        #"{"_state":0}"#, #"{"_state":"1"}"#, #"{"_state":true}"#, #"{"_state":1,"stock":1}"#, #"{"title":"Cafe"}"#,
        #"{"sale":0}"#, #"{"sale":null}"#, #"{"empty":null}"#, #"{"none":null}"#,
        #"{"big":12345678901234567891}"#, #"{"author":{"name":"Ann"}}"#, #"{"author.name":"Bob"}"#,
        #"{"author.0":"Ann"}"#, #"{"odd.key":1}"#, #"{"blocks.2.type":"text"}"#,
        #"{"blocks.00.type":"text"}"#, #"{"tags.3":"news"}"#, #"{"tags":["local","news","2024"]}"#, #"{"matrix":1}"#,
        #"{"tags":{"$size":2}}"#, #"{"title":{"$size":9}}"#,
        #"{"tags":{"$all":["news","sports"]}}"#, #"{"tags":{"$all":[]}}"#,
        #"{"blocks":{"$elemMatch":{"type":"text","w":5}}}"#, #"{"sizes":{"$elemMatch":{"$gt":40,"$lt":42}}}"#,
        #"{"author":{"$elemMatch":{"name":"Ann"}}}"#, #"{"_id":null}"#, #"{"note":{"$exists":false}}"#,
        #"{"absent":{"$exists":true}}"#, #"{"blocks.src":{"$exists":false}}"#,
        #"{"tags.x":null}"#, #"{"tags.9":null}"#, #"{"tags.9":{"$in":[null,1]}}"#, #"{"tags.9":{"$lte":null}}"#,
        #"{"matrix":{"$elemMatch":{"$gt":1,"$lt":3}}}"#, #"{"matrix":{"$elemMatch":{"$in":[3]}}}"#,
        #"{"matrix":{"$elemMatch":{"$type":"number"}}}"#, #"{"tags":{"$elemMatch":{"x":null}}}"#,
        #"{"_state":{"$ne":1}}"#, #"{"tags":{"$ne":"news"}}"#, #"{"tags":{"$nin":["news"]}}"#,
        #"{"absent":{"$ne":null}}"#, #"{"absent":{"$gt":0}}"#, #"{"absent":{"$lt":9}}"#,
        #"{"price":{"$gt":12.5}}"#, #"{"title":{"$gt":5}}"#, #"{"stock":{"$gte":""}}"#, #"{"stock":{"$lt":true}}"#,
        #"{"big":{"$lt":12345678901234567890}}"#, #"{"absent":{"$gt":null}}"#,
        #"{"_id":{"$in":[]}}"#, #"{"_id":{"$in":["65f1c"]}}"#, #"{"$or":[{"_state":0},{"stock":1}]}"#,
        #"{"$and":[{"_state":1},{"_state":0}]}"#, #"{"$nor":[{"_state":1}]}"#,
        #"{"price":{"$not":{"$gt":10}}}"#, #"{"stock":{"$type":"string"}}"#, #"{"absent":{"$type":"null"}}"#,
        #"{"stock":{"$type":"double"}}"#, #"{"title":{"$regex":"^noir"}}"#,
        #"{"title":{"$regex":"NOIR"}}"#, #"{"stock":{"$regex":"0"}}"#, #"{"absent":{"$regex":""}}"#,
        #"{"sizes":{"$mod":[5,4]}}"#, #"{"title":{"$mod":[2,0]}}"#, #"{"big":{"$mod":[2,0]}}"#,
    ]

    private func filter(_ text: String) throws -> ContentFilter {
        try ContentFilter(text: text)
    }

    @Test(arguments: holding) func selects(text: String) throws {
        #expect(try filter(text).matches(JSONDocument(validating: Self.item)))
    }

    @Test(arguments: failing) func leavesOut(text: String) throws {
        #expect(try !filter(text).matches(JSONDocument(validating: Self.item)))
    }

    @Test(arguments: [
        ("{\"a\":", "The filter cannot be used: not JSON: expected a value (byte 5)."),
        (#"{"price":{"$gtt":1}}"#, "The filter cannot be used: '$gtt' is unknown. Did you mean '$gt'?"),
        (#"{"$orr":[]}"#, "The filter cannot be used: '$orr' is unknown. Did you mean '$or'?"),
        (#"{"$where":"true"}"#, "The filter cannot be used: '$where' runs code, which a filter does not do."),
        (#"{"a":{"$where":"true"}}"#, "The filter cannot be used: '$where' runs code, which a filter does not do."),
        (#"{"$gt":1}"#, "The filter cannot be used: '$gt' belongs inside a field, as in {\"price\": {\"$gt\": …}}."),
        (
            #"{"s":{"$nin":[{"$regex":"^draft"}]}}"#,
            "The filter cannot be used: '$regex' stands where a value is expected; paths and '$not' lead to operators."
        ),
        (#"1"#, "The filter cannot be used: a filter is an object such as {\"_state\": 1}."),
        (#"{"a":{"$type":"strng"}}"#, "The filter cannot be used: 'strng' is unknown. Did you mean 'string'?"),
        (
            #"{"t":{"$regex":"(a"}}"#,
            "The filter cannot be used: the pattern of '$regex' cannot be used: a '(' is never closed."
        ),
    ]) func saysWhyItRefuses(text: String, message: String) throws {
        #expect(throws: ContentFilterProblem(message)) { try filter(text) }
    }

    @Test(arguments: [
        #"{"$and":[]}"#, #"{"$or":{}}"#, #"{"$or":[1]}"#, #"{"a":{"$in":1}}"#, #"{"a":{"$size":-1}}"#,
        #"{"a":{"$size":"1"}}"#, #"{"a":{"$exists":"yes"}}"#, #"{"a":{"$mod":[0,1]}}"#,
        #"{"a":{"$mod":[2]}}"#, #"{"a":{"$not":1}}"#, #"{"a":{"$not":{}}}"#, #"{"a":{"$gt":1,"b":2}}"#,
        #"{"a":{"$gt":[1]}}"#, #"{"a":{"$options":"i"}}"#, #"{"a":{"$regex":1}}"#,
        #"{"a":{"$regex":"a","$options":"q"}}"#, #"{"a":{"$elemMatch":1}}"#, #"{"a":{"$elemMatch":{}}}"#,
        #"{"a":{"$all":1}}"#, #"{"a..b":1}"#, #"{".a":1}"#, #"{"":1}"#, #"{"a":{"$type":99}}"#,
        #"{"a":{"$and":[{"b":1}]}}"#,
        #"{"a":{"$nin":[{"$regex":"^draft"}]}}"#, #"{"a":{"$ne":{"$regex":"^draft"}}}"#,
        #"{"a":{"$in":["b",{"$regex":"^draft"}]}}"#, #"{"a":{"$eq":{"$gt":1}}}"#, #"{"a":{"b":{"$gt":1}}}"#,
        #"{"a":[{"$gt":1}]}"#, #"{"a":{"$all":[{"$regex":"x"}]}}"#, #"{"a":{"$all":[{"$elemMatch":{"b":1},"c":1}]}}"#,
        #"{"a":{"$in":[[{"b":{"$gt":1}}]]}}"#, #"{"a":{"$not":{"$in":[{"$gt":1}]}}}"#,
    ]) func refusesWhatItDoesNotUnderstand(text: String) {
        #expect(throws: ContentFilterProblem.self) { try filter(text) }
    }

    @Test func conditionsHaveLimits() throws {
        let nested = String(repeating: #"{"$or":["#, count: 40) + "{}" + String(repeating: "]}", count: 40)
        #expect(throws: ContentFilterProblem.self) { try filter(nested) }
        let many = #"{"$or":["# + (0..<2000).map { #"{"a":\#($0)}"# }.joined(separator: ",") + "]}"
        #expect(throws: ContentFilterProblem.self) { try filter(many) }
        let long = #"{"\#(Array(repeating: "a", count: 100).joined(separator: "."))":1}"#
        #expect(throws: ContentFilterProblem.self) { try filter(long) }
        // A list of values is one condition, looked up, not tried one by one.
        let list = try filter(#"{"a":{"$in":[\#((0..<20_000).map(String.init).joined(separator: ","))]}}"#)
        #expect(try list.matches(JSONDocument(validating: #"{"a":19999}"#)))
    }

    @Test func textsAreComparedByTheirBytes() throws {
        #expect(try !filter("{\"a\":\"\u{e9}\"}").matches(JSONDocument(validating: "{\"a\":\"e\u{301}\"}")))
        #expect(try !filter("{\"\u{e9}\":1}").matches(JSONDocument(validating: "{\"e\u{301}\":1}")))
    }

    @Test func documentsThatAreNoObjectsHaveNoFields() throws {
        let number = try JSONDocument(validating: "1")
        #expect(try filter("{}").matches(number))
        #expect(try !filter(#"{"a":1}"#).matches(number))
        #expect(try filter(#"{"a":{"$exists":false}}"#).matches(number))
    }
}
