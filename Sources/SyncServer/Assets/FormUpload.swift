internal import ContentModel
internal import SyncEngine

/// What a form with files has said so far.
struct FormUpload: Sendable, Equatable {
    private struct File: Equatable {
        var name: String
        var place: String
    }

    /// Fields that say something about the files. Others are ignored: pages and their libraries send some of their own.
    private enum Field: String {
        case folder, title
    }

    private var files: [File] = []
    private var values: [Field: String] = [:]

    /// Where the files lie, whole or not.
    var places: [String] { files.map(\.place) }
    var names: [String] { files.map(\.name) }

    mutating func add(file name: String, at place: String) {
        files.append(File(name: name, place: place))
    }

    /// Notes a value; an empty one is none. Throws `usage` for a second one that is another.
    mutating func note(_ name: String, _ value: String?) throws {
        guard let field = Field(rawValue: name), let value, !value.isEmpty else { return }
        guard values.updateValue(value, forKey: field) ?? value == value else {
            throw TidelockError(.usage, "The form says '\(name)' twice, and not the same.")
        }
    }

    /// What is to become assets. Throws `usage` when that is nothing.
    var uploads: [AssetUpload] {
        get throws {
            guard !files.isEmpty else {
                throw TidelockError(
                    .usage, "The form holds no file.", hint: "For example curl -F 'files[]=@photo.jpg' sends one.")
            }
            guard values[.title] == nil || files.count == 1 else {
                throw TidelockError(
                    .usage, "The form has one title for \(files.count) files.", hint: "Leave it out: names are titles.")
            }
            return files.map { file in
                AssetUpload(file: file.place, name: file.name, title: values[.title], folder: values[.folder])
            }
        }
    }
}
