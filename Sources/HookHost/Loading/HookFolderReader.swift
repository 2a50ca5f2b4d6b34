internal import Foundation

/// Reads `hooks/` into memory, and refuses what it should not hold.
///
/// Only `.lua` files count. Hidden files and folders, and `tests/` and `examples/` at the top, are left out.
struct HookFolderReader {
    private let root: String
    private var files: [HookFile] = []
    private var folders = 0
    private var bytes = 0

    static let largestFile = 1 << 20
    static let mostFiles = 10_000
    static let largestFolder = 64 << 20
    /// How often to look for a moment at which the folder is at rest.
    private static let attempts = 10
    private static let deepest = 32
    private static let leftOut: Set<String> = ["tests", "examples"]

    /// Reads the folder at one moment. A folder that does not exist is an empty one; one that cannot be read is not.
    ///
    /// Files are read one after the other, and somebody may save them or exchange whole folders meanwhile. Only what
    /// is read twice alike was there at one moment; anything else could be half of one version and half of another.
    static func read(_ folder: URL) throws(HookProblem) -> HookFolder {
        var last: HookFolder?
        for _ in 0...attempts {
            do throws(ReadFailure) {
                let contents = try readOnce(folder)
                if let last, last.identity == contents.identity, last.exists == contents.exists { return contents }
                last = contents
            } catch {
                // An editor may replace a file between listing and opening it: look again.
                guard case .changed = error else { throw error.problem }
                last = nil
            }
        }
        throw HookProblem("hooks: files keep changing while they are read.")
    }

    private static func readOnce(_ folder: URL) throws(ReadFailure) -> HookFolder {
        guard let root = try RealPath.of(folder.path) else { return .absent }
        var reader = HookFolderReader(root: root)
        try reader.visit("", depth: 0)
        return HookFolder(files: reader.files)
    }

    private init(root: String) {
        self.root = root
    }

    /// Takes in everything below `folder`, which ends with `/` unless it is the root.
    private mutating func visit(_ folder: String, depth: Int) throws(ReadFailure) {
        folders += 1
        guard depth <= HookFolderReader.deepest, folders <= HookFolderReader.mostFiles else {
            throw .refused(folder, "folders are nested too deep, or a symbolic link leads back into its own folder.")
        }
        for name in try DirectoryListing.names(in: root + "/" + folder, called: HookFile.prefix + folder) {
            if name.hasPrefix(".") || (folder.isEmpty && HookFolderReader.leftOut.contains(name)) { continue }
            try take(folder + name, depth: depth)
        }
    }

    private mutating func take(_ path: String, depth: Int) throws(ReadFailure) {
        let isLua = path.hasSuffix(HookFile.ending)
        guard let real = try RealPath.of(root + "/" + path) else {
            guard try FileKind.of(root + "/" + path, followingLinks: false) == .link else { throw .changed }
            // It may have led to a folder full of handlers, and to run without them is not what anybody wished.
            throw .refused(path, "this symbolic link leads nowhere.")
        }
        let isFolder = try FileKind.of(real) == .folder
        guard isFolder || isLua else { return }
        guard real.hasPrefix(root + "/") else {
            throw .refused(
                path, "this symbolic link leads out of hooks/; copy what it leads to into the folder instead.")
        }
        if isFolder {
            try visit(path + "/", depth: depth + 1)
        } else {
            try read(path, real)
        }
    }

    private mutating func read(_ path: String, _ real: String) throws(ReadFailure) {
        guard files.count < HookFolderReader.mostFiles else {
            throw .refused("", "there are more than \(HookFolderReader.mostFiles) Lua files in it.")
        }
        let text = try FileText.read(real, called: path, limit: HookFolderReader.largestFile)
        bytes += text.count
        guard bytes <= HookFolderReader.largestFolder else {
            throw .refused("", "its Lua files together are larger than \(HookFolderReader.largestFolder >> 20) MiB.")
        }
        files.append(HookFile(path: HookFile.prefix + path, text: text, module: try module(path)))
    }

    /// The name for `require`, or `nil` for an entry file.
    private func module(_ path: String) throws(ReadFailure) -> String? {
        let parts = path.dropLast(HookFile.ending.count).split(separator: "/")
        guard parts.first == "lib" && parts.count > 1 || parts.last?.hasPrefix("_") == true else { return nil }
        guard parts.allSatisfy({ $0.utf8.allSatisfy(\.isModuleLetter) }) else {
            throw .refused(
                path,
                "no 'require' could name this module; name it with letters, digits, '_' and '-' only."
            )
        }
        return parts.joined(separator: ".")
    }
}

extension UInt8 {
    /// What names of modules are made of.
    fileprivate var isModuleLetter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
