import ContentModel
import RemotePeer
import SyncEngine
import SyncProtocol
import SyncServer
import Testing

/// What a sender learns of a run when a script does not let its request in.
@Suite struct ScriptedGateTests {
    private let commit = CommitTransfer(fence: 7, batches: [], expectedRoots: [:], confirmations: Confirmations())

    /// Whether it is told that nothing was committed.
    private func isUndone<Answer>(_ body: () async throws -> Answer) async -> Bool {
        do {
            _ = try await body()
            return false
        } catch {
            let error = error as? TidelockError
            return error?.code == .hookFailed && error?.details[RunMachine.uncommitted] == "true"
        }
    }

    private func refusingWorld() -> World {
        var world = World()
        world.hooks.refusal = TidelockError(.hookFailed, "It broke.")
        return world
    }

    @Test func aRequestThatWouldHaveCommittedIsKnownNotToHave() async throws {
        let answers = try await refusingWorld().serve { caller in
            let peer = try caller.peer()
            return [
                await isUndone { try await peer.open(caller.open()) },
                await isUndone { try await peer.commit(transfer: "0190-1", commit) },
                await isUndone { try await peer.renew(transfer: "0190-1", fence: 7) },
            ]
        }
        #expect(answers == [true, true, false])
    }

    @Test func aRepeatedCommitThatWasCarriedOutIsNotDenied() async throws {
        let world = refusingWorld()
        _ = try await world.responder.commit(transfer: "0190-1", commit)
        let denied = try await world.serve { caller in
            let peer = try caller.peer()
            return await isUndone { try await peer.commit(transfer: "0190-1", commit) }
        }
        #expect(!denied)
    }
}
