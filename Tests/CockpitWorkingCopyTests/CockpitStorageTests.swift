import CCrypto
import CockpitWorkingCopy
import Foundation
import GRDB
import Testing

/// A healthy installation arrives whole and is left as it was.
struct CockpitStorageTests {
    @Test func everyDocumentArrivesByteForByte() throws {
        let fixture = try CockpitFixture()
        var expected = try manifest(of: fixture)
        try CockpitStorage(folder: fixture.root).forEachItem { item in
            guard let table = Self.table(of: item.kind) else { return }
            let id = try documentID(item)
            #expect(expected[table]?.removeValue(forKey: id) == sha256(item.json), "\(item.source)")
        }
        for table in expected.keys.filter({ Self.imported.contains($0) || $0.hasPrefix("content/") }) {
            #expect(expected[table]?.isEmpty == true, "\(table)")
        }
    }

    @Test func itemsComeInTheOrderOfTheirDependencies() throws {
        let fixture = try CockpitFixture()
        let inventory = try CockpitStorage(folder: fixture.root).scan()
        #expect(
            inventory.counts.map { "\($0.kind) \($0.items)" } == [
                "models 4", "locales 2", "assets/folders 4", "assets 12", "content/articles 160", "content/authors 16",
                "content/navigation 29", "singletons 1",
            ])
        #expect(inventory.problems.isEmpty)
        #expect(inventory.itemCount == 228)
    }

    @Test func itemsAreKnownByTheKeyOfTheirKind() throws {
        let fixture = try CockpitFixture()
        var ids: [String: [String]] = [:]
        try CockpitStorage(folder: fixture.root).forEachItem { ids[$0.kind, default: []].append($0.id) }
        #expect(ids["models"] == ["articles", "authors", "navigation", "siteSettings"])
        #expect(ids["locales"] == ["de", "fr"])
        #expect(ids["singletons"] == ["siteSettings"])
        #expect(ids["content/articles"]?.first == "6b03f58b686c82317e382035")
    }

    @Test func modelsBecomeJSON() throws {
        let fixture = try CockpitFixture()
        var models: [String: [String: Any]] = [:]
        try CockpitStorage(folder: fixture.root).forEachItem { item in
            guard item.kind == "models" else { return }
            models[item.id] = try JSONSerialization.jsonObject(with: Data(item.json)) as? [String: Any]
        }
        let fields = models["articles"]?["fields"] as? [[String: Any]]
        #expect(models["articles"]?["type"] as? String == "collection")
        #expect(fields?.first?["name"] as? String == "title")
        #expect(fields?.first?["i18n"] as? Bool == true)
        #expect(models["navigation"]?["meta"] is NSNull)
    }

    @Test func theStorageFolderItselfIsAcceptedToo() throws {
        let fixture = try CockpitFixture()
        #expect(try CockpitStorage(folder: fixture.file("storage")).scan().itemCount == 228)
    }

    @Test func readingLeavesTheFolderAsItWas() throws {
        let fixture = try CockpitFixture()
        let before = try fixture.listing()
        #expect(try CockpitStorage(folder: fixture.root).scan().itemCount == 228)
        #expect(try fixture.listing() == before)
    }

    @Test func changesThatAreStillInTheLogAreSeen() throws {
        let fixture = try CockpitFixture()
        let writer = try DatabaseQueue(path: fixture.file("storage/data/content.sqlite").path)
        try writer.inDatabase { db in
            try db.execute(sql: #"INSERT INTO collections_authors (document) VALUES ('{"_id":"new"}')"#)
        }
        let before = try fixture.listing()
        #expect(before.contains { $0.contains("content.sqlite-wal") })
        var ids: [String] = []
        try CockpitStorage(folder: fixture.root).forEachItem { ids.append($0.id) }
        #expect(ids.contains("new"))
        #expect(try fixture.listing() == before)
    }

    @Test(.enabled(if: getuid() != 0, "root may write everywhere"))
    func aFolderWithoutWriteAccessIsReadAllTheSame() throws {
        let fixture = try CockpitFixture()
        let data = fixture.file("storage/data").path
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: data)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: data) }
        #expect(try CockpitStorage(folder: fixture.root).scan().itemCount == 228)
    }

    @Test func assetsTellWhereTheirFilesLie() throws {
        let fixture = try CockpitFixture()
        let storage = try CockpitStorage(folder: fixture.root)
        var files = 0
        try storage.forEachItem { item in
            #expect((item.path != nil) == (item.kind == "assets"), "\(item.source)")
            guard let path = item.path else { return }
            files += 1
            #expect(FileManager.default.fileExists(atPath: storage.uploads.appending(path: path).path), "\(path)")
        }
        #expect(files == 12)
    }

    @Test func anInstallationThatNeverHadAssetsIsReadAllTheSame() throws {
        let fixture = try CockpitFixture()
        for name in ["app", "assets"] {
            try FileManager.default.removeItem(at: fixture.file("storage/data/\(name).sqlite"))
        }
        #expect(try CockpitStorage(folder: fixture.root).scan().itemCount == 212)
    }

    // MARK: The manifest

    private typealias Manifest = [String: [String: String]]

    private func manifest(of fixture: borrowing CockpitFixture) throws -> Manifest {
        struct File: Decodable {
            struct Table: Decodable { var docs: [String: String] }
            var tables: [String: Table]
        }
        let data = try Data(contentsOf: fixture.file("manifest.json"))
        return try JSONDecoder().decode(File.self, from: data).tables.mapValues(\.docs)
    }

    private static let imported: Set = ["system/locales", "app/assets", "assets/folders"]

    private static func table(of kind: String) -> String? {
        switch kind {
        case "models": nil
        case "locales": "system/locales"
        case "singletons": "content/singletons"
        case "assets": "app/assets"
        case "assets/folders": kind
        default: "content/collections_\(kind.dropFirst("content/".count))"
        }
    }

    private func documentID(_ item: CockpitItem) throws -> String {
        struct Document: Decodable { var _id: String }
        return try JSONDecoder().decode(Document.self, from: Data(item.json))._id
    }

    private func sha256(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        _ = SHA256(bytes, bytes.count, &digest)
        return digest.map { String(format: "%02x", $0) }.joined()
    }
}
