internal import ContentModel
internal import Foundation
internal import GRDB
internal import SyncEngine
internal import Synchronization

/// What was staged and goes so that a full disk has room again. The run sends it anew when there is some.
extension Store {
    /// How long the source of a batch waits until more of what it staged is freed; the garbage takes the rest.
    private static let patience = Duration.seconds(2)

    /// Gives up a transfer that has the right to write and no room to do it, and frees what it staged. Nothing here can
    /// fail more than the transfer has: what stays is freed with the garbage.
    ///
    /// Not cancelled with whoever brought the batch: others need the room, and the batch that came beside it has failed
    /// for the same reason.
    func giveUp(transfer: String, fence: Int64) async {
        givenUp.withLock { _ = $0.insert(transfer) }
        await Task { await free(transfer: transfer, fence: fence) }.value
    }

    private func free(transfer: String, fence: Int64) async {
        await freeUnnamedArrivals(endOf: transfer)
        let collection = GarbageCollection(store: self, now: clock.seconds, isDryRun: false)
        do {
            let isGivenUp = try await collection.write { db in
                guard let lease = try Leases.current(db), lease.transfer == transfer, lease.fence == fence else {
                    return false
                }
                try TransferTable.giveUp(db, transfer: transfer)
                try Leases.release(db, transfer: transfer)
                return true
            }
            guard isGivenUp else { return }
            _ = try await collection.stage(of: transfer, until: .now + Self.patience)
        } catch {
            logUnfreed("What transfer \(transfer.printable) staged", channel: "store", error)
        }
    }

    /// Says of a transfer that was given up why that was. What comes together with the batch that found no room would
    /// otherwise be told, perhaps first, that another run took the right to write.
    func tellingGivenUp<Value>(_ transfer: String, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as TidelockError where error.code == .fenced {
            guard givenUp.withLock({ $0.contains(transfer) }) else { throw error }
            throw TidelockError(
                .diskFull, "The disk that holds \(folder.path) has no room for what the run brings.",
                hint: "Free some space and run again.", underlying: error)
        }
    }

    /// Gives up all transfers, little by little.
    func giveUpStages() async throws {
        let collection = GarbageCollection(store: self, now: clock.seconds, isDryRun: false)
        try await collection.write(TransferTable.giveUpAll)
        let staged = try await read { db in
            try String.fetchAll(db, sql: "SELECT DISTINCT transfer FROM staged_batch")
        }
        for transfer in staged { _ = try await collection.stage(of: transfer) }
    }
}

extension TransferTable {
    /// Nobody goes on with what it staged.
    static func giveUp(_ db: Database, transfer: String) throws {
        try db.cachedStatement(
            sql: "UPDATE transfer SET phase = 'abandoned', touched = 0 WHERE id = ? AND phase = 'open'"
        ).execute(arguments: [transfer])
    }

    static func giveUpAll(_ db: Database) throws {
        try db.cachedStatement(
            sql: "UPDATE transfer SET phase = 'abandoned', touched = 0 WHERE phase IN ('open', 'abandoned')"
        ).execute()
    }
}
