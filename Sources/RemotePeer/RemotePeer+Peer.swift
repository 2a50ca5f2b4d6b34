internal import ContentModel
internal import SyncEngine
public import SyncProtocol

extension RemotePeer {
    public func open(_ request: OpenTransfer) async throws -> TransferOpened {
        let opened: TransferOpened = try await ask(.openTransfer, Endpoint.openTransfer.path(), request)
        try learn(opened.responder)
        return opened
    }

    public func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        try await ask(.listHeld, Endpoint.listHeld.path(transfer), request)
    }

    public func survey(transfer: String, _ request: SurveySchema) async throws -> SchemaPage {
        try await ask(.surveySchema, Endpoint.surveySchema.path(transfer), request)
    }

    public func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        try await ask(.makePlan, Endpoint.makePlan.path(transfer), request)
    }

    /// Fence and count travel in the query, where the token covers them.
    public func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        let path = Endpoint.stageBatch.path(transfer, "\(batch.info.number)")
        let call = Call(
            endpoint: .stageBatch, path: "\(path)?fence=\(fence)&operations=\(batch.info.operations)",
            body: batch.payload, rawType: WireBody.batch)
        return try decode(try await perform(call))
    }

    public func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        let path = Endpoint.readBatch.path(transfer, "\(number)")
        let reply = try await perform(Call(endpoint: .readBatch, path: path))
        guard let operations = reply.operations else {
            throw TidelockError(.malformedMessage, "Target \(address.label) does not say what batch \(number) holds.")
        }
        let info = BatchInfo(
            number: number, digest: sha256(reply.body).hex, operations: operations, bytes: reply.body.count)
        return EncodedBatch(info: info, payload: reply.body)
    }

    public func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
        try await ask(.commit, Endpoint.commit.path(transfer), request)
    }

    public func acknowledge(transfer: String, _ result: CommitResult) async throws {
        let body = try WireBody.encode(result)
        _ = try await perform(
            Call(endpoint: .acknowledge, path: Endpoint.acknowledge.path(transfer), body: body))
    }

    public func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        try await ask(.renewLease, Endpoint.renewLease.path(transfer), RenewLease(fence: fence))
    }

    public func state(transfer: String) async throws -> TransferState {
        let path = Endpoint.transferState.path(transfer)
        return try decode(try await perform(Call(endpoint: .transferState, path: path)))
    }

    public func rollback(transfer: String, _ request: RollBackTransfer) async throws -> RollbackResult {
        try await ask(.rollback, Endpoint.rollback.path(transfer), request)
    }

    public func planned(transfer: String, _ request: ListPlanned) async throws -> PlannedPage {
        try await ask(.listPlanned, Endpoint.listPlanned.path(transfer), request)
    }

    public func outputs(transfer: String, _ request: ReadOutputs) async throws -> OutputPage {
        try await ask(.readOutputs, Endpoint.readOutputs.path(transfer), request)
    }

    public func expect(transfer: String, _ page: ExpectRows) async throws {
        let body = try WireBody.encode(page)
        _ = try await perform(Call(endpoint: .expectRows, path: Endpoint.expectRows.path(transfer), body: body))
    }

    public func abandon(transfer: String) async throws {
        _ = try await perform(Call(endpoint: .abandon, path: Endpoint.abandon.path(transfer)))
    }
}

extension RemotePeer {
    /// Sends a message and reads one back; asks again for as long as the answer is that work goes on.
    func ask<Answer: Decodable>(
        _ endpoint: Endpoint, _ path: String, _ message: some Encodable
    ) async throws -> Answer {
        try await ask(Call(endpoint: endpoint, path: path, body: try WireBody.encode(message)))
    }

    private func ask<Answer: Decodable>(_ call: Call) async throws -> Answer {
        var reply = try await perform(call)
        while reply.isWorking {
            try await clock.sleep(for: .milliseconds(200))
            reply = try await perform(call, isAtWork: true)
        }
        return try decode(reply)
    }

    func decode<Answer: Decodable>(_ reply: Reply) throws -> Answer {
        do {
            return try WireBody.decode(Answer.self, from: reply.body)
        } catch {
            throw TidelockError(
                .versionMismatch, "Target \(address.label) answered with something this version does not understand.",
                hint: "Compare 'tidelock --version' on both sides.", underlying: error)
        }
    }
}
