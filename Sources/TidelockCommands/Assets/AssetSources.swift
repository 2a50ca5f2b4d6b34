internal import ContentModel
internal import Foundation

/// A file that becomes an asset.
struct AssetSource: Equatable {
    var file: URL
    /// Names of the folders it was found in, below the one that was asked for.
    var folders: [String] = []
    /// What it is called where it comes from.
    var name: String
    /// How messages name it.
    var place: String

    init(file: URL, folders: [String] = []) {
        self.file = file
        self.folders = folders
        name = file.lastPathComponent
        place = file.path
    }

    /// A file that lies here only while it is taken in, so that its path means nothing to anybody.
    init(file: URL, calledBySender name: String) {
        self.file = file
        self.name = name
        place = name.printable
    }
}

/// The files that somebody named, those in named folders included.
enum AssetSources {
    /// Throws `not_found` for what is not there, `usage` for folders unless they are asked for, and for symbolic links
    /// inside of them: nobody named those.
    static func list(_ names: [String], isRecursive: Bool) throws -> [AssetSource] {
        let sources = try names.flatMap { name in
            let url = URL(filePath: name)
            let isFolder = try NamedFile.isFolder(name, asked: isRecursive ? .fileOrFolder : .file)
            guard isFolder else { return [AssetSource(file: url)] }
            guard isRecursive else {
                throw TidelockError(
                    .usage, "\(name.legible) is a folder.", hint: "--recursive adds the files in it, with its folders.")
            }
            return try walk(url, [url.standardizedFileURL.lastPathComponent])
        }
        guard !sources.isEmpty else {
            throw TidelockError(
                .notFound, "There is no file in \(names.map(\.legible).joined(separator: ", ")).",
                hint: "Hidden files are left out; name one to add it all the same.")
        }
        return sources
    }

    /// In the order of names. Hidden files are none that anybody means to show.
    private static func walk(_ folder: URL, _ names: [String]) throws -> [AssetSource] {
        guard names.count <= AssetFolderTree.depth else {
            throw TidelockError(.usage, "\(folder.path.legible) is deeper than \(AssetFolderTree.depth) folders.")
        }
        return try entries(of: folder).flatMap { entry in
            let file = folder.appending(path: entry)
            switch try FileManager.default.attributesOfItem(atPath: file.path)[.type] as? FileAttributeType {
            case .typeDirectory?: return try walk(file, names + [entry])
            case .typeRegular?: return [AssetSource(file: file, folders: names)]
            default:
                throw TidelockError(
                    .usage, "\(file.path.legible) is neither a file nor a folder.",
                    hint: "Name the file that a link leads to.")
            }
        }
    }

    private static func entries(of folder: URL) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { !$0.hasPrefix(".") }
                .sorted()
        } catch {
            throw NamedFile.unreadable(folder.path, asked: .folder, because: error)
        }
    }
}
