import ContentModel
import Foundation
import TidelockTestSupport

/// Files of a story that become assets.
enum AssetFixture {
    /// A file of so many bytes, other ones for every seed.
    static func file(_ name: String, bytes: Int, seed: UInt64 = 1) throws -> URL {
        let url = Story.current.folder.appending(path: name)
        var block = Data(SeededRandom(seed: seed).bytes(1 << 16))
        var data = Data(capacity: bytes)
        var number: UInt64 = 0
        while data.count < bytes {
            // No two blocks are alike.
            withUnsafeBytes(of: number) { block.replaceSubrange(0..<8, with: $0) }
            data.append(block.prefix(bytes - data.count))
            number += 1
        }
        try data.write(to: url)
        return url
    }
}

extension RealInstance {
    /// Adds files and answers their assets, in the order of the files.
    func addAssets(_ files: URL...) async throws -> [JSONDocument] {
        let ending = try await start(["asset", "add", "--json"] + files.map(\.path)).ending()
        guard ending.status == 0 else { throw CommandFailed(arguments: ["asset", "add"], ending: ending) }
        return try JSONDocument(validating: ending.output).elements
    }

    /// Where a web server finds the file of an asset.
    func upload(_ asset: JSONDocument) -> URL {
        storage.appending(path: "uploads").appending(path: String((asset.string("path") ?? "/?").dropFirst()))
    }

    /// Where the bytes of an asset lie.
    func blob(_ asset: JSONDocument) -> URL {
        let name = asset.string(AssetFile.hashMember) ?? "?"
        return storage.appending(path: "blobs/\(name.prefix(2))/\(name)")
    }

    /// SHA-256 of every file below the folder of uploads, by their paths.
    func uploads() throws -> [String: String] {
        let folder = storage.appending(path: "uploads").path
        guard let names = FileManager.default.enumerator(atPath: folder) else { return [:] }
        var hashes: [String: String] = [:]
        for case let name as String in names {
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { continue }
            hashes[name] = sha256([UInt8](data)).hex
        }
        return hashes
    }
}
