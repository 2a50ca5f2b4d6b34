import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What is let into the staging area, and what is not.
@Suite struct StageTests {
    private let fixture: TransferFixture
    private var store: Store { fixture.store }

    init() throws {
        fixture = try TransferFixture()
    }

    private func stage(_ batch: EncodedBatch, scope: Scope = .everything) async throws -> BatchReceipt {
        let lease = try await fixture.open("t1", scope: scope)
        return try await store.stage(transfer: "t1", fence: lease.fence, batch)
    }

    private func refusal(_ batch: EncodedBatch, scope: Scope = .everything) async -> ErrorCode? {
        await fixture.refusal { _ = try await stage(batch, scope: scope) }
    }

    private func expectNothingStaged() throws {
        let inspector = try StoreInspector(store)
        #expect(try inspector.count("SELECT count(*) FROM stage") == 0)
        #expect(try inspector.count("SELECT count(*) FROM body") == 0)
    }

    /// A batch whose text is written by hand.
    private func handmade(_ lines: String..., number: Int = 1) throws -> EncodedBatch {
        let payload = try Zstandard.compress(Array(lines.map { $0 + "\n" }.joined().utf8))
        return EncodedBatch(
            info: BatchInfo(number: number, digest: sha256(payload).hex, operations: 1, bytes: payload.count),
            payload: payload)
    }

    @Test func aRepeatedBatchIsStagedOnce() async throws {
        let batch = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#])
        #expect(try await stage(batch).state == .stored)
        #expect(try await stage(batch).state == .duplicate)
        #expect(try await store.transferState(transfer: "t1").stagedBatches == [1])
        #expect(try StoreInspector(store).count("SELECT count(*) FROM body") == 1)
    }

