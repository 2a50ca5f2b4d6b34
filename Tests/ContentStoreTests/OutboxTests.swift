import ContentModel
import ContentStore
import SyncEngine
import Testing
import TidelockTestSupport

/// Events that wait for observers.
@Suite struct OutboxTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws {
        let made = try TestInstance.make("a", "b")
        (a, b) = (made[0], made[1])
    }

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
        #expect(try await a.store.dueEvents(limit: 10).filter { $0.event.run == run.transfer }.count == 3)
        #expect(try await b.store.dueEvents(limit: 10).filter { $0.event.run == run.transfer }.count == 1)
        #expect(try await a.push(to: b).isNoOp)
        #expect(try await a.store.dueEvents(limit: 10).filter { $0.event.run != run.transfer }.isEmpty)
    }

    @Test func itemsOfAnEventAreKeptUntilTheLastOfItWasDelivered() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        let run = try await a.push(to: b)
        let events = try await a.store.dueEvents(limit: 10)
        #expect(events.count == 3)
        for event in events {
            #expect(try await a.store.sentItems(run: run.transfer, batch: 1).map(\.body.text) == [#"{"_id":"1"}"#])
            try await a.store.delivered(event)
        }
        #expect(try await a.store.sentItems(run: run.transfer, batch: 1).isEmpty)
        #expect(try StoreInspector(a.store).count("SELECT count(*) FROM plan_batch") == 0)
    }

    @Test func receivedItemsAreThoseThatWereApplied() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#, #"{"_id":"2"}"#)
        try await b.put(.posts, #"{"_id":"2"}"#)
        let run = try await b.pull(from: a)
        #expect(try await b.store.receivedItems(run: run.transfer, page: 0).map(\.body.text) == [#"{"_id":"1"}"#])
        #expect(try await b.store.receivedItems(run: run.transfer, page: 1).isEmpty)
    }

    @Test func anEventThatFailsWaitsLongerEachTimeAndThenForAPerson() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.push(to: b)
        var waited = 0
        while let event = try await b.store.dueEvents(limit: 1).first {
            try await b.store.failed(event, reason: "no")
            #expect(try await b.store.dueEvents(limit: 1).isEmpty)
            waited += 1
            b.clock.advance(by: .seconds(10_000))
        }
        #expect(waited == 12)
        b.clock.advance(by: .seconds(1_000_000))
        #expect(try await b.store.dueEvents(limit: 1).isEmpty)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM outbox WHERE failure = 'no'") == 1)
    }
}
