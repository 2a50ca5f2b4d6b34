internal import CockpitWorkingCopy
internal import ContentModel
internal import ContentStore
internal import Foundation

/// A Cockpit installation, which is only read.
struct CockpitReader: ImportReader {
    let folder: String
    let skipsProblems: Bool
    let blobs: BlobFolder

    func read(_ body: (LocalChange) throws -> Void) throws {
        do {
            let storage = try CockpitStorage(folder: URL(filePath: folder, directoryHint: .isDirectory))
            if skipsProblems { warn(of: try storage.scan()) }
            try storage.forEachItem(skippingProblems: skipsProblems) { item in
                guard let path = item.path else { return try body(change(item)) }
                if let item = try withFile(item, path, in: storage) { try body(change(item)) }
            }
        } catch let problem as CockpitProblem {
            throw TidelockError(.invalidJSON, problem.message, hint: problem.hint, underlying: problem)
        }
    }

    private func warn(of inventory: CockpitInventory) {
        for problem in inventory.problems { Complaint.warn("left out: \(problem.message)") }
        let more = inventory.problemCount - inventory.problems.count
        if more > 0 { Complaint.warn("left out: \(more) more") }
    }

    /// The id is read again from the normalised item: SQLite and PHP disagree about which of two equal keys counts.
    private func change(_ item: CockpitItem) throws -> LocalChange {
        let change = try ItemFile.put(item.json, kind: try Kind(item.kind), at: item.source)
        guard case .put(let kind, let body, _) = change,
            ItemID(try itemID(of: body, kind: kind)) == ItemID(item.id)
        else {
            throw TidelockError(
                .invalidJSON, "\(item.source): the item names its id twice.", hint: "Save it once in Cockpit.")
        }
        return change
    }

    // MARK: Files

    /// What is wrong with one asset, so that the others can be taken all the same.
    private static let skipped: Set<ErrorCode> = [.invalidAsset, .notFound, .hashMismatch]

    /// The asset with the SHA-256 of its file as its last member, after that was taken. Nil for one that is left out.
    private func withFile(_ item: CockpitItem, _ path: String, in storage: CockpitStorage) throws -> CockpitItem? {
        do {
            let asset = try InputFile.document(item.json, in: item.source).document
            let taken = try AssetIntake(blobs: blobs).take(path: path, below: storage.uploads)
            try Self.require(taken, isFileOf: asset, path)
            let hash = JSONDocument(string: taken.blob.hash.hex)
            let complete = asset.removing(AssetFile.hashMember).setting(AssetFile.hashMember, to: hash)
            _ = try AssetFile(complete)
            var item = item
            item.json = complete.bytes
            return item
        } catch let error as TidelockError {
            guard skipsProblems, Self.skipped.contains(error.code) else { throw error.about(item.source) }
            Complaint.warn("left out: \(error.about(item.source).message)")
            return nil
        }
    }

    /// Throws `hash_mismatch` for a file that is not the one that was uploaded.
    private static func require(_ taken: AssetIntake.Taken, isFileOf asset: JSONDocument, _ path: String) throws {
        let isSame = asset.string("_hash").map { $0.lowercased() == taken.md5 } ?? true
        guard isSame, asset.integer("size") == taken.blob.size else {
            throw TidelockError(
                .hashMismatch, "The bytes of uploads\(path.legible) are others than its asset says.",
                hint: "Upload the file once more in Cockpit, or leave the asset out with --skip-problems.")
        }
    }
}
