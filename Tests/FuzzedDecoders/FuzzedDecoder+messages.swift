internal import ContentModel
internal import SyncProtocol

extension FuzzedDecoder {
    /// Every message that travels.
    static let messages = reports + openings + plans + commits + blobs

    private static let reports: [FuzzedDecoder] = [
        message(CheckKey.self), message(CheckAnswer.self), message(StatusAnswer.self), message(HealthAnswer.self),
        message(ErrorAnswer.self), message(WorkingAnswer.self), message(ConditionAnswer.self),
    ]

    private static let openings: [FuzzedDecoder] = [
        message(OpenTransfer.self) { _ = $0.inline?.batches },
        message(TransferOpened.self) { _ = heldRows($0.held) },
        message(ListHeld.self), message(HeldPage.self), message(ReadHeld.self),
        message(DestinationState.self) { _ = heldRows($0) },
    ]

    private static let plans: [FuzzedDecoder] = [
        message(SurveySchema.self), message(SchemaPage.self, use: judgeItems),
        message(MakePlan.self) { _ = heldRows($0.held) }, message(PlanAnswer.self, use: addUp),
        message(ListPlanned.self), message(PlannedPage.self, use: checkRows), message(ExpectRows.self),
        message(ReadOutputs.self), message(OutputPage.self, use: checkItems),
    ]

    private static let commits: [FuzzedDecoder] = [
        message(BatchReceipt.self), message(CommitTransfer.self), message(CommitResult.self, use: addUpResult),
        message(RenewLease.self), message(LeaseGrant.self), message(TransferState.self),
        message(RollBackTransfer.self), message(RollbackResult.self),
    ]

    private static let blobs: [FuzzedDecoder] = [
        message(BlobPage.self) { for blob in $0.blobs { _ = try blob.blob } },
        message(FindMissingBlobs.self) { for blob in $0.blobs { _ = try blob.blob } },
        message(MissingBlobs.self), message(BlobProgress.self),
        message(ReadBlobs.self) { try checkParts($0.parts) },
        message(AppendBlobs.self) { try checkParts($0.parts) },
    ]

    /// A message: what decodes is written as something that decodes to the same.
    private static func message<Message: Codable & Sendable>(
        _ type: Message.Type, use: @escaping @Sendable (Message) throws -> Void = { _ in }
    ) -> FuzzedDecoder {
        FuzzedDecoder("\(Message.self)") { bytes in
            let message = try WireBody.decode(Message.self, from: bytes)
            let written = try WireBody.encode(message)
            let again = (try? WireBody.decode(Message.self, from: written)).flatMap { try? WireBody.encode($0) }
            // Sets are written in any order.
            try BrokenPromise.require(
                again == written || again?.sorted() == written.sorted(),
                "a \(Message.self) message changes when it is written and read again")
            try use(message)
        }
    }

    // MARK: What is done with them

    private static func heldRows(_ state: DestinationState?) -> Int {
        (state?.kinds ?? []).reduce(0) { $0 + $1.held + $1.foreign + $1.edited + $1.reverted }
    }

    @Sendable private static func addUp(_ answer: PlanAnswer) {
        guard case .ready(let plan) = answer else { return }
        _ = (plan.operations, plan.deletes, plan.bytes)
        var changes = plan.schemaChanges ?? SchemaChanges()
        changes.add(changes)
    }

    /// Several runs are reported as one, and a run counts what was decided there among what it left alone.
    @Sendable private static func addUpResult(_ result: CommitResult) {
        let done = [result.created, result.updated, result.deleted, result.released, result.adopted, result.kept]
        _ = done.reduce(result.conflictCount, +) + (result.dangling?.count ?? 0) + (result.resumedBatches ?? 0)
    }

    @Sendable private static func judgeItems(_ page: SchemaPage) throws {
        let item = try JSONDocument(validating: #"{"_id":"a","title":"x","title_de":"y","tags":["a",["b"],{"c":1}]}"#)
        let places = page.counts.map(\.change).affecting(item)
        for (place, count) in page.counts.enumerated() {
            try BrokenPromise.require(
                count.change.affects(item) == places.contains(place), "a change judges an item in two ways")
            _ = SchemaFinding(count)
        }
    }

    @Sendable private static func checkRows(_ page: PlannedPage) throws {
        try page.check(answering: ListPlanned(limit: 2))
        try BrokenPromise.require(page.rows.count <= 2, "a page with too many rows is an answer")
    }

    @Sendable private static func checkItems(_ page: OutputPage) throws {
        try page.check(answering: ReadOutputs(kind: "models", ids: ["a", "b"]))
        try BrokenPromise.require(page.items.count <= 2, "a page with too many items is an answer")
    }

    @Sendable private static func checkParts(_ parts: [BlobPart]) throws {
        let total = try parts.total()
        try BrokenPromise.require((0...Limits.largestBlobPartBytes).contains(total), "\(total) bytes travel at once")
        for part in parts {
            let size = try part.blob.size
            try BrokenPromise.require(
                part.offset >= 0 && part.offset + Int64(part.count) <= size, "a part of a file lies outside of it")
        }
    }
}
