public import Foundation

/// A folder that is removed when the last reference to it goes.
public final class TemporaryFolder: Sendable {
    public let url: URL

    /// A folder in memory spares tests that open many stores the wait for the disk, where the system has such a place.
    public init(inMemory: Bool = false) throws {
        url = (inMemory ? Self.memory : FileManager.default.temporaryDirectory)
            .appending(path: "tidelock-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    public var path: String { url.path }

    public func appending(_ name: String) -> URL { url.appending(path: name) }

    private static var memory: URL {
        let shared = "/dev/shm"
        return FileManager.default.isWritableFile(atPath: shared)
            ? URL(filePath: shared, directoryHint: .isDirectory) : FileManager.default.temporaryDirectory
    }
}
