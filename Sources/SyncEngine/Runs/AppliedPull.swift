public import ContentModel
public import SyncProtocol

/// A plan of a pull that was written down, while the destination, which has kept it, carries it out.
///
/// The destination compares its own rows with what they were, and lets the source plan the rest once more and nothing
/// else. What the source says that it would do then, and later each batch, is compared with what was written before
/// anything of it is staged.
public struct AppliedPull: Sendable {
    public let expected: ExpectedRows
    private let source: any SourcePort
    private let port: any ExpectationPort
    private let requireSource: @Sendable (InstanceIdentity) throws -> Void

    /// - Parameters:
    ///   - source: the source as a run asks it
    ///   - port: the same source
    ///   - requireSource: throws when the plan was not made of what that instance has
    public init(
        _ expected: ExpectedRows, source: any SourcePort, port: any ExpectationPort,
        requireSource: @escaping @Sendable (InstanceIdentity) throws -> Void
    ) {
        self.expected = expected
        self.source = source
        self.port = port
        self.requireSource = requireSource
    }

    /// Which ids are here is told to nobody but the instance that named them.
    func require(_ responder: InstanceIdentity) throws {
        try requireSource(responder)
    }

    /// Tells the source which rows it is to plan: those that are here as they were.
    func begin(_ transfer: String, from source: InstanceIdentity, _ store: any DestinationStore) async throws {
        expected.compare(try await store.standingRows(expected.items, from: source.id))
        let pages = expected.remaining.map { ExpectedRow($0) }.pages(of: Limits.plannedRows)
        // Without a page the plan would not be limited at all.
        for page in pages.isEmpty ? [[]] : pages {
            try Task.checkCancellation()
            try await expect(page, transfer)
        }
    }

    private func expect(_ rows: [ExpectedRow], _ transfer: String) async throws {
        do {
            try await port.expect(transfer: transfer, ExpectRows(rows: rows))
        } catch let error as TidelockError where error.code == .notFound || error.code == .methodNotAllowed {
            throw TidelockError(
                .versionMismatch, "The other side cannot limit a pull to the rows of a plan.",
                hint: "Its version of Tidelock may be too old; 'tidelock pull' works.", underlying: error)
        }
    }
}

extension AppliedPull: SourcePort {
    public func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        let answer = try await source.plan(transfer: transfer, request)
        if case .ready = answer {
            // One more than there can be, so that a longer plan is seen to be one.
            try expected.meet(try await port.rows(of: transfer, upTo: expected.items.count + 1).rows)
        }
        return answer
    }

    public func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        let batch = try await source.batch(transfer: transfer, number: number)
        var decoder = try BatchDecoder(payload: batch.payload)
        while let entry = try decoder.next() { try expected.require(entry) }
        return batch
    }

    public func acknowledge(transfer: String, _ result: CommitResult) async throws {
        try await source.acknowledge(transfer: transfer, result)
    }
}
