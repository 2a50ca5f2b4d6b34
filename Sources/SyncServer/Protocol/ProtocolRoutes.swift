internal import ContentModel
internal import Logging
internal import SyncEngine
internal import SyncProtocol

extension Reception {
    var responder: any Responder { dependencies.responder }

    /// Carries out what a signed request asks for.
    func handle(_ call: SignedCall) async throws -> Answer {
        switch call.arrival.endpoint {
        case .status: return try await status()
        case .openTransfer: return try await open(call)
        case .abandon: return try await abandon(call)
        case .readHeld: return try await held(call)
        case .readCondition: return try await condition(call)
        case .findMissingBlobs, .readBlobs, .appendBlobs: return try await blobs(call)
        // They say themselves which items they are about.
        case .readOutputs: return try await outputs(call, call.transfer)
        case .surveySchema: return try await survey(call, call.transfer)
        default:
            let transfer = try call.transfer
            try await admit(call, to: transfer)
            return try await carryOut(call, in: transfer)
        }
    }

    private func admit(_ call: SignedCall, to transfer: String) async throws {
        switch call.arrival.endpoint {
        // What became of a run its owner may know, and settle, also when the key covers less than it did then.
        case .transferState, .acknowledge: try await checkOwner(of: transfer, call)
        default: try await checkInitiator(of: transfer, call)
        }
    }

    private func carryOut(_ call: SignedCall, in transfer: String) async throws -> Answer {
        switch call.arrival.endpoint {
        case .stageBatch: return try await stage(call, transfer)
        case .readBatch: return try await read(call, transfer)
        case .transferState:
            var state = try await responder.state(transfer: transfer)
            state.result = state.result?.told(to: call)
            return try Answer(state)
        case .listBlobs:
            let after = call.arrival.queryValue("after")
            return try Answer(await responder.blobs(transfer: transfer, after: after))
        case .listHeld: return try await list(call, transfer)
        case .renewLease:
            return try Answer(await responder.renew(transfer: transfer, fence: call.message(RenewLease.self).fence))
        case .acknowledge:
            try await responder.acknowledge(transfer: transfer, call.message())
            transfers.noteAcknowledged()
            return .empty
        case .makePlan:
            let message: MakePlan = try call.message()
            return try await long(call) { [responder] in try await responder.plan(transfer: transfer, message) }
        case .listPlanned:
            var page = try await responder.planned(transfer: transfer, call.message())
            page.excluded = page.excluded?.map(\.told)
            return try Answer(page)
        case .expectRows:
            try await responder.expect(transfer: transfer, call.message())
            return .empty
        case .commit: return try await commit(call, transfer)
        case .rollback: return try await rollBack(call, transfer)
        default: throw TidelockError(.notFound, "There is nothing at this path.")
        }
    }

    private func commit(_ call: SignedCall, _ transfer: String) async throws -> Answer {
        var message: CommitTransfer = try call.message()
        try prepare(&message, call)
        let afterwards = { @Sendable in await freeStage(of: transfer) }
        return try await long(call, afterwards: afterwards) { [responder, transfers, message] in
            try await transfers.commit { try await responder.commit(transfer: transfer, message) }.told(to: call)
        }
    }

    private func rollBack(_ call: SignedCall, _ transfer: String) async throws -> Answer {
        let request = call.body.isEmpty ? RollBackTransfer() : try call.message(RollBackTransfer.self)
        try request.id.map(checkTransferID)
        try request.item.map(check)
        return try await long(call) { [responder] in
            try await responder.rollback(transfer: transfer, request)
        }
    }

    private func held(_ call: SignedCall) async throws -> Answer {
        let message: ReadHeld = try call.message()
        guard message.nonce.utf8.count <= Kind.longestName, message.kinds.count <= Limits.kinds else {
            throw TidelockError(.tooLarge, "The request names too much.")
        }
        try check(message.scope)
        try call.token.key.check(message.scope)
        return try Answer(await responder.held(of: call.token.issuer, message))
    }

    private func condition(_ call: SignedCall) async throws -> Answer {
        let found = try await dependencies.condition.condition(for: call.token.issuer)
        return try Answer(
            ConditionAnswer(key: KeyFacts(call.token.key), lease: found.lease, storage: found.storage))
    }

    private func check(_ item: ItemReference) throws {
        guard item.kind.utf8.count <= 2 * Kind.longestName, item.id.utf8.count <= Kind.longestName else {
            throw TidelockError(.malformedMessage, "The kind or the id of the item is too long.")
        }
    }

    /// Continues where a limited key may know nothing of a whole page.
    private func list(_ call: SignedCall, _ transfer: String) async throws -> Answer {
        var request: ListHeld = try call.message()
        let kind = try Kind(request.kind)
        while true {
            let page = try await responder.list(transfer: transfer, request)
            let told = page.told(to: call.token.key, of: kind)
            guard told.items.isEmpty, let next = page.next else { return try Answer(told) }
            request.after = next
        }
    }

