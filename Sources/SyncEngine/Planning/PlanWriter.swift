internal import ContentModel
internal import SyncProtocol

/// Collects planned operations into batches and stores both together.
struct PlanWriter {
    private let store: any SourceStore
    private let transfer: String
    private let peer: String
    private let batchSize: Int
    private let onBatch: @Sendable (BatchInfo) -> Void
    private var encoder = BatchEncoder()
    private var pending: [(kind: Kind, filters: FilterSet, rows: [PlannedOperation])] = []
    private var pendingRows = 0
    private var files: [AssetFile] = []
    private var batches: [BatchInfo] = []
    private var order = BatchOrder()
    /// The portion that is being packed and stored while the next one is collected.
    private var underWay: Task<BatchInfo?, any Error>?

    /// `onBatch` is told of each batch once it is stored.
    init(
        store: any SourceStore, transfer: String, peer: String, batchSize: Int,
        onBatch: @escaping @Sendable (BatchInfo) -> Void
    ) {
        self.store = store
        self.transfer = transfer
        self.peer = peer
        self.batchSize = batchSize
        self.onBatch = onBatch
    }

    /// With `isSent` false the destination has been told already. `level`: see `Candidate.level`.
    mutating func add(
        _ row: PlannedOperation, body: JSONDocument?, isSent: Bool = true, level: Int? = nil, kind: Kind,
        filters: FilterSet
    ) async throws {
        remember(row, kind: kind, filters: filters)
        if kind == .assets, row.action == .put, let body { files.append(try file(of: body, row.id)) }
        if isSent, let operation = operation(of: row, body) {
            encoder.add(
                BatchEntry(
                    kind: kind, id: row.id, operation: operation, isContested: row.isContested,
                    isUnmerged: row.isUnmerged, supersedes: row.supersedes, known: row.known))
            if let level { order.note(kind, level: level) }
        }
        if encoder.isFull(limit: batchSize) || (encoder.isHalfFull(limit: batchSize) && endsBatch(row)) {
            try await flush()
        }
        // What a batch holds must not depend on rows that do not travel: a run that begins anew makes the same ones.
        if pendingRows >= 4 * batchSize { try await flush(closesBatch: false) }
    }

    private func file(of asset: JSONDocument, _ id: String) throws -> AssetFile {
        do {
            return try AssetFile(asset)
        } catch let error as TidelockError {
            throw TidelockError(
                error.code, "Asset \(id.printable) cannot be sent: \(error.message)", hint: error.hint,
                underlying: error)
        }
    }

    /// Where batches end is for the items to say, as in content-defined chunking: one that is new or gone moves the ends
    /// near it and not all behind it, so that a run that begins anew finds most of what an earlier one has staged.
    ///
    /// One item in so many ends a batch that is half full; few batches get full before.
    private func endsBatch(_ row: PlannedOperation) -> Bool {
        guard row.action == .put, let output = row.output?.bytes.suffix(2) else { return false }
        let number = output.reduce(0) { $0 << 8 | Int($1) }
        return number % max(batchSize / 16, 64) == 0
    }

    /// What travels of a row; nil when nothing does.
    private func operation(of row: PlannedOperation, _ body: JSONDocument?) -> BatchOperation? {
        switch row.action {
        case .put:
            guard let body, let output = row.output else { preconditionFailure("a put carries its item") }
            return .put(body: body, output: output)
        case .delete: return .delete
        case .release: return .release
        case .withdraw: return .withdraw
        case .drop, .skip, .same: return nil
        }
    }

    /// Stores everything so far, so that the plan can be read and rows can be looked at once more.
    mutating func settle() async throws {
        order.beginLook()
        if pendingRows > 0 || !encoder.isEmpty { try await flush() }
        try await conclude()
    }

    /// Stores what is left and answers the batches of the plan.
    mutating func finish() async throws -> [BatchInfo] {
        try await settle()
        return batches
    }

    private mutating func remember(_ row: PlannedOperation, kind: Kind, filters: FilterSet) {
        if pending.last?.kind == kind {
            pending[pending.count - 1].rows.append(row)
        } else {
            pending.append((kind, filters, [row]))
        }
        pendingRows += 1
    }

    /// Portions are stored in their order, one at a time. What is under way when planning ends early is refused by the
    /// store, because the plan was given up by then, or given up together with it.
    private mutating func flush(closesBatch: Bool = true) async throws {
        try await conclude()
        let number = batches.count + 1
        let full = closesBatch ? encoder : BatchEncoder()
        let follows = !full.isEmpty && order.close()
        let operations = pending
        if closesBatch { encoder = BatchEncoder(after: full) }
        let needed = files
        pending.removeAll()
        pendingRows = 0
        files.removeAll()
        underWay = Task { [store, transfer, peer, onBatch] in
            var encoder = full
            var batch = encoder.isEmpty ? nil : try encoder.finish(number: number)
            if follows { batch?.info.follows = true }
            try await store.record(
                PlanPortion(transfer: transfer, peer: peer, operations: operations, batch: batch, files: needed))
            if let batch { onBatch(batch.info) }
            return batch?.info
        }
    }

    private mutating func conclude() async throws {
        if let info = try await underWay?.value { batches.append(info) }
        underWay = nil
    }
}
