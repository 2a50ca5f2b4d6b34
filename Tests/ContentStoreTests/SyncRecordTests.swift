import ContentModel
import ContentStore
import SyncEngine
import Testing
import TidelockTestSupport

/// The collection `sync/log`.
@Suite struct SyncRecordTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func newest(_ instance: TestInstance) async throws -> JSONDocument? {
        try await instance.store.find(
            in: "sync/log", DocumentQuery(sort: [.init(member: "timestamp", isDescending: true)], limit: 1)
        ).first
    }

    @Test func theNewestRecordIsFoundByItsTime() async throws {
        for status in ["committed", "failed"] {
            var record = SyncRecord(run: status, direction: "push", status: status)
            record.target = (name: "b", uri: "https://b.example")
            if status == "failed" { record.error = (code: "timeout", message: "too late") }
            try await a.store.keep(record)
            a.clock.advance(by: .seconds(60))
        }
        let last = try #require(try await newest(a))
        #expect(last.string("status") == "failed" && last.string("run") == "failed")
        #expect(last.integer("timestamp") == 1_800_000_060)
        #expect(last.string("datetime") == "2027-01-15T08:01:00Z")
        #expect(last["target", "name"] == .string("b") && last["error", "code"] == .string("timeout"))
        #expect(last.integer("created") == 0 && last.member("origin") == nil)
    }

    @Test func aRunIsRecordedOnce() async throws {
        try await a.store.keep(SyncRecord(run: "1", direction: "push", status: "unsettled"))
        try await a.store.keep(SyncRecord(run: "1", direction: "push", status: "committed"))
        #expect(try await a.store.count(in: "sync/log", matching: nil) == 1)
        #expect(try await newest(a)?.string("status") == "committed")
    }

    @Test func whatIsReceivedIsRecordedWithItsCommit() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#, #"{"_id":"2"}"#)
        let run = try await a.push(to: b)
        let record = try #require(try await newest(b))
        #expect(record.string("run") == run.transfer && record.string("direction") == "receive")
        #expect(record["origin", "id"] == .string(a.identity.id) && record["origin", "name"] == .string("a"))
        #expect(record.integer("created") == 2 && record.string("status") == "committed")
        // What begins here is recorded by whoever runs it.
        #expect(try await newest(a) == nil)
    }

    @Test func theOldestRecordsMakeRoom() async throws {
        for number in 0..<1_010 {
            try await a.store.keep(SyncRecord(run: "\(number)", direction: "push", status: "unchanged"))
        }
        #expect(try await a.store.count(in: "sync/log", matching: nil) == 1_000)
        let oldest = try await a.store.find(in: "sync/log", DocumentQuery(limit: 1)).first
        #expect(oldest?.string("run") == "10")
    }
}
