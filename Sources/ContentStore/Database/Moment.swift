internal import Foundation
internal import GRDB
public import SyncEngine

/// A read transaction of its own: https://sqlite.org/isolation.html.
struct Moment: StoreMoment {
    let sequence: Int64
    fileprivate let snapshot: DatabaseSnapshot
}

extension Store {
    public func sequence() async throws -> Int64 {
        try await read { db in try Settings.sequence(db) }
    }

    public func moment() async throws -> any StoreMoment {
        let pool = pool
        // Opening a connection blocks, which the reader's queue may.
        let snapshot = try await read { _ in try pool.makeSnapshot() }
        return try await translatingErrors(on: folder.path) {
            Moment(sequence: try await snapshot.read { try Settings.sequence($0) }, snapshot: snapshot)
        }
    }

    /// Reads at a moment that this store has given out; without one, as things are now.
    func read<Value: Sendable>(
        at moment: (any StoreMoment)?, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        guard let moment else { return try await read(body) }
        guard let moment = moment as? Moment else { preconditionFailure("a moment comes from the store it is read in") }
        return try await translatingErrors(on: folder.path) { try await moment.snapshot.read(body) }
    }
}
