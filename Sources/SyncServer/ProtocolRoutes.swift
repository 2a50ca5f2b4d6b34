internal import ContentModel
internal import Logging
internal import SyncEngine
internal import SyncProtocol

/// A request whose token and body hold.
struct SignedCall: Sendable {
    let arrival: Arrival
    let token: VerifiedToken
    /// The body as it travelled.
    let body: [UInt8]

    /// The message in the body. Throws `malformed_message` and `too_large`.
    func message<Message: Decodable>(_ type: Message.Type = Message.self) throws -> Message {
        let plain = try WireBody.unpack(body, coding: arrival.header("content-encoding"))
        return try WireBody.decode(type, from: plain)
    }

    /// The transfer that the path names.
    var transfer: String {
        get throws {
            let id = try arrival.parameter("id")
            try checkTransferID(id)
            return id
        }
    }

    /// The number of the batch that the path names.
    var batchNumber: Int {
        get throws {
            guard let number = Int(try arrival.parameter("n")), number > 0 else {
                throw TidelockError(.malformedMessage, "The path names no batch.")
            }
            return number
        }
    }
}

/// Ids go into the store and into messages, so they are plain. Throws `malformed_message`.
func checkTransferID(_ id: String) throws {
    let isPlain = id.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
    guard isPlain, (1...64).contains(id.utf8.count) else {
        throw TidelockError(.malformedMessage, "The id of the transfer is not one.")
    }
}

extension Reception {
    private var responder: any Responder { dependencies.responder }

