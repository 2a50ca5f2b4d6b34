internal import ContentModel
internal import SyncProtocol

/// Where a transfer between this instance and a peer was begun.
public enum TransferSide: String, Sendable, CaseIterable {
    case here, there
}

/// What a store remembers of the transfers with its peers, whichever side sent, and which peers have forgotten some.
///
/// An instance that is restored to a backup forgets what came after it. What it had sent by then is at its peers, and
/// counts there as its own: nobody sends it back unless it was noticed that it is lost.
public protocol TransferMemories: Sendable {
    /// The newest transfer with a peer, begun on one side, of which is known here that it was carried out; empty where
    /// none is remembered.
    func newestTransfer(with peer: String, begun side: TransferSide) async throws -> String

    /// Whether a peer was restored to a time before a transfer, as is seen when another one is opened, and that was not
    /// noted before. `newest` is what it remembers, as far as it says.
    func hasForgotten(
        _ peer: String, remembering newest: [TransferSide: String], opening transfer: String
    ) async throws -> Bool

    /// Where that is so, notes it: whatever kind the peer has sent here is owed to it until a pull of all of the kind
    /// has given back what is lost. Writes nothing where nobody was restored; may be called twice.
    func noteForgotten(
        by peer: String, remembering newest: [TransferSide: String], opening transfer: String
    ) async throws
}

extension TransferMemories {
    /// What is told to a peer of transfers with it; nil where nobody knows who that is.
    func memory(of peer: String?) async throws -> TransferMemory? {
        guard let peer, !peer.isEmpty else { return nil }
        return TransferMemory(
            instance: peer, own: try await newestTransfer(with: peer, begun: .here),
            others: try await newestTransfer(with: peer, begun: .there))
    }

    /// What an open should have told, where it was answered by somebody else than expected who remembers more than is
    /// remembered here; nil where there is nothing to add.
    func missingMemory(in request: OpenTransfer, after answer: TransferOpened) async throws -> TransferMemory? {
        guard !request.tellsMemory(of: answer.responder), let told = answer.memory,
            let memory = try await memory(of: answer.responder.id),
            memory.own < told.others || memory.others < told.own
        else { return nil }
        return memory
    }

    /// Notes where whoever answered was restored: both would remember the transfer that begins, and nothing would tell
    /// any more that it has lost an earlier one that was begun here. What it has begun itself it may have to
    /// acknowledge yet; of that its own next request tells.
    ///
    /// One that is of an earlier version says nothing, and nothing follows from that.
    func noteForgotten(by answer: TransferOpened, to request: OpenTransfer) async throws {
        guard !request.isPlanOnly, let told = answer.memory else { return }
        try await noteForgotten(
            by: answer.responder.id, remembering: [.here: told.others], opening: request.id)
    }
}

extension TransferMemory {
    /// As the instance sees it that it is told to.
    var seenThere: [TransferSide: String] { [.here: others, .there: own] }
}

extension OpenTransfer {
    /// Whether the initiator knew whom it asks, and so what it remembers of it.
    func tellsMemory(of responder: InstanceIdentity) -> Bool { memory?.instance == responder.id }
}
