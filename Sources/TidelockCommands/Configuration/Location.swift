internal import ArgumentParser
internal import ContentModel
internal import Foundation

/// Which instance a command works on.
struct LocationOptions: ParsableArguments {
    @Option(
        name: [.customShort("C")],
        help: "Work on the instance in this folder instead of the current one or its parents.")
    var directory: String?

    /// The folder that holds `tidelock.lua`. Throws `not_an_instance`.
    func folder() throws -> URL {
        if let directory {
            let folder = URL(filePath: directory, directoryHint: .isDirectory).standardizedFileURL
            guard Self.isInstance(folder) else {
                throw TidelockError(
                    .notAnInstance,
                    "\(folder.path) is not a Tidelock instance: it holds no \(InstanceFolder.configurationName).",
                    hint: "'tidelock init \(directory)' makes one there.")
            }
            return folder
        }
        var folder = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
            .standardizedFileURL
        while !Self.isInstance(folder) {
            let parent = folder.deletingLastPathComponent().standardizedFileURL
            guard parent.path != folder.path else { throw Self.nowhere() }
            folder = parent
        }
        return folder
    }

    private static func isInstance(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: InstanceFolder.configurationName).path)
    }

    private static func nowhere() -> TidelockError {
        TidelockError(
            .notAnInstance, "Neither the current folder nor one of its parents is a Tidelock instance.",
            hint: "Name one with -C DIR, or make one with 'tidelock init DIR'.")
    }
}

/// The parts of an instance's folder.
struct InstanceFolder {
    static let configurationName = "tidelock.lua"

    var url: URL

    var configuration: URL { url.appending(path: Self.configurationName) }
    var hooks: URL { url.appending(path: "hooks") }
    var storage: URL { url.appending(path: "storage") }
    var environment: URL { url.appending(path: ".env") }

    /// The file of that path, be it there or not; nil where the path leads out of the folder, by its own words or by
    /// symbolic links as they are at this moment.
    func file(at path: String) -> URL? {
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.utf8.contains(0), names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
        let file = url.appending(path: path)
        let root = url.resolvingSymlinksInPath().path
        let prefix = root.hasSuffix("/") ? root : root + "/"
        return file.resolvingSymlinksInPath().path.hasPrefix(prefix) ? file : nil
    }
}
