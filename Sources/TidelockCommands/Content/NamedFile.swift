internal import ContentModel
internal import Foundation
internal import Glibc

/// What whoever named a file or a folder is told when it cannot be read.
enum NamedFile {
    /// What it was to be.
    enum Sort: String {
        case file, folder
        case fileOrFolder = "file or folder"
    }

    /// Whether a path leads to a folder. Throws `not_found` where it leads to nothing, or nobody may look.
    static func isFolder(_ path: String, asked sort: Sort = .fileOrFolder) throws -> Bool {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw unreadable(path, asked: sort)
        }
        return isFolder.boolValue
    }

    /// Why something could not be read: there is nothing, it is not what it was to be, or the system says why.
    static func unreadable(_ path: String, asked sort: Sort = .file, because cause: (any Error)? = nil) -> TidelockError
    {
        let failure = access(path, R_OK) == 0 ? 0 : errno
        switch failure {
        case ENOENT, ENOTDIR:
            return TidelockError(
                .notFound, "There is no \(sort.rawValue) \(path.legible).",
                hint: path.hasPrefix("/") ? "Check the path." : "Check the path, which begins at the current folder.",
                underlying: cause)
        case 0 where sort == .file && (try? isFolder(path)) == true:
            return TidelockError(
                .notFound, "\(path.legible) is a folder, not a file.", hint: "Name a file.", underlying: cause)
        case 0:
            let why = cause.map { ": \($0.localizedDescription)" } ?? "."
            return TidelockError(.notFound, "\(path.legible) cannot be read\(why)", underlying: cause)
        default:
            return TidelockError(
                .notFound, "\(path.legible) cannot be read: \(String(cString: strerror(failure))).",
                hint: "Check its permissions, and those of the folders above it.", underlying: cause)
        }
    }
}