    @Test func anotherBatchUnderTheSameNumberIsRefused() async throws {
        _ = try await stage(try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#]))
        #expect(await refusal(try TransferFixture.batch(1, puts: [#"{"_id":"2"}"#])) == .batchConflict)
    }

    private func commit(_ batches: EncodedBatch...) async throws -> CommitResult {
        try await store.commit(
            transfer: "t1", TransferFixture.commit(batches, fence: fixture.open("t1").fence), events: [])
    }

    @Test(arguments: [[1, 2, 3], [3, 2, 1], [2, 1, 3], [2, 3, 1]])
    func ofWhatBatchesSayOfAnItemTheHighestNumberCounts(order: [Int]) async throws {
        let batches = [
            try TransferFixture.batch(1, puts: (1...3).map { #"{"_id":"\#($0)","v":1}"# }),
            try TransferFixture.batch(2, puts: [#"{"_id":"1","v":2}"#], withdrawals: ["2"], supersedes: true),
            try TransferFixture.batch(3, puts: [#"{"_id":"1","v":3}"#], supersedes: true),
        ]
        for number in order { _ = try await stage(batches[number - 1]) }
        let result = try await commit(batches[0], batches[1], batches[2])
        #expect(result.created == 2)
        #expect(try await store.item(.posts, "1").text == #"{"_id":"1","v":3}"#)
        await #expect(throws: TidelockError.self) { try await store.item(.posts, "2") }
        let inspector = try StoreInspector(store)
        #expect(try inspector.problems() == [])
        #expect(try inspector.count("SELECT count(*) FROM body") == 2)
    }

    @Test func referencesOfARowThatIsReplacedAreForgotten() async throws {
        let link = #"{"_id":"1","other":{"_model":"posts","_id":"gone"}}"#
        let batches = [
            try TransferFixture.batch(1, puts: [link, #"{"_id":"2","other":{"_model":"posts","_id":"lost"}}"#]),
            try TransferFixture.batch(2, puts: [#"{"_id":"1"}"#], withdrawals: ["2"], supersedes: true),
        ]
        for batch in batches { _ = try await stage(batch) }
        #expect(try await commit(batches[0], batches[1]).dangling == nil)
    }

    @Test(arguments: [false, true])
    func linksBeyondWhatTheCallerMayKnowAreAnsweredAlikeWhateverIsThere(_ isThere: Bool) async throws {
        if isThere { try await fixture.instance.put(.pageItems, #"{"_id":"guess"}"#) }
        let batch = try TransferFixture.batch(
            1,
            puts: [
                #"{"_id":"1","a":{"_model":"pages","_id":"guess"},"b":{"_model":"unheard","_id":"x"}}"#,
                #"{"_id":"2","a":{"_model":"posts","_id":"1"}}"#,
            ])
        let lease = try await fixture.open("linked")
        _ = try await store.stage(transfer: "linked", fence: lease.fence, batch)
        var request = TransferFixture.commit([batch], fence: lease.fence)
        request.linkedKinds = ["content/posts"]
        request.confirmations.refusesDangling = true
        do {
            _ = try await store.commit(transfer: "linked", request, events: [])
            Issue.record("links that nobody looked at are no links that lead somewhere")
        } catch let error as TidelockError {
            #expect(error.code == .danglingLinks && error.details == ["unchecked": "2"])
            #expect(!"\(error)".contains("guess"))
        }
        request.confirmations.refusesDangling = nil
        let result = try await store.commit(transfer: "linked", request, events: [])
        #expect(result.dangling == nil && result.uncheckedLinks == 2)
    }

    /// References as they stand in a staged row.
    private func packed(_ links: (model: String, id: String)...) throws -> String {
        try links.map { model, id in
            let kind = try Kind.content(model)
            let bucket = Bucket(kind: kind, id: id).number
            return "\(kind.name.utf8.count):\(kind)\(bucket):\(id.utf8.count):\(id)"
        }.joined()
    }

    @Test func factsAndReferencesAreThoseOfTheItemThatIsStored() async throws {
        let lease = try await fixture.open("t1")
        let batch = try TransferFixture.batch(
            1,
            puts: [
                #"{"_id":"1","_pid":"0","_modified":17,"_state":1,"x":{"_model":"people","_id":"a\u0062"}}"#,
                #"{"_id":"2","_pid":"0","_modified":18,"_state":1,"x":{"_model":"people","_id":"b"}}"#,
            ], releases: ["3"])
        var received = ReceivedItems.unchanged
        received.items[ItemKey(.posts, "2")] = try JSONDocument(
            validating: #"{"_id":"2","_pid":"9","_modified":19,"x":[{"_model":"people","_id":"c"}]}"#)
        _ = try await store.stage(transfer: "t1", fence: lease.fence, batch, received: received)
        let inspector = try StoreInspector(store)
        let facts =
            "id || ' ' || coalesce(modified, '-') || ' ' || coalesce(state, '-') || ' ' || coalesce(parent, '-')"
        #expect(
            try inspector.texts("SELECT \(facts) FROM stage ORDER BY id") == ["1 17 1 0", "2 19 - 9", "3 - - -"])
        #expect(
            try inspector.texts("SELECT CAST(links AS TEXT) FROM stage WHERE links IS NOT NULL ORDER BY id") == [
                packed(("posts", "0"), ("people", "ab")), packed(("posts", "9"), ("people", "c")),
            ])
    }

    @Test func anItemNamedTwiceIsRefusedWithTheWholeBatch() async throws {
        let twice = try TransferFixture.batch(1, puts: [#"{"_id":"1","v":1}"#, #"{"_id":"1","v":2}"#])
        #expect(await refusal(twice) == .malformedMessage)
        try expectNothingStaged()
        _ = try await stage(try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#]))
        #expect(await refusal(try TransferFixture.batch(2, deletes: ["1"]), scope: Scope(mode: .mirror)) != nil)
        #expect(await refusal(try TransferFixture.batch(2, puts: [#"{"_id":"1"}"#])) == .malformedMessage)
        #expect(try StoreInspector(store).count("SELECT count(*) FROM body") == 1)
    }

    @Test func aTruncatedBatchIsRefused() async throws {
        let whole = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#, #"{"_id":"2"}"#])
        let cut = Array(whole.payload.dropLast(3))
        #expect(await refusal(EncodedBatch(info: whole.info, payload: cut)) == .hashMismatch)
        let info = BatchInfo(number: 1, digest: sha256(cut).hex, operations: 2, bytes: cut.count)
        #expect(await refusal(EncodedBatch(info: info, payload: cut)) == .malformedMessage)
        let hash = try JSONDocument(validating: #"{"_id":"1"}"#).hash.hex
        #expect(await refusal(try handmade("[\"put\",\"content/posts\",\"1\",\"\(hash)\"]")) == .malformedMessage)
        try expectNothingStaged()
    }

    @Test func anItemThatIsNotWhatItsLineSaysIsRefused() async throws {
        let hash = try JSONDocument(validating: #"{"_id":"1"}"#).hash.hex
        let other = try handmade("[\"put\",\"content/posts\",\"1\",\"\(hash)\"]", #"{"_id":"2"}"#)
        #expect(await refusal(other) == .hashMismatch)
        let decomposed = try JSONDocument(validating: "{\"_id\":\"cafe\u{301}\"}")
        let lookalike = try handmade(
            "[\"put\",\"content/posts\",\"caf\u{E9}\",\"\(decomposed.hash.hex)\"]", decomposed.text)
        #expect(await refusal(lookalike) == .malformedMessage)
        try expectNothingStaged()
    }

    @Test func anIDWithAControlCharacterIsRefused() async throws {
        let body = try JSONDocument(validating: "{\"_id\":\"1\\u0000x\"}")
        let batch = try handmade("[\"put\",\"content/posts\",\"1\\u0000x\",\"\(body.hash.hex)\"]", body.text)
        #expect(await refusal(batch) == .invalidJSON)
        let delete = try handmade("[\"delete\",\"content/posts\",\"1\\u0000x\"]")
        #expect(await refusal(delete, scope: Scope(mode: .mirror)) != nil)
        try expectNothingStaged()
    }

    @Test(arguments: [
        ("content/pages", "1"), ("models", "pages"), ("singletons", "pages"), ("locales", "de"),
        ("content/posts/x", "1"),
    ])
    func nothingOutsideTheScopeIsStaged(kind: String, id: String) async throws {
        let kind = try Kind(kind)
        let put = try TransferFixture.batch(1, puts: ["{\"\(kind.keyMember)\":\"\(id)\"}"], kind: kind)
        let scope = Scope(models: ["posts"], mode: .mirror)
        #expect(await refusal(put, scope: scope) == .permissionDenied)
        for batch in [
            try TransferFixture.batch(1, deletes: [id], kind: kind),
            try TransferFixture.batch(1, releases: [id], kind: kind),
        ] {
            #expect(await refusal(batch, scope: scope) == .permissionDenied)
        }
        try expectNothingStaged()
    }

    @Test(arguments: [("content/posts", "1"), ("models", "posts"), ("singletons", "posts")])
    func whatTheScopeNamesIsStaged(kind: String, id: String) async throws {
        let kind = try Kind(kind)
        let put = try TransferFixture.batch(1, puts: ["{\"\(kind.keyMember)\":\"\(id)\"}"], kind: kind)
        #expect(await refusal(put, scope: Scope(models: ["posts"])) == nil)
    }

    @Test func aMergeStagesNoDelete() async throws {
        #expect(await refusal(try TransferFixture.batch(1, deletes: ["1"])) == .permissionDenied)
    }

    @Test func theListOfAKindOutsideTheScopeIsNotGivenAway() async throws {
        try await fixture.instance.put(.pageItems, #"{"_id":"secret"}"#)
        _ = try await fixture.open("t1", scope: Scope(models: ["posts"]))
        let code = await fixture.refusal {
            _ = try await store.heldPage(transfer: "t1", ListHeld(kind: "content/pages", onlyDrift: false))
        }
        #expect(code == .permissionDenied)
        _ = try await store.heldPage(transfer: "t1", ListHeld(kind: "content/posts", onlyDrift: false))
    }

    @Test func nothingIsVisibleBeforeTheCommit() async throws {
        _ = try await stage(try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#]))
        #expect(try await fixture.instance.text(.posts, "1") == nil)
        #expect(try await store.kindSummaries().isEmpty)
    }
}
