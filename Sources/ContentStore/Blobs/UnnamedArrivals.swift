internal import ContentModel
internal import Foundation
internal import GRDB
internal import Glibc
internal import SyncEngine

/// Bytes of files that a transfer brought and that none of its assets names.
///
/// Files travel beside the batches whose assets name them, so which ones nobody names is known when a transfer ends.
extension Store {
    /// Frees files that have arrived and that no staged asset names, be it of this transfer or of one that may be
    /// resumed.
    ///
    /// While the transfer has the lease, nobody else brings files; without it, nothing is done. What cannot be freed
    /// now is logged, and a collection tries again.
    func freeUnnamedArrivals(endOf transfer: String) async {
        do {
            let arrived = try await BlobWork.perform { [blobs] in try blobs.arrived() }
            guard !arrived.isEmpty else { return }
            let unnamed = try await read { db in
                try Leases.current(db)?.transfer == transfer ? Self.unnamed(db, among: arrived) : []
            }
            try await BlobWork.perform { [arrivals] in try unnamed.forEach(arrivals.drop) }
        } catch {
            logUnfreed("What transfer \(transfer.printable) brought and no asset names", channel: "assets", error)
        }
    }

    /// A collection tries again.
    func logUnfreed(_ what: String, channel: String, _ error: any Error) {
        record(
            LogRecord(
                timestamp: clock.seconds, type: "error", channel: channel,
                message: "\(what) could not be freed: " + TidelockError(wrapping: error).message))
    }

    private static func unnamed(_ db: Database, among arrived: Set<ContentHash>) throws -> Set<ContentHash> {
        guard let kid = try Numbers.knownKind(db, .assets) else { return arrived }
        let rows = try Row.fetchCursor(
            db, sql: "SELECT b.bytes FROM stage s JOIN body b ON b.rid = s.rid WHERE s.kid = ? AND s.op = 1",
            arguments: [kid])
        var unnamed = arrived
        while !unnamed.isEmpty, let row = try rows.next() {
            guard let file = AssetFiles.file(ofStored: row.bytes(0)) else { continue }
            unnamed.remove(file.blob.hash)
        }
        return unnamed
    }
}

extension BlobFolder {
    /// Whether anything is on its way in, of whichever transfer; true also when that cannot be found out.
    ///
    /// Reads no more of the folder than its first name. Blocks the thread, as everything here.
    var mayHoldArrivals: Bool {
        guard let directory = opendir(arrivals.path) else { return errno != ENOENT }
        defer { closedir(directory) }
        errno = 0
        while let entry = readdir(directory) {
            // Only the folder itself and the one above it have names that begin so.
            if UInt8(bitPattern: entry.pointee.d_name.0) != UInt8(ascii: ".") { return true }
        }
        return errno != 0
    }

    /// Blobs of which some bytes have arrived, and that no commit has settled.
    fileprivate func arrived() throws -> Set<ContentHash> {
        guard mayHoldArrivals else { return [] }
        let names = try FileManager.default.contentsOfDirectory(atPath: arrivals.path)
        return Set(names.compactMap { ContentHash(hex: $0) })
    }
}
