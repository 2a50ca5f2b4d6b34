import ContentModel
import Testing

@testable import TidelockCommands

@Suite("Targets that take turns")
struct TargetTurnsTests {
    private func lists(_ places: (uri: String, instance: String?)...) throws -> [[Int]] {
        let key = try SyncKey("a-key-of-some-length-for-tests")
        return TargetTurns(
            places.map { TargetTurns.Place(Target(name: $0.uri, uri: $0.uri, key: key), instance: $0.instance) }
        ).lists
    }

    @Test func othersDoNot() throws {
        let known = try lists(("https://a.example", "1"), ("https://b.example", "2"), ("https://c.example", nil))
        #expect(known == [[0], [1], [2]])
        #expect(try lists(("https://a.example/x", nil), ("https://a.example/y", nil)) == [[0], [1]])
    }

    @Test func areThoseOfOneInstance() throws {
        let lists = try lists(("https://a.example", "1"), ("https://b.example", "2"), ("http://10.0.0.1", "1"))
        #expect(lists == [[0, 2], [1]])
    }

    @Test func areThoseOfOneAddressHoweverItIsWritten() throws {
        #expect(try lists(("https://A.example:443/", nil), ("HTTPS://a.example", "1")) == [[0, 1]])
        #expect(try lists(("http://a.example/site/", nil), ("http://a.example:80/site", nil)) == [[0, 1]])
    }

    @Test func areNotThoseThatCannotBeAsked() throws {
        let target = Target(name: "a", uri: "https://a.example", key: try SyncKey("a-key-of-some-length-for-tests"))
        let lists = TargetTurns([.nowhere, TargetTurns.Place(target, instance: "1")]).lists
        #expect(lists == [[0], [1]])
    }

    @Test func areThoseThatAThirdShowsToBeOne() throws {
        let lists = try lists(("https://a.example", "1"), ("https://b.example", nil), ("https://b.example/", "1"))
        #expect(lists == [[0, 1, 2]])
    }
}
