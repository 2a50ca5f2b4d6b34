import ContentModel
import ContentStore
import Testing

@testable import TidelockCommands

@Suite("What is printed of a conflict")
struct ConflictTextTests {
    private func lines(
        base: String?, source: String?, target: String?, fields: [String]? = nil, isDelete: Bool = false
    ) throws -> [String] {
        let record = ConflictRecord(
            id: 1, kind: "content/posts", item: "1", source: "a", transfer: "t1", isDelete: isDelete, fields: fields,
            created: 0, hasMoved: false)
        let document = { (text: String?) in try text.map { try JSONDocument(validating: $0) } }
        let versions = ConflictVersions(
            source: try document(source), target: try document(target), base: try document(base))
        return ConflictText(record: record, versions: versions).lines
    }

    @Test func fieldsInConflictComeWithAllVersionsAndOthersByName() throws {
        let lines = try lines(
            base: #"{"_id":"1","t":0,"n":0}"#, source: #"{"_id":"1","t":"A","n":0}"#,
            target: #"{"_id":"1","t":"B","n":9,"extra":"mine"}"#, fields: ["t"])
        #expect(lines[0].hasPrefix("conflict 1: content/posts/1, from a with run t1"))
        #expect(
            lines.dropFirst() == [
                "t", "    base    0", #"    source  "A""#, #"    target  "B""#,
                "other fields that differ, and stay as they are here: n, extra",
            ])
    }

    @Test func fieldsOfListsWithoutIdsAreShownAndThoseThatAreNotFoundAnyMoreAreTold() throws {
        let source = #"{"_id":"1","l":[{"v":1},{"v":2,"h":"A"}]}"#
        let lines = try lines(
            base: nil, source: source, target: #"{"_id":"1","l":[{"v":1},{"v":2,"h":"B"}]}"#, fields: ["l[1].h"])
        #expect(lines.suffix(3) == ["l[1].h", #"    source  "A""#, #"    target  "B""#])
        let shorter = try self.lines(
            base: nil, source: source, target: #"{"_id":"1","l":[{"v":2,"h":"B"}]}"#, fields: ["l[1].h"])
        #expect(shorter.contains { $0.hasPrefix("l[1].h is not found in both versions") })
        #expect(!shorter.contains { $0.contains("have the same by now") })
    }

    @Test func whatTheSourceHasIsShownOfAnItemDeletedHere() throws {
        let lines = try lines(base: nil, source: #"{"_id":"1","t":"A"}"#, target: nil)
        #expect(lines.contains { $0.contains("deleted here") } && lines.contains { $0.contains(#""A""#) })
    }

    @Test func whatIsHereIsShownOfAnItemThatTheSourceDeleted() throws {
        let lines = try lines(base: nil, source: nil, target: #"{"_id":"1","t":"B"}"#, isDelete: true)
        #expect(lines.contains { $0.contains("source has deleted") } && lines.contains { $0.contains(#""B""#) })
    }

    @Test func longListsShowThePathAndTheValueThatDiffers() throws {
        func item(_ value: String) -> String {
            let blocks = (0..<50).map { "{\"_id\":\"b\($0)\",\"x\":\"\($0 == 40 ? value : "same")\"}" }
            return "{\"_id\":\"1\",\"blocks\":[\(blocks.joined(separator: ","))]}"
        }
        let lines = try lines(
            base: item("first"), source: item("here"), target: item("there"), fields: ["blocks[b40].x"])
        #expect(
            lines.dropFirst() == [
                "blocks[b40].x", #"    base    "first""#, #"    source  "here""#, #"    target  "there""#,
            ])
    }

    @Test func longValuesAreCutToWhereTheyDiffer() throws {
        let (before, behind) = (String(repeating: "a", count: 1_000), String(repeating: "z", count: 1_000))
        func item(_ value: String) -> String { "{\"_id\":\"1\",\"t\":\"\(before)\(value)\(behind)\"}" }
        let lines = try lines(base: item("0"), source: item("here"), target: item("there"), fields: ["t"])
        #expect(lines.contains { $0.contains("source  …") && $0.contains("ahere") && $0.hasSuffix("z…") }, "\(lines)")
        #expect(lines.contains { $0.contains("target  …") && $0.contains("athere") })
        #expect(lines.allSatisfy { $0.count < 240 } && lines.contains { $0.contains("--json") })
    }

    @Test func anExcerptKeepsShortTextsWhole() {
        let long = String(repeating: "a", count: 500)
        let excerpt = Excerpt(of: ["-", "short", long + "b"], around: [long + "b", nil])
        #expect(excerpt.isCut && excerpt.texts[0] == "-" && excerpt.texts[1] == "short")
        #expect(excerpt.texts[2] == String(repeating: "a", count: Excerpt.longest) + "…")
        #expect(!Excerpt(of: ["x", "y"], around: ["x", "y"]).isCut)
    }
}
