import Foundation
import GRDB

/// A copy of the storage folder in `Tests/Fixtures/cockpit`, for one test to read and to spoil.
///
/// Even a test that only reads takes a copy: SQLite makes short-lived files beside a database that is open.
struct CockpitFixture: ~Copyable {
    let root: URL

    private static let original = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/cockpit")

    /// Makes the copy; it is removed when the value goes.
    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "cockpit-\(UUID().uuidString)")
        for path in try FileManager.default.subpathsOfDirectory(atPath: Self.original.path) {
            guard let bytes = try? Data(contentsOf: Self.original.appending(path: path)) else { continue }
            let folder = file(path).deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try bytes.write(to: file(path))
        }
    }

    deinit {
        try? FileManager.default.removeItem(at: root)
    }

    func file(_ path: String) -> URL {
        root.appending(path: path)
    }

    /// Changes one of the databases as Cockpit would, with a connection of its own.
    func write(_ database: String, _ sql: String) throws {
        try DatabaseQueue(path: file("storage/data/\(database)").path).inDatabase { try $0.execute(sql: sql) }
    }

    /// Every file with its size and time, to show that nothing was touched.
    func listing() throws -> [String] {
        let files = FileManager.default
        return try files.subpathsOfDirectory(atPath: root.path).sorted().compactMap { path in
            let attributes = try files.attributesOfItem(atPath: root.appending(path: path).path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else { return nil }
            return "\(path) \(attributes[.size] ?? 0) \(attributes[.modificationDate] ?? "")"
        }
    }
}
