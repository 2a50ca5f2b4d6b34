public import ContentModel
public import ContentStore
internal import Foundation

// MARK: Files of assets

extension TestInstance {
    /// Takes in a file with this text, as `tidelock asset add` does before it makes an asset of it.
    public func takeFile(_ text: String) throws {
        let file = folder.appending("\(UUID().uuidString).txt")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        _ = try store.blobs.take(file: file.path)
    }

    /// What lies at the path of an asset, where a web server looks for it; nil when nothing does.
    public func upload(at path: String) -> String? {
        (try? Data(contentsOf: store.folder.appending(path: "uploads" + path)))
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// Frees what nothing needs, as if nobody had touched a file for days.
    public func collectGarbage() async throws -> GarbageReport {
        let blobs = store.folder.appending(path: "blobs").path
        for name in FileManager.default.enumerator(atPath: blobs)?.compactMap({ $0 as? String }) ?? [] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: "\(blobs)/\(name)")
        }
        return try await store.collectGarbage(looksForOrphans: true)
    }
}

extension StoreInspector {
    /// The assets that an instance has or can bring back: current ones, and those in undo and in the list of conflicts.
    public func assets() throws -> Set<JSONDocument> {
        let texts = try texts(
            """
            WITH asset (kid) AS (SELECT kid FROM kind WHERE name = '\(Kind.assets)')
            SELECT cast(bytes AS TEXT) FROM body WHERE rid IN (
                SELECT rid FROM head JOIN asset USING (kid)
                UNION ALL SELECT old_rid FROM undo JOIN asset USING (kid) WHERE verdict IN (0, 1, 3, 5, 7)
                UNION ALL SELECT rid FROM conflict JOIN asset USING (kid)
                UNION ALL SELECT rid FROM decided_conflict JOIN asset USING (kid))
            """)
        return Set(try texts.map { try JSONDocument(validating: $0) })
    }
}
