import ContentModel
import SyncEngine
import TidelockTestSupport

/// An item of the simulation: a version, something that must not leave, and the mark of a handler.
struct ModelItem: Hashable {
    var version: Int
    var secret: Int?
    var mark: Int?

    func text(_ key: ItemKey) -> String {
        let members = [("v", version as Int?), ("secret", secret), ("mark", mark)]
            .compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
        let file = key.kind == .assets ? [ModelFile(of: version).members(at: ModelFile.path(of: key))] : []
        return "{\"\(key.kind.keyMember)\":\"\(key.id)\",\((members + file).joined(separator: ","))}"
    }

    init(version: Int, secret: Int? = nil, mark: Int? = nil) {
        self.version = version
        self.secret = secret
        self.mark = mark
    }

    init(_ body: JSONDocument) {
        version = body.integer("v").map { Int($0) } ?? 0
        secret = body.integer("secret").map { Int($0) }
        mark = body.integer("mark").map { Int($0) }
    }
}

/// The file of an asset: another one for each version, which assets of the same version share.
struct ModelFile {
    let text: String

    init(of version: Int) {
        text = "the file of version \(version)"
    }

    static func path(of key: ItemKey) -> String { "/2026/\(key.id).txt" }

    func members(at path: String) -> String {
        let bytes = Array(text.utf8)
        return "\"path\":\"\(path)\",\"size\":\(bytes.count),\"_sha256\":\"\(sha256(bytes).hex)\""
    }
}

extension ModelItem {
    /// A three-way merge in which `source` wins where both sides changed something.
    func patched(by source: ModelItem, since base: ModelItem) -> ModelItem {
        func merge<Value: Equatable>(_ field: KeyPath<ModelItem, Value>) -> Value {
            source[keyPath: field] == base[keyPath: field] ? self[keyPath: field] : source[keyPath: field]
        }
        return ModelItem(version: merge(\.version), secret: merge(\.secret), mark: merge(\.mark))
    }
}

/// What the filter handlers of the simulation do.
enum ModelFilter: Hashable, CaseIterable {
    case none, strips, stripsAndMarks, dropsThirds, skipsThirds

    enum Outcome: Hashable {
        case put(ModelItem)
        case drop, skip
    }

    func outcome(_ item: ModelItem) -> Outcome {
        var item = item
        switch self {
        case .none: return .put(item)
        case .dropsThirds where item.version % 3 == 0: return .drop
        case .skipsThirds where item.version % 3 == 0: return .skip
        case .stripsAndMarks: item.mark = item.version % 2
        case .strips, .dropsThirds, .skipsThirds: break
        }
        item.secret = nil
        return .put(item)
    }
}
