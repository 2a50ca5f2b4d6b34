import ContentModel
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What a source is told of rows that another one has taken over.
@Suite struct TakenOverTests {
    private let a: TestInstance
    private let b: TestInstance
    private let hub: TestInstance

    init() throws {
        let made = try TestInstance.make("a", "b", "hub")
        (a, b, hub) = (made[0], made[1], made[2])
    }

    /// Two posts of `a` at the hub, and `b` has sent the first of them since.
    private func contend() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.push(to: hub)
        try await b.put(.posts, #"{"_id":"1","v":9}"#)
        try await b.push(to: hub)
    }

    private func takenOver(_ result: TestRunResult) -> [Int?] { result.plan?.kinds.map(\.takenOver) ?? [] }

    @Test func aPlanAndAPushTellOfRowsThatTheyLeaveAlone() async throws {
        try await contend()
        try await a.put(.posts, #"{"_id":"2","v":2}"#)
        var look = TestRun()
        look.isDryRun = true
        #expect(takenOver(try await a.push(to: hub, look)) == [1])
        #expect(takenOver(try await a.push(to: hub)) == [1])
        #expect(try await hub.text(.posts, "1") == #"{"_id":"1","v":9}"#)
        let idle = try await a.push(to: hub)
        #expect(idle.outcome == .inSync, "it is told once")
        #expect(idle.differences == StandingDifferences(takenOver: 1), "and counted always")
    }

    @Test func aRunThatSendsNothingCountsTheRowsOfOthersWhicheverWayItGoes() async throws {
        try await contend()
        var look = TestRun()
        look.isDryRun = true
        #expect(try await a.push(to: hub, look).differences == StandingDifferences(takenOver: 1))
        #expect(try await a.push(to: hub).differences == StandingDifferences(takenOver: 1))
        #expect(try await a.push(to: hub, look).differences == StandingDifferences(takenOver: 1))
        #expect(try await hub.pull(from: a).differences == StandingDifferences(takenOver: 1))
        let named = TestRun(scope: Scope(items: ["content/posts": ["2"]]))
        #expect(try await a.push(to: hub, named).differences == StandingDifferences())
        try await a.remove(.posts, "1")
        try await a.push(to: hub)
        #expect(try await a.push(to: hub).differences == StandingDifferences(), "it is gone here")
        try await a.put(.posts, #"{"_id":"2","v":2}"#)
        #expect(try await a.push(to: hub).differences == nil, "something was sent")
    }

    @Test func whatWasKeptOrParkedStandsBetweenSidesThatAreInSync() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.push(to: hub)
        for (id, policy) in [("1", ConflictPolicy.park), ("2", .target)] {
            try await hub.put(.posts, "{\"_id\":\"\(id)\",\"v\":\"there\"}")
            try await a.put(.posts, "{\"_id\":\"\(id)\",\"v\":2}")
            try await a.push(to: hub, .with(policy))
        }
        let idle = try await a.push(to: hub)
        #expect(idle.outcome == .inSync && idle.differences == StandingDifferences(parked: 1, kept: 1), "\(idle)")
        #expect(try await hub.pull(from: a).differences == StandingDifferences(parked: 1, kept: 1))
    }

    @Test func aRowThatTheRunTakesBackIsNotCounted() async throws {
        try await contend()
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        #expect(takenOver(try await a.push(to: hub)) == [nil])
        #expect(try await hub.text(.posts, "1") == #"{"_id":"1","v":2}"#)
    }

    @Test func aRunThatIsAboutOtherItemsDoesNotTell() async throws {
        try await contend()
        try await a.put(.posts, #"{"_id":"2","v":2}"#)
        let run = TestRun(scope: Scope(items: ["content/posts": ["2"]]))
        #expect(takenOver(try await a.push(to: hub, run)) == [nil])
    }
}
