internal import ContentModel
internal import GRDB
internal import SyncEngine

extension Store {
    /// Checks that the file of every asset is here, and, where `isDeep`, that its bytes are what its name says.
    func verifyBlobs(isDeep: Bool, into report: VerificationReport) async throws -> VerificationReport {
        let assets = try await read { db in try AssetFiles.live(db) }
        return try await BlobWork.perform { [blobs] in
            var report = report
            // Of several assets with the same bytes, each is named; the bytes are read once.
            var problems: [Blob: String?] = [:]
            for (id, file) in assets {
                report.files += 1
                let problem = problems[file.blob] ?? Self.problem(with: file.blob, in: blobs, isDeep: isDeep)
                problems.updateValue(problem, forKey: file.blob)
                if let problem {
                    report.note(
                        StoreProblem(kind: Kind.assets.name, id: id, what: "its file \(file.path.printable) \(problem)")
                    )
                }
            }
            return report
        }
    }

    private static func problem(with blob: Blob, in blobs: BlobFolder, isDeep: Bool) -> String? {
        guard blobs.holds(blob) else { return "is missing, or has another size than it should" }
        guard isDeep else { return nil }
        do {
            try blobs.check(blob)
            return nil
        } catch let error as TidelockError where error.code == .blobDamaged {
            return "has other bytes than when it arrived"
        } catch {
            return "cannot be read: \(TidelockError(wrapping: error).message)"
        }
    }
}

extension AssetFiles {
    /// The files of all assets; those whose asset says nothing usable of a file are left to the check of the items.
    static func live(_ db: Database) throws -> [(id: String, file: AssetFile)] {
        guard let kid = try Numbers.knownKind(db, .assets) else { return [] }
        let rows = try Row.fetchCursor(
            db, sql: "SELECT h.id, b.bytes FROM head h JOIN body b ON b.rid = h.rid WHERE h.kid = ? AND h.deleted = 0",
            arguments: [kid])
        var files: [(id: String, file: AssetFile)] = []
        while let row = try rows.next() {
            if let file = file(ofStored: row.bytes(1)) { files.append((row[0], file)) }
        }
        return files
    }
}
