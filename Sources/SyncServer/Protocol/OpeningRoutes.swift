internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

extension Reception {
    func open(_ call: SignedCall) async throws -> Answer {
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
        return try await long(call, withdrawal: withdrawal(of: call, opening: message.id)) { [self, message] in
            var answer = try await responder.open(message)
            answer.result = answer.result?.told(to: call)
            answer.heldBack = answer.heldBack?.map(\.told)
            // What may have been meant need not be what the key covers.
            if key.kinds != nil { answer.unknown?.suggestion = nil }
            try await audit(message, answer)
            if let items = answer.items { try key.checkLinked(items) }
            return answer
        }
    }

    /// Everything that a selection names may be remembered here. Throws `too_large`.
    func check(_ scope: Scope) throws {
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
    func prepare(_ commit: inout CommitTransfer, _ call: SignedCall) throws {
        try check(commit.confirmations, call)
        let key = call.token.key
        commit.linkedKinds = key.kinds
        // Whoever may move singletons and no models is not told which models there are.
        commit.requiredModels?.removeAll { key.covers(.singletons, $0) && !key.covers(.models, $0) }
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
