import ContentModel
import ContentStore
import HookCatalog
import SyncEngine
import Testing
import TidelockTestSupport

/// The events that an edit queues in its own transaction.
@Suite struct EditEventTests {
    private let a: TestInstance

    init() throws {
        a = try TestInstance.make("a")[0]
    }

    private func put(_ text: String, _ kind: Kind = .posts) throws -> LocalChange {
        let body = try JSONDocument(validating: text)
        return .put(kind: kind, body: body, hash: body.hash)
    }

    @discardableResult
    private func edit(_ changes: LocalChange..., run: String = "r") throws -> LocalWriteReport {
        try a.store.writeBlocking(changes, run: run, editor: Editor(user: "ada"))
    }

    /// What is queued, in order, and nothing of it afterwards.
    private func told() async throws -> [String] {
        var told: [String] = []
        while let claimed = try await a.store.claimEvent() {
            let event = claimed.event
            told.append("\(event.event.rawValue) \(event.item?.body ?? "-")")
            #expect(event.user == "ada" && event.direction == nil)
            try await a.store.conclude(claimed, registered: [])
        }
        return told
    }

    @Test func aNewItemIsSavedAndPerhapsPublished() async throws {
        try edit(try put(#"{"_id":"1"}"#), try put(#"{"_id":"2","_state":1}"#))
        #expect(
            try await told() == [
                #"content.item.save {"_id":"1"}"#, #"content.item.save {"_id":"2","_state":1}"#,
                #"content.item.publish {"_id":"2","_state":1}"#,
            ])
    }

    @Test func publishingIsTheChangeOfTheState() async throws {
        let bodies = [0, 1, 1, -1].enumerated().map { #"{"_id":"1","_state":\#($1),"v":\#($0)}"# }
        var events: [[String]] = []
        for body in bodies {
            try edit(try put(body))
            events.append(try await told().map { String($0.prefix { $0 != " " }) })
        }
        #expect(
            events == [
                ["content.item.save"], ["content.item.save", "content.item.publish"], ["content.item.save"],
                ["content.item.save", "content.item.unpublish"],
            ])
    }

    @Test func aRemovedItemIsToldAsItWasAtLast() async throws {
        try edit(try put(#"{"_id":"1","v":7}"#))
        _ = try await told()
        try edit(.remove(kind: .posts, id: "1"))
        #expect(try await told() == [#"content.item.remove {"_id":"1","v":7}"#])
    }

    @Test func anItemIsToldAsItWasThen() async throws {
        try edit(try put(#"{"_id":"1","v":1}"#), run: "r1")
        try edit(try put(#"{"_id":"1","v":2}"#), run: "r2")
        #expect(
            try await told() == [#"content.item.save {"_id":"1","v":1}"#, #"content.item.save {"_id":"1","v":2}"#])
    }

    @Test func theEventsOfOneRunCanBeToldApart() async throws {
        try edit(try put(#"{"_id":"1","_state":1}"#), try put(#"{"_id":"1","_state":0}"#))
        try edit(try put(#"{"_id":"1","_state":1}"#))
        let places = try await a.store.dueEvents(limit: 10).compactMap(\.item).map { "\($0.sequence)/\($0.position)" }
        #expect(places.count == 6)
        #expect(Set(places).count == places.count)
    }

    @Test func nobodyIsToldOfWhatChangedNothingOrIsNoContentOrWasTakenIn() async throws {
        try edit(try put(#"{"_id":"1","v":1}"#))
        _ = try await told()
        #expect(try edit(try put(#"{"v":1.0,"_id":"1"}"#)).unchanged == 1)
        try edit(try put(#"{"name":"posts"}"#, .models))
        try await a.put(.posts, #"{"_id":"2"}"#)
        #expect(try await told() == [])
    }

    @Test func anEditThatFailsQueuesNothing() async throws {
        #expect(throws: TidelockError.self) {
            try edit(try put(#"{"_id":"1"}"#), .remove(kind: .posts, id: "none"))
        }
        #expect(try await told() == [])
        try edit(try put(#"{"_id":"1"}"#), run: "taken back")
        try await a.store.forgetEvents(of: "taken back")
        #expect(try await told() == [])
    }
}
