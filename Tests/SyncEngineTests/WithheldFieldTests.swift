import ContentModel
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// I13: what a filter removes is in no byte that another instance keeps, were it for a moment.
@Suite struct WithheldFieldTests {
    private static let secret = "only-for-editors-of-a"
    private let a: TestInstance
    private let b: TestInstance
    private let c: TestInstance

    init() async throws {
        (a, b, c) = try TestInstance.trio()
        a.hooks.install("strips") { _, item in
            let version = item.body.integer("v") ?? 0
            return .changed(try JSONDocument(validating: "{\"_id\":\"\(item.id)\",\"v\":\(version)}"))
        }
        try await fill(version: 1)
    }

    private func fill(version: Int) async throws {
        for number in 1...4 {
            try await a.put(.posts, "{\"_id\":\"i\(number)\",\"v\":\(version),\"note\":\"\(Self.secret)\"}")
        }
    }

    private func requireAbsence(at instances: TestInstance...) throws {
        // What is looked for can be found where it is.
        try #require(try !a.files(holding: Self.secret).isEmpty)
        for instance in instances { #expect(try instance.files(holding: Self.secret) == [], "\(instance.name)") }
    }

    @Test(arguments: [true, false])
    func aRunThatBreaksAnywhereStagedNoneOfIt(isPush: Bool) async throws {
        for call in 1...9 {
            try await fill(version: 1 + call)
            let run = TestRun(
                options: PlanOptions(batchSize: 1), fault: .init(call: call, isCarriedOut: call % 2 == 0))
            do {
                try await a.move(to: b, isPush: isPush, run)
            } catch is TestRunFailure {}
            try requireAbsence(at: b)
            a.clock.advance(by: .seconds(2 * Limits.leaseSeconds))
        }
        try await a.move(to: b, isPush: isPush)
        #expect(try b.ids(.posts).count == 4)
        try requireAbsence(at: b)
    }

    @Test(arguments: [ConflictPolicy.source, .target, .park, .mergeFields])
    func conflictsAndUndoHoldNoneOfIt(policy: ConflictPolicy) async throws {
        try await a.push(to: b)
        for number in 1...4 { try await b.put(.posts, "{\"_id\":\"i\(number)\",\"v\":70\(number)}") }
        try await fill(version: 9)
        var scope = Scope.everything
        scope.policy = policy
        let run = try await a.push(to: b, TestRun(scope: scope))
        #expect(run.result != nil)
        try requireAbsence(at: b)
    }

    @Test func nobodyFurtherOnLearnsOfIt() async throws {
        try await a.push(to: b)
        try await b.push(to: c)
        try await c.pull(from: b)
        #expect(try c.ids(.posts).count == 4)
        try requireAbsence(at: b, c)
    }
}
