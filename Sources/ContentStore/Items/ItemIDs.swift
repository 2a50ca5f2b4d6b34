public import ContentModel

/// The id an item carries, checked.
public func itemID(of body: JSONDocument, kind: Kind) throws -> String {
    guard body.isObject else {
        throw TidelockError(.invalidJSON, "An item of \(kind) is a JSON object.")
    }
    guard let id = body.string(kind.keyMember), !id.isEmpty else {
        throw TidelockError(
            .invalidJSON, "The item has no '\(kind.keyMember)', which identifies items of \(kind).",
            hint: "Give it a text there.")
    }
    try requireValidID(id)
    return id
}

func requireValidID(_ id: String) throws {
    guard !id.isEmpty, id.utf8.count <= Kind.longestName, !id.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
        throw TidelockError(
            .invalidJSON,
            "'\(id.printable)' cannot be an id: ids have at most \(Kind.longestName) bytes and no control characters.")
    }
}