    private func stage(_ call: SignedCall, _ transfer: String) async throws -> Answer {
        guard let fence = try call.arrival.queryNumber("fence"),
            let operations = try call.arrival.queryNumber("operations").flatMap({ Int(exactly: $0) })
        else { throw TidelockError(.malformedMessage, "The request does not name the fence and the operations.") }
        let info = BatchInfo(
            number: try call.batchNumber, digest: call.token.bodyDigest, operations: operations, bytes: call.body.count)
        let batch = EncodedBatch(info: info, payload: call.body)
        return try Answer(await responder.stage(transfer: transfer, fence: fence, batch))
    }

    private func read(_ call: SignedCall, _ transfer: String) async throws -> Answer {
        let batch = try await responder.batch(transfer: transfer, number: call.batchNumber)
        return Answer(body: batch.payload, type: WireBody.batch, operations: batch.info.operations)
    }

    /// The key that asks may be another one than the key that opened.
    private func outputs(_ call: SignedCall, _ transfer: String) async throws -> Answer {
        try await checkOwner(of: transfer, call)
        let message: ReadOutputs = try call.message()
        guard message.kind.utf8.count <= 2 * Kind.longestName, message.ids.count <= Limits.outputItems else {
            throw TidelockError(.tooLarge, "The request names too much.")
        }
        let kind = try Kind(message.kind)
        guard message.ids.allSatisfy({ call.token.key.covers(kind, $0) }) else {
            throw TidelockError(.permissionDenied, "The sync key does not cover the items that are asked for.")
        }
        return try await long(call) { [responder] in try await responder.outputs(transfer: transfer, message) }
    }

    /// The key that asks may be another one than the key that opened.
    private func survey(_ call: SignedCall, _ transfer: String) async throws -> Answer {
        try await checkOwner(of: transfer, call)
        let message: SurveySchema = try call.message()
        let models = message.definitions.map(\.model)
        guard models.allSatisfy(call.token.key.coversItems) else {
            throw TidelockError(
                .permissionDenied,
                "The sync key does not cover the items of a model, and what its definition breaks says something of them."
            )
        }
        return try await long(call) { [responder] in try await responder.survey(transfer: transfer, message) }
    }

    /// Abandoning what is not there is done already.
    private func abandon(_ call: SignedCall) async throws -> Answer {
        let transfer = try call.transfer
        // An open that is still at work would leave what nobody frees.
        await work.withdraw(call.opening(of: transfer))
        guard let owner = try await responder.initiator(ofTransfer: transfer) else { return .empty }
        guard owner == call.token.issuer else { throw Self.notYours }
        try await responder.abandon(transfer: transfer)
        return .empty
    }

    /// Lets the one who opened a transfer go on with it, also with another key of its own: one that covers the same.
    func checkInitiator(of transfer: String, _ call: SignedCall) async throws {
        try await checkOwner(of: transfer, call)
        guard call.token.key.kinds != nil else { return }
        guard let scope = try await responder.scope(ofTransfer: transfer) else { throw Self.unknown(transfer) }
        try call.token.key.check(scope)
    }

    private func checkOwner(of transfer: String, _ call: SignedCall) async throws {
        guard let owner = try await responder.initiator(ofTransfer: transfer) else { throw Self.unknown(transfer) }
        guard owner == call.token.issuer else { throw Self.notYours }
    }

    private static func unknown(_ transfer: String) -> TidelockError {
        TidelockError(.unknownTransfer, "Nobody opened transfer \(transfer) here.")
    }

    private static var notYours: TidelockError {
        TidelockError(.permissionDenied, "The transfer was opened by another instance.")
    }

    /// What becomes of an open whose initiator gives the transfer up meanwhile.
    func withdrawal(of call: SignedCall, opening transfer: String) -> LongWork.Withdrawal {
        LongWork.Withdrawal(name: call.opening(of: transfer)) {
            do {
                try await responder.abandon(transfer: transfer)
            } catch {
                dependencies.logger.warning(
                    "A transfer that was given up while it was opened stays until it runs out",
                    metadata: ["run": "\(transfer)", "reason": "\(error)"])
            }
        }
    }

    /// Nobody waits for this.
    private func freeStage(of transfer: String) async {
        do {
            try await responder.freeStage(ofCommitted: transfer)
        } catch is CancellationError {
            // The server stops; garbage collection takes what is left.
        } catch {
            dependencies.logger.warning(
                "What a run staged stays until old data is freed",
                metadata: ["run": "\(transfer)", "reason": "\(error)"])
        }
    }

    /// Answers with what the work gives, or that it goes on. The same body asks for the same work.
    func long(
        _ call: SignedCall, withdrawal: LongWork.Withdrawal? = nil, afterwards: (@Sendable () async -> Void)? = nil,
        _ body: @escaping @Sendable () async throws -> some Encodable & Sendable
    ) async throws -> Answer {
        let outcome = await work.outcome(of: call.workKey, withdrawal: withdrawal, afterwards: afterwards) {
            try WireBody.encode(await body())
        }
        guard let outcome else { return try Answer(status: 202, WorkingAnswer()) }
        return Answer(body: try outcome.get())
    }
}
