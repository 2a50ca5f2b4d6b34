import ContentModel
import SyncEngine
import SyncProtocol

/// The far side of a run, in memory: keeps what it is given and answers the same thing when asked again.
actor FakeResponder: Responder {
    struct Staged: Equatable {
        var fence: Int64
        var batch: EncodedBatch
    }

    let identity: InstanceIdentity
    private(set) var initiators: [String: String] = [:]
    private var scopes: [String: Scope] = [:]
    /// Pages of what is here; without them there is more than fits a page, and no end of it.
    private var pages: [HeldPage] = []
    /// Where links lead.
    private var linked: [String: [String]]?
    /// What is not known here of every selection, and what handlers hold back of it.
    private var unknown: UnknownName?
    private var heldBack: [ExcludedItem]?
    /// What links of every run lead to that is not here.
    private var dangling: DanglingLinks?
    private(set) var staged: [Int: Staged] = [:]
    private(set) var commits = 0
    private(set) var opens = 0
    private(set) var acknowledged: CommitResult?
    private(set) var abandoned: [String] = []
    /// What the rollbacks that were asked for are to be called.
    private(set) var rollbacks: [String?] = []
    /// Transfers whose stages were to be freed.
    private(set) var freed: [String] = []
    /// Rows to which plans were limited.
    private(set) var expected: [ExpectedRow] = []
    /// Transfers of which items were asked for.
    private(set) var shown: [String] = []
    private var answers: [String: CommitResult] = [:]
    /// Kinds in which each commit was to look links up.
    private(set) var linkedKinds: [Set<String>?] = []
    var finishedCommits: Int { answers.count }
    /// Batches this side hands out.
    var offered: [Int: EncodedBatch] = [:]
    /// Commits wait for this.
    private let gate: Gate?
    /// Opens wait for this.
    private let openGate: Gate?
    /// What commits fail with.
    private let failure: (any Error)?

    init(
        identity: InstanceIdentity = InstanceIdentity(id: "responder", name: "Responder"), gate: Gate? = nil,
        openGate: Gate? = nil, failure: (any Error)? = nil
    ) {
        self.identity = identity
        self.gate = gate
        self.openGate = openGate
        self.failure = failure
    }

    func offer(_ batch: EncodedBatch) { offered[batch.info.number] = batch }

    func hold(_ pages: [HeldPage]) { self.pages = pages }

    func link(_ items: [String: [String]]) { linked = items }

    func doubt(_ unknown: UnknownName?, heldBack: [ExcludedItem]?) {
        self.unknown = unknown
        self.heldBack = heldBack
    }

    func miss(_ dangling: DanglingLinks) { self.dangling = dangling }

    func initiator(ofTransfer id: String) async throws -> String? { initiators[id] }

    func scope(ofTransfer id: String) async throws -> Scope? { scopes[id] }

    func status() async throws -> ResponderStatus {
        let last = LastSync(run: "r1", action: .push, peer: "dev", status: "finished", timestamp: 1_700_000_000)
        return ResponderStatus(isSyncing: false, lastSync: last)
    }

    func open(_ request: OpenTransfer) async throws -> TransferOpened {
        opens += 1
        await openGate?.wait()
        if request.scope.itemRule != nil, let linked {
            return TransferOpened(status: .resolved, responder: identity, items: linked)
        }
        initiators[request.id] = request.initiator.id
        if let inline = request.inline { linkedKinds.append(inline.commit.linkedKinds) }
        scopes[request.id] = request.scope
        var answer = TransferOpened(
            status: .open, responder: identity, lease: LeaseGrant(fence: 7, expires: 1_800_000_060))
        (answer.unknown, answer.heldBack) = (unknown, heldBack)
        return answer
    }

    func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        if let first = pages.first, let last = pages.last {
            guard let after = request.after else { return first }
            return zip(pages, pages.dropFirst()).first { $0.0.next == after }?.1 ?? last
        }
        let items = (0..<500).map {
            HeldItem(id: "item-\($0)", base: String(repeating: "ab", count: 32), isEdited: false, isReverted: false)
        }
        return HeldPage(items: items, next: ListPosition(bucket: 9, id: request.kind))
    }

    func survey(transfer: String, _ request: SurveySchema) async throws -> SchemaPage {
        SchemaPage(counts: [], next: ListPosition(bucket: 4, id: request.definitions[0].model))
    }

    func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        .needs([ListHeld(kind: "models", onlyDrift: true)])
    }

    func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        let known = staged.updateValue(Staged(fence: fence, batch: batch), forKey: batch.info.number)
        return BatchReceipt(number: batch.info.number, state: known == nil ? .stored : .duplicate)
    }

    func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        guard let batch = offered[number] else { throw TidelockError(.notFound, "There is no batch \(number).") }
        return batch
    }

    func freeStage(ofCommitted transfer: String) async throws { freed.append(transfer) }

    func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
        if let answer = answers[transfer] { return answer }
        commits += 1
        linkedKinds.append(request.linkedKinds)
        if let failure { throw failure }
        await gate?.wait()
        var result = CommitResult(created: request.confirmations.deletes ?? 0, isVerified: true, sequence: 42)
        result.dangling = dangling
        answers[transfer] = result
        return result
    }

    func held(of source: String, _ request: ReadHeld) async throws -> DestinationState {
        DestinationState(source: source, destination: identity, root: "", kinds: [])
    }

    func rollback(transfer: String, _ request: RollBackTransfer) async throws -> RollbackResult {
        rollbacks.append(request.id)
        return RollbackResult(run: transfer, item: request.item, restored: request.item == nil ? 3 : 1, kept: [])
    }

    func planned(transfer: String, _ request: ListPlanned) async throws -> PlannedPage {
        let row = PlannedRow(
            kind: "models", id: transfer, operation: .delete, source: nil, output: nil,
            destination: StandingRow(holder: .source, base: nil))
        return PlannedPage(rows: Array(repeating: row, count: min(request.limit, 500)), next: nil)
    }

    func expect(transfer: String, _ page: ExpectRows) async throws { expected += page.rows }

    func outputs(transfer: String, _ request: ReadOutputs) async throws -> OutputPage {
        shown.append(transfer)
        return OutputPage(items: request.ids.map { ShownItem(id: $0, form: .whole, body: .object([("name", .null)])) })
    }

    func acknowledge(transfer: String, _ result: CommitResult) async throws { acknowledged = result }

    func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        guard fence == 7 else { throw TidelockError(.fenced, "Another run was given the lease.") }
        return LeaseGrant(fence: fence, expires: 1_800_000_120)
    }

    func state(transfer: String) async throws -> TransferState {
        TransferState(id: transfer, phase: .open, stagedBatches: staged.keys.sorted(), result: answers[transfer])
    }

    func abandon(transfer: String) async throws { abandoned.append(transfer) }
}

/// Closed until somebody opens it; then open for good.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        guard !isOpen else { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}

extension FakeResponder {
    func blobs(transfer: String, after: String?) async throws -> BlobPage {
        BlobPage(blobs: [PlannedBlob(sha256: String(repeating: "ab", count: 32), size: 4, path: "/a.txt")], next: nil)
    }

    func bytes(transfer: String, of parts: [BlobPart]) async throws -> [UInt8] {
        parts.flatMap { Array([0, 1, 2, 3].dropFirst(Int($0.offset)).prefix($0.count)) }
    }

    func missing(
        transfer: String, fence: Int64, _ blobs: [PlannedBlob]
    ) async throws -> [MissingBlobs.Missing] {
        blobs.map { MissingBlobs.Missing(sha256: $0.sha256, offset: 0) }
    }

    func append(
        transfer: String, fence: Int64, _ bytes: [UInt8], of parts: [BlobPart]
    ) async throws -> [Int64] {
        parts.map { $0.offset + Int64($0.count) }
    }
}