    /// Carries out what a signed request asks for.
    func handle(_ call: SignedCall) async throws -> Answer {
        switch call.arrival.endpoint {
        case .status: return try await status()
        case .openTransfer: return try await open(call)
        case .abandon: return try await abandon(call)
        case .readHeld: return try await held(call)
        case .readCondition: return try await condition(call)
        case .findMissingBlobs, .readBlobs, .appendBlobs: return try await blobs(call)
        default: break
        }
        let transfer = try call.transfer
        switch call.arrival.endpoint {
        // They say themselves which items they are about.
        case .readOutputs: return try await outputs(call, transfer)
        case .surveySchema: return try await survey(call, transfer)
        // What became of a run its owner may know, and settle, also when the key covers less than it did then.
        case .transferState, .acknowledge: try await checkOwner(of: transfer, call)
        default: try await checkInitiator(of: transfer, call)
        }
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
        case .commit:
            var message: CommitTransfer = try call.message()
            try prepare(&message, call)
            let afterwards = { @Sendable in await freeStage(of: transfer) }
            return try await long(call, afterwards: afterwards) {
                [responder, transfers, message] in
                try await transfers.commit { try await responder.commit(transfer: transfer, message) }.told(to: call)
            }
        case .rollback:
            let item = call.body.isEmpty ? nil : try call.message(RollBackTransfer.self).item
            try item.map(check)
            return try await long(call) { [responder] in
                try await responder.rollback(transfer: transfer, only: item)
            }
        default: throw TidelockError(.notFound, "There is nothing at this path.")
        }
    }

    private func open(_ call: SignedCall) async throws -> Answer {
        var message: OpenTransfer = try call.message()
        try check(message, call)
        if var inline = message.inline {
            try prepare(&inline.commit, call)
            message.inline = inline
        }
        if try await responder.initiator(ofTransfer: message.id) != nil {
            try await checkInitiator(of: message.id, call)
        }
        let key = call.token.key
        return try await long(call) { [self, message] in
            var answer = try await responder.open(message)
            answer.result = answer.result?.told(to: call)
            try await audit(message, answer)
            if let items = answer.items { try key.checkLinked(items) }
            return answer
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

    /// Everything that a selection names may be remembered here. Throws `too_large`.
    private func check(_ scope: Scope) throws {
        guard scope.models?.count ?? 0 <= Limits.kinds, scope.translations?.projects?.count ?? 0 <= Limits.kinds else {
            throw TidelockError(.tooLarge, "The selection names more than \(Limits.kinds) models or projects.")
        }
        guard scope.items?.count ?? 0 <= Limits.kinds, scope.namedItems <= Limits.namedItems else {
            throw TidelockError(.tooLarge, "The selection names more than \(Limits.namedItems) items.")
        }
    }

    private func check(_ message: OpenTransfer, _ call: SignedCall) throws {
        try checkTransferID(message.id)
        guard message.initiator.name.utf8.count <= Kind.longestName, message.nonce.utf8.count <= Kind.longestName else {
            throw TidelockError(.malformedMessage, "The name of the caller or the nonce is too long.")
        }
        guard message.protocolVersion >= ProtocolVersion.oldest, message.protocolVersion <= ProtocolVersion.current
        else {
            throw TidelockError(
                .versionMismatch, "Version \(message.protocolVersion) of the protocol is not spoken here.",
                hint: "Install versions of Tidelock that are closer to each other.")
        }
        guard message.initiator.id == call.token.issuer else {
            throw TidelockError(.permissionDenied, "The transfer is opened in somebody else's name.")
        }
        try check(message.scope)
        guard Need(message.direction).isMet(by: call.token.key.rights) else {
            throw TidelockError(.permissionDenied, "The sync key does not allow to \(message.direction.rawValue).")
        }
        if message.comparesItems {
            try requireReading(call, because: "a field diff shows items from here", of: "--diff")
        }
        try call.token.key.check(message.scope)
    }

    /// Limits what a commit looks up to what the key that asks may know of.
    private func prepare(_ commit: inout CommitTransfer, _ call: SignedCall) throws {
        try check(commit.confirmations, call)
        let key = call.token.key
        commit.linkedKinds = key.kinds
        // A run needs the models of its own items and no others.
        guard (commit.requiredModels ?? []).allSatisfy({ key.covers(.models, $0) }) else {
            throw TidelockError(
                .permissionDenied, "The run asks for a model that the sync key does not cover; nothing was changed.")
        }
    }

    /// Whether a run is refused for what definitions break would tell what the items here hold.
    private func check(_ confirmations: Confirmations, _ call: SignedCall) throws {
        guard confirmations.refusesSchemaChanges == true else { return }
        try requireReading(
            call, because: "what definitions break says something of the items here", of: "--fail-on-schema")
        guard call.token.key.coversItemsOfItsModels else {
            throw TidelockError(
                .permissionDenied,
                "The sync key moves definitions of models whose items it does not cover, and what they break says something of those items.",
                hint: "Leave --fail-on-schema out, or use a key that covers all kinds.")
        }
    }

    /// For what somebody who may only push must not learn.
    private func requireReading(_ call: SignedCall, because reason: String, of option: String) throws {
        guard call.mayPull else {
            throw TidelockError(
                .permissionDenied, "The sync key does not allow to pull, and \(reason).",
                hint: "Leave \(option) out, or use a key that may push and pull.")
        }
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
    private func long(
        _ call: SignedCall, afterwards: (@Sendable () async -> Void)? = nil,
        _ body: @escaping @Sendable () async throws -> some Encodable & Sendable
    ) async throws -> Answer {
        let key = "\(call.arrival.endpoint.rawValue) \(call.arrival.path) \(call.token.issuer) \(call.token.bodyDigest)"
        guard let outcome = await work.outcome(of: key, afterwards: afterwards, { try WireBody.encode(await body()) })
        else {
            return try Answer(status: 202, WorkingAnswer())
        }
        return Answer(body: try outcome.get())
    }
}

extension SignedCall {
    fileprivate var mayPull: Bool { Need.pull.isMet(by: token.key.rights) }
}

extension AcceptedKey {
    /// Links may lead to items that the key does not cover; then not even the names of their kinds are told.
    fileprivate func checkLinked(_ items: [String: [String]]) throws {
        let isCovered = try items.allSatisfy { name, ids in
            let kind = try Kind(name)
            return ids.allSatisfy { covers(kind, $0) }
        }
        guard isCovered else {
            throw TidelockError(
                .permissionDenied, "The links lead to items that the sync key does not cover.",
                hint: "Leave --with-links and --with-assets out, or use a key that covers all kinds.")
        }
    }
}

extension HeldPage {
    /// Of rows that the key does not cover only those that the caller left here: those it knows. Where the page ends
    /// tells of no others either.
    fileprivate func told(to key: AcceptedKey, of kind: Kind) -> HeldPage {
        guard digests == nil, !key.covers(kind) else { return self }
        let told = items.filter { $0.isOfSource || key.covers(kind, $0.id) }
        let last = told.last.map { ListPosition(bucket: Bucket(kind: kind, id: $0.id).number, id: $0.id) }
        return HeldPage(items: told, next: next == nil ? nil : last)
    }
}

extension ExcludedItem {
    /// Skipped is also an item on which a handler failed, and then the words of the failure may quote it.
    fileprivate var told: ExcludedItem {
        ExcludedItem(kind: kind, id: id, isDropped: isDropped, reason: isDropped ? reason : "")
    }
}

extension CommitResult {
    /// Somebody who may write definitions at will could ask by them what the items here hold.
    fileprivate func told(to call: SignedCall) -> CommitResult {
        var told = self
        told.schemaChanges = call.mayPull ? schemaChanges?.told(to: call.token.key) : nil
        told.dangling = dangling?.told(to: call.token.key)
        return told
    }
}

extension DanglingLinks {
    /// What became of a run may be asked with a key that covers less than the one that committed it.
    fileprivate func told(to key: AcceptedKey) -> DanglingLinks? {
        let covered = links.filter { (try? Kind($0.missingKind)).map(key.covers) ?? (key.kinds == nil) }
        guard covered.count < links.count else { return self }
        return covered.isEmpty ? nil : DanglingLinks(count: covered.count, links: covered)
    }
}

extension SchemaChanges {
    fileprivate func told(to key: AcceptedKey) -> SchemaChanges? {
        guard !key.coversItemsOfItsModels else { return self }
        // How many there are beyond those that are listed concerns other models too.
        let changes = changes.filter { key.coversItems(of: $0.model) }
        return changes.isEmpty ? nil : SchemaChanges(count: changes.count, changes: changes)
    }
}
