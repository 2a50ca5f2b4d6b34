import ContentModel
import ContentStore
import SyncProtocol
import Testing
import TidelockTestSupport

@testable import SyncEngine

/// Definitions that break items, and a destination that changes while it is looked at.
@Suite struct SchemaTests {
    private let fixture: TransferFixture
    private var store: Store { fixture.store }

    init() throws {
        fixture = try TransferFixture()
    }

    /// Stages a definition without the field `a`, which one item here has, and commits it after `edit`.
    private func commit(
        _ confirmations: Confirmations, after edit: () async throws -> Void = {}
    ) async throws -> CommitResult {
        try await fixture.instance.put(.models, #"{"name":"posts","fields":[{"name":"a"}]}"#)
        try await fixture.instance.put(.posts, #"{"_id":"1"}"#)
        let lease = try await fixture.open("t")
        let batch = try TransferFixture.batch(1, puts: [#"{"name":"posts","fields":[]}"#], kind: .models)
        _ = try await store.stage(transfer: "t", fence: lease.fence, batch)
        let schema = try await SchemaSurvey(store: store).staged(transfer: "t", fence: lease.fence)
        try await edit()
        let request = CommitTransfer(
            fence: lease.fence, batches: [batch.info], expectedRoots: [:], confirmations: confirmations)
        return try await store.commit(
            transfer: "t", request, events: [], Preparation(isDecided: false, schema: schema))
    }

    @Test func aRefusalHoldsOnlyForItemsThatHaveNotMoved() async throws {
        let strict = Confirmations(refusesSchemaChanges: true)
        let code = await fixture.refusal {
            _ = try await commit(strict) { try await fixture.instance.put(.posts, #"{"_id":"1","a":"x"}"#) }
        }
        #expect(code == .movedMeanwhile)
        #expect(try await store.item(.models, "posts").text.contains("\"a\""))
    }

    @Test func itemsOfOtherModelsMayMove() async throws {
        let strict = Confirmations(refusesSchemaChanges: true)
        let result = try await commit(strict) { try await fixture.instance.put(.pageItems, #"{"_id":"1","a":"x"}"#) }
        #expect(result.schemaChanges == nil && result.isVerified)
    }

    @Test func aReportMayBeAMomentOld() async throws {
        let result = try await commit(Confirmations()) {
            try await fixture.instance.put(.posts, #"{"_id":"1","a":"x"}"#)
        }
        #expect(result.schemaChanges == nil && result.isVerified)
    }

    @Test func lookingLeavesNothingBehindAndMayBeRepeated() async throws {
        try await fixture.instance.put(.models, #"{"name":"posts","fields":[{"name":"a"}]}"#)
        try await fixture.instance.put(.posts, #"{"_id":"1","a":"x"}"#)
        let lease = try await fixture.open("t")
        let batch = try TransferFixture.batch(1, puts: [#"{"name":"posts","fields":[]}"#], kind: .models)
        _ = try await store.stage(transfer: "t", fence: lease.fence, batch)
        let survey = SchemaSurvey(store: store)
        let first = try await survey.staged(transfer: "t", fence: lease.fence)
        #expect(first.changes?.changes.map(\.items) == [1])
        #expect(try await survey.staged(transfer: "t", fence: lease.fence).changes == first.changes)
        #expect(try fixture.instance.problems() == [])
    }
}
