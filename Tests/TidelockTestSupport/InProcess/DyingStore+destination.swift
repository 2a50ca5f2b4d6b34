internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

extension DyingStore: DestinationStore {
    func held(of source: String, scope: Scope, sourceKinds: [Kind], nonce: String) async throws -> DestinationState {
        try await point.pass { try await store.held(of: source, scope: scope, sourceKinds: sourceKinds, nonce: nonce) }
    }

    func sent(of kinds: [Kind], in scope: Scope, to source: String) async throws -> [Kind: Digest] {
        try await point.pass { try await store.sent(of: kinds, in: scope, to: source) }
    }

    func unseenRows(of source: String, scope: Scope, kinds: [Kind]) async throws -> [Kind: UnseenRows] {
        try await point.pass { try await store.unseenRows(of: source, scope: scope, kinds: kinds) }
    }

    func grantLease(
        transfer: String, source: InstanceIdentity, initiator: String, direction: Direction, scope: Scope
    ) async throws -> LeaseGrant {
        try await point.pass {
            try await store.grantLease(
                transfer: transfer, source: source, initiator: initiator, direction: direction, scope: scope)
        }
    }

    func openPlanOnly(
        transfer: String, source: InstanceIdentity, initiator: String, direction: Direction, scope: Scope
    ) async throws {
        try await point.pass {
            try await store.openPlanOnly(
                transfer: transfer, source: source, initiator: initiator, direction: direction, scope: scope)
        }
    }

    func standingRows(_ items: [ItemKey], from source: String) async throws -> [ItemKey: StandingRow] {
        try await point.pass { try await store.standingRows(items, from: source) }
    }

    func heldPage(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        try await point.pass { try await store.heldPage(transfer: transfer, request) }
    }

    func stage(
        transfer: String, fence: Int64, _ batch: EncodedBatch, received: ReceivedItems
    ) async throws -> BatchReceipt {
        try await point.pass { try await store.stage(transfer: transfer, fence: fence, batch, received: received) }
    }

    func resumableBatches(transfer: String, receivers: Digest) async throws -> [String] {
        try await point.pass { try await store.resumableBatches(transfer: transfer, receivers: receivers) }
    }

    func takeOver(transfer: String, fence: Int64, batches: [BatchInfo], receivers: Digest) async throws {
        try await point.pass {
            try await store.takeOver(transfer: transfer, fence: fence, batches: batches, receivers: receivers)
        }
    }

    func conflictTerms(transfer: String) async throws -> ConflictTerms {
        try await point.pass { try await store.conflictTerms(transfer: transfer) }
    }

    func openConflicts(
        transfer: String, after: StagedPosition?, rows: Int, bytes: Int
    ) async throws -> StagedConflictPage {
        try await point.pass {
            try await store.openConflicts(transfer: transfer, after: after, rows: rows, bytes: bytes)
        }
    }

    func stagedDefinitions(transfer: String, after: ListPosition?) async throws -> StagedDefinitionPage {
        try await point.pass { try await store.stagedDefinitions(transfer: transfer, after: after) }
    }

    func definition(of model: String, for transfer: String) async throws -> JSONDocument? {
        try await point.pass { try await store.definition(of: model, for: transfer) }
    }

    func affectedItems(
        transfer: String, of model: String, by changes: [SchemaChange], _ part: ModelItems
    ) async throws -> SchemaPage {
        try await point.pass { try await store.affectedItems(transfer: transfer, of: model, by: changes, part) }
    }

    func decide(transfer: String, fence: Int64, _ decisions: [ConflictDecision]) async throws {
        try await point.pass { try await store.decide(transfer: transfer, fence: fence, decisions) }
    }

    func reopenMovedConflicts(transfer: String) async throws {
        try await point.pass { try await store.reopenMovedConflicts(transfer: transfer) }
    }

    func settleBlobs(transfer: String) async throws {
        try await point.pass { try await store.settleBlobs(transfer: transfer) }
    }

    func renewLease(transfer: String, fence: Int64) async throws -> LeaseGrant {
        try await point.pass { try await store.renewLease(transfer: transfer, fence: fence) }
    }

    func commit(
        transfer: String, _ request: CommitTransfer, events: [QueuedEvent], _ preparation: Preparation
    ) async throws -> CommitResult {
        try await point.pass { try await store.commit(transfer: transfer, request, events: events, preparation) }
    }

    func freeStage(ofCommitted transfer: String) async throws {
        try await point.pass { try await store.freeStage(ofCommitted: transfer) }
    }

    func transferState(transfer: String) async throws -> TransferState {
        try await point.pass { try await store.transferState(transfer: transfer) }
    }

    func abandonTransfer(transfer: String) async throws {
        try await point.pass { try await store.abandonTransfer(transfer: transfer) }
    }

    func rollback(_ run: String, only item: ItemReference?, as rollbackRun: String) async throws -> RollbackResult {
        try await point.pass { try await store.rollback(run, only: item, as: rollbackRun) }
    }

    func transferInitiator(transfer: String) async throws -> String? {
        try await point.pass { try await store.transferInitiator(transfer: transfer) }
    }

    func transferScope(transfer: String) async throws -> Scope? {
        try await point.pass { try await store.transferScope(transfer: transfer) }
    }

    func activity() async throws -> ResponderStatus {
        try await point.pass { try await store.activity() }
    }

    func transferSource(transfer: String) async throws -> InstanceIdentity {
        try await point.pass { try await store.transferSource(transfer: transfer) }
    }
}

extension DyingStore: TransferMemories {
    func newestTransfer(with peer: String, begun side: TransferSide) async throws -> String {
        try await point.pass { try await store.newestTransfer(with: peer, begun: side) }
    }

    func hasForgotten(
        _ peer: String, remembering newest: [TransferSide: String], opening transfer: String
    ) async throws -> Bool {
        try await point.pass {
            try await store.hasForgotten(peer, remembering: newest, opening: transfer)
        }
    }

    func noteForgotten(
        by peer: String, remembering newest: [TransferSide: String], opening transfer: String
    ) async throws {
        try await point.pass {
            try await store.noteForgotten(by: peer, remembering: newest, opening: transfer)
        }
    }
}
