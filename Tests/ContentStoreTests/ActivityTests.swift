import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What an instance says it did last.
@Suite struct ActivityTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    @Test func aDestinationSaysFromWhomItReceived() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        let run = try await a.push(to: b)
        let last = try #require(try await b.store.activity().lastSync)
        #expect(last.run == run.transfer && last.action == .receive && last.peer == "a" && last.direction == .pull)
    }

    @Test func aSourceSaysWhoPulled() async throws {
        #expect(try await b.store.activity().lastSync == nil)
        try await b.put(.posts, #"{"_id":"1"}"#)
        let run = try await a.pull(from: b)
        let last = try #require(try await b.store.activity().lastSync)
        #expect(last.run == run.transfer && last.action == .send && last.peer == "a" && last.direction == .push)
    }

    @Test func theNewestCounts() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#)
        try await a.pull(from: b)
        b.clock.advance(by: .seconds(60))
        try await b.store.beginRun(id: "later", direction: "push", target: "edge")
        #expect(try await b.store.activity().lastSync?.action == .send)
        try await b.store.endRun(id: "later", phase: "failed", report: nil)
        let last = try #require(try await b.store.activity().lastSync)
        #expect(last.action == .push && last.peer == "edge" && last.status == "failed")
    }
}
