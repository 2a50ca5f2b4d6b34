internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// A store as a process sees it that dies at one of its calls to it.
struct DyingStore: Sendable {
    let store: any SourceStore & DestinationStore
    let point: CrashPoint
}

extension DyingStore: BlobSource, BlobDestination {
    func blobs(transfer: String, after: String?) async throws -> BlobPage {
        try await point.pass { try await store.blobs(transfer: transfer, after: after) }
    }

    func bytes(transfer: String, of parts: [BlobPart]) async throws -> [UInt8] {
        try await point.pass { try await store.bytes(transfer: transfer, of: parts) }
    }

    func missing(transfer: String, fence: Int64, _ blobs: [PlannedBlob]) async throws -> [MissingBlobs.Missing] {
        try await point.pass { try await store.missing(transfer: transfer, fence: fence, blobs) }
    }

    func append(transfer: String, fence: Int64, _ bytes: [UInt8], of parts: [BlobPart]) async throws -> [Int64] {
        try await point.pass { try await store.append(transfer: transfer, fence: fence, bytes, of: parts) }
    }
}

extension DyingStore: SourceStore {
    func kinds() async throws -> [Kind] {
        try await point.pass { try await store.kinds() }
    }

    func peer(_ instance: String) async throws -> InstanceIdentity? {
        try await point.pass { try await store.peer(instance) }
    }

    func sequence() async throws -> Int64 {
        try await point.pass { try await store.sequence() }
    }

    func moment() async throws -> any StoreMoment {
        try await point.pass { try await store.moment() }
    }

    func standing(of kinds: [Kind], toward peer: String) async throws -> [KindStanding] {
        try await point.pass { try await store.standing(of: kinds, toward: peer) }
    }

    func received(of kinds: [Kind], from peer: String) async throws -> [Kind: Digest] {
        try await point.pass { try await store.received(of: kinds, from: peer) }
    }

    func takenOverRows(in kinds: [KindScope], toward peer: String) async throws -> Int {
        try await point.pass { try await store.takenOverRows(in: kinds, toward: peer) }
    }

    func beginPlan(
        transfer: String, peer: InstanceIdentity, initiator: String, direction: Direction, scope: Scope
    ) async throws {
        try await point.pass {
            try await store.beginPlan(
                transfer: transfer, peer: peer, initiator: initiator, direction: direction, scope: scope)
        }
    }

    func beginPlanOnly(
        transfer: String, peer: InstanceIdentity, initiator: String, direction: Direction, scope: Scope
    ) async throws {
        try await point.pass {
            try await store.beginPlanOnly(
                transfer: transfer, peer: peer, initiator: initiator, direction: direction, scope: scope)
        }
    }

    func reconcile(transfer: String, _ page: HeldPage, request: ListHeld, kind: Kind, peer: String) async throws {
        try await point.pass {
            try await store.reconcile(transfer: transfer, page, request: request, kind: kind, peer: peer)
        }
    }

    func differences(_ page: HeldPage, request: ListHeld, kind: Kind, peer: String) async throws -> [Int] {
        try await point.pass { try await store.differences(page, request: request, kind: kind, peer: peer) }
    }

    func candidates(_ query: CandidateQuery) async throws -> CandidatePage {
        try await point.pass { try await store.candidates(query) }
    }

    func isTree(_ kind: Kind) async throws -> Bool {
        try await point.pass { try await store.isTree(kind) }
    }

    func treeOrder(_ query: CandidateQuery) async throws -> any TreeOrder {
        try await point.pass { try await store.treeOrder(query) }
    }

    func openRows(_ query: CandidateQuery) async throws -> CandidatePage {
        try await point.pass { try await store.openRows(query) }
    }

    func absentees(_ query: AbsenteeQuery) async throws -> AbsenteePage {
        try await point.pass { try await store.absentees(query) }
    }

    func unprovedAbsentees(_ query: AbsenteeQuery) async throws -> Int {
        try await point.pass { try await store.unprovedAbsentees(query) }
    }

    func bodies(of items: [ItemKey]) async throws -> [ItemKey: JSONDocument] {
        try await point.pass { try await store.bodies(of: items) }
    }

    func firstUnknown(of names: [SelectedName]) async throws -> SelectedName? {
        try await point.pass { try await store.firstUnknown(of: names) }
    }

    func modelNames() async throws -> [String] {
        try await point.pass { try await store.modelNames() }
    }

    func received(_ items: [ItemKey], from peer: String) async throws -> Set<ItemKey> {
        try await point.pass { try await store.received(items, from: peer) }
    }

    func liveItems(of kind: Kind) async throws -> Int {
        try await point.pass { try await store.liveItems(of: kind) }
    }

    func items(of kind: Kind, from peer: String) async throws -> Int {
        try await point.pass { try await store.items(of: kind, from: peer) }
    }

    func record(_ portion: PlanPortion) async throws {
        try await point.pass { try await store.record(portion) }
    }

    func expectedRoots(transfer: String, kinds: [Kind], peer: String) async throws -> [Kind: Digest] {
        try await point.pass { try await store.expectedRoots(transfer: transfer, kinds: kinds, peer: peer) }
    }

    func finishPlan(transfer: String, summary: PlanSummary, checkpoints: [Checkpoint]) async throws {
        try await point.pass {
            try await store.finishPlan(transfer: transfer, summary: summary, checkpoints: checkpoints)
        }
    }

    func plannedCircle(transfer: String) async throws -> TreeCircle? {
        try await point.pass { try await store.plannedCircle(transfer: transfer) }
    }

    func plannedFiles(transfer: String) async throws -> FileTotals? {
        try await point.pass { try await store.plannedFiles(transfer: transfer) }
    }

    func planSummary(transfer: String) async throws -> PlanSummary? {
        try await point.pass { try await store.planSummary(transfer: transfer) }
    }

    func plannedRows(transfer: String, _ request: ListPlanned) async throws -> PlannedPage {
        try await point.pass { try await store.plannedRows(transfer: transfer, request) }
    }

    func present(_ items: [ItemKey], bytes: Int, toward peer: String) async throws -> [PresentItem] {
        try await point.pass { try await store.present(items, bytes: bytes, toward: peer) }
    }

    func standingRows(_ items: [ItemKey], toward peer: String) async throws -> [ItemKey: StandingRow] {
        try await point.pass { try await store.standingRows(items, toward: peer) }
    }

    func plannedBatch(transfer: String, number: Int) async throws -> EncodedBatch {
        try await point.pass { try await store.plannedBatch(transfer: transfer, number: number) }
    }

    func acknowledge(transfer: String, result: CommitResult, events: [QueuedEvent]) async throws {
        try await point.pass { try await store.acknowledge(transfer: transfer, result: result, events: events) }
    }

    func abandonPlan(transfer: String) async throws {
        try await point.pass { try await store.abandonPlan(transfer: transfer) }
    }

    func planInitiator(transfer: String) async throws -> String? {
        try await point.pass { try await store.planInitiator(transfer: transfer) }
    }

    func planScope(transfer: String) async throws -> Scope? {
        try await point.pass { try await store.planScope(transfer: transfer) }
    }
}
