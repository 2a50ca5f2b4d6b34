internal import ContentModel
internal import Foundation
internal import GRDB
public import SyncEngine

extension Store {
    public func conflictTerms(transfer: String) async throws -> ConflictTerms {
        try await read { db in
            let record = try TransferTable.requireOpen(db, transfer)
            return ConflictTerms(
                policy: record.scope.policy, mode: record.scope.mode, targets: try Collision.names(db, record.pid),
                hasOriginals: try Collision.hasOriginals(db, record), translations: record.scope.translationRule)
        }
    }

    public func openConflicts(
        transfer: String, after: StagedPosition?, rows: Int, bytes: Int
    ) async throws -> StagedConflictPage {
        try await read { db in
            let record = try TransferTable.requireOpen(db, transfer)
            let cursor = try Row.fetchCursor(
                db, sql: Collision.openSQL(record.scope),
                arguments: [
                    "pid": record.pid, "transfer": transfer, "limit": rows, "spares": record.scope.hasFilter,
                    "kid": after?.kid ?? -1, "bucket": after?.bucket ?? -1, "id": after?.id ?? "",
                ])
            var page = StagedConflictPage(rows: [], next: nil)
            var size = 0
            while let row = try cursor.next() {
                var staged = try StagedConflict(row)
                staged.isKept = row[16]
                page.rows.append(staged)
                size += staged.bytes
                page.next = StagedPosition(kid: row[0], bucket: row[1], id: row[2])
                if size >= bytes { return page }
            }
            if page.rows.count < rows { page.next = nil }
            return page
        }
    }

    public func decide(transfer: String, fence: Int64, _ decisions: [ConflictDecision]) async throws {
        try await write { db in
            let record = try TransferTable.requireOpen(db, transfer)
            try Leases.require(db, transfer: transfer, fence: fence)
            for decision in decisions {
                try Collision.settle(db, transfer: transfer, decision)
                try UnmergedMerges.note(db, record, decision)
            }
        }
    }

    public func reopenMovedConflicts(transfer: String) async throws {
        try await write { db in try Collision.reopen(db, transfer: transfer, where: Collision.hasMoved) }
    }
}

extension StagedConflict {
    fileprivate init(_ row: Row) throws {
        let document = { (column: Int) in row.bytes(column).map { JSONDocument(trusted: $0) } }
        let versions = ConflictVersions(source: document(4), target: document(5), base: document(9))
        let conflict = ItemConflict(
            kind: try Kind(row[3] as String), id: row[2], origin: InstanceIdentity(id: row[7], name: row[8]),
            versions: versions)
        self.init(conflict: conflict, seen: row.hash(6), isOriginal: row[13], isUntouched: row[14])
        guard row[10], versions.base == nil, let output = row.hash(11), let source = row.hash(12) else { return }
        // What was kept for the same hash may be less than the whole of it.
        let original = document(15).flatMap { $0.hash == source ? $0 : nil }
        sent = Sent(original: original, originalHash: source, output: output)
    }

    fileprivate var bytes: Int {
        let documents = conflict.versions.documents.map(\.document) + [sent?.original].compactMap(\.self)
        return documents.reduce(0) { $0 + $1.bytes.count }
    }
}
