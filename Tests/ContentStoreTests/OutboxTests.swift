import ContentModel
import ContentStore
import HookCatalog
import SyncEngine
import Testing
import TidelockTestSupport

/// Which events wait for observers, and with which items.
@Suite struct OutboxTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    @Test func eventsExistExactlyWhenTheCommitOrAcknowledgementDoes() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        await #expect(throws: TestRunFailure.self) {
            try await a.push(to: b, TestRun(fault: .init(call: 3, isCarriedOut: true)))
        }
        #expect(try await a.store.dueEvents(limit: 10).isEmpty)
        #expect(try await b.store.dueEvents(limit: 10).isEmpty == (try await b.text(.posts, "1") == nil))
        try await b.deliverEvents()
        try await a.push(to: b)
        #expect(try await b.text(.posts, "1") != nil)
        try await a.put(.posts, #"{"_id":"2"}"#)
        let run = try await a.push(to: b)
        #expect(try await a.store.dueEvents(limit: 10).filter { $0.run == run.transfer }.count == 3)
        #expect(try await b.store.dueEvents(limit: 10).filter { $0.run == run.transfer }.count == 1)
        #expect(try await a.push(to: b).isNoOp)
        #expect(try await a.store.dueEvents(limit: 10).filter { $0.run != run.transfer }.isEmpty)
    }

    @Test func itemsOfAnEventAreKeptUntilTheLastOfItWasDelivered() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.push(to: b)
        for name in [EventName.contentAfter, .itemPushed] {
            let event = try #require(try await a.store.claimEvent())
            #expect(event.event.event == name)
            #expect(try await texts(of: event.event, at: a) == [#"{"_id":"1"}"#])
            try await a.store.conclude(event, registered: [])
        }
        // What is left tells of no items, so a handler that never gets to hear of it keeps nothing.
        #expect(try StoreInspector(a.store).count("SELECT count(*) FROM plan_batch") == 0)
        let last = try #require(try await a.store.claimEvent())
        #expect(last.event.event == .pushFinished)
        try await a.store.conclude(last, registered: [])
        #expect(try await a.store.claimEvent() == nil)
        #expect(try StoreInspector(a.store).count("SELECT count(*) FROM plan_batch") == 0)
    }

    @Test func receivedItemsAreThoseThatWereApplied() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#, #"{"_id":"2"}"#)
        try await b.put(.posts, #"{"_id":"2"}"#)
        try await b.pull(from: a)
        let event = try #require(try await b.store.dueEvents(limit: 1).first)
        #expect(try await texts(of: event, at: b) == [#"{"_id":"1"}"#])
    }

    @Test func manyItemsComeInPagesThatAreTheSameWhenReadAgain() async throws {
        try await a.change(try (0..<1_203).map { try put(.posts, #"{"_id":"\#($0)"}"#) })
        try await b.pull(from: a)
        let event = try #require(try await b.store.dueEvents(limit: 1).first)
        let first = try await pages(of: event, at: b)
        #expect(first.count > 1)
        #expect(Set(first.flatMap { $0.items.map(\.body.text) }).count == 1_203)
        let again = try await pages(of: event, at: b)
        #expect(first.map(\.number) == again.map(\.number))
        #expect(first.map { $0.items.map(\.body) } == again.map { $0.items.map(\.body) })
        #expect(first.map { $0.items.map(\.position) } == again.map { $0.items.map(\.position) })
    }

    /// A page that shows no items, because all of it was deletes, is not the last.
    @Test func itemsBehindABatchOfDeletesAreFound() async throws {
        let ids = (0..<2_000).map { "\($0)" }
        try await a.change(try ids.map { try put(.pageItems, #"{"_id":"\#($0)"}"#) })
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.push(to: b)
        try await a.deliverEvents()
        try await a.change(ids.map { .remove(kind: .pageItems, id: $0) })
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        try await a.push(to: b, .mirror)
        let event = try #require(try await a.store.dueEvents(limit: 1).first)
        #expect(try await texts(of: event, at: a) == [#"{"_id":"1","v":2}"#])
    }

    @Test func theItemsOfAnEventThatWaitsOutliveTheUndoOfOtherRuns() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await b.pull(from: a)
        let event = try #require(try await b.store.dueEvents(limit: 1).first)
        for number in 0..<11 {
            try await a.put(.pageItems, #"{"_id":"\#(number)"}"#)
            try await b.pull(from: a)
        }
        #expect(try await texts(of: event, at: b) == [#"{"_id":"1"}"#])
        #expect(try b.problems() == [])
    }

    private func put(_ kind: Kind, _ text: String) throws -> LocalChange {
        let body = try JSONDocument(validating: text)
        return .put(kind: kind, body: body, hash: body.hash)
    }

    private func pages(of event: QueuedEvent, at instance: TestInstance) async throws -> [EventPage] {
        var pages: [EventPage] = []
        while let page = try await instance.store.items(of: event, after: pages.last) { pages.append(page) }
        return pages
    }

    private func texts(of event: QueuedEvent, at instance: TestInstance) async throws -> [String] {
        try await pages(of: event, at: instance).flatMap { $0.items.map(\.body.text) }
    }
}
