public import ContentModel

/// Something that a selection names and of which the source knows nothing: there is no item, no trace of one that was
/// deleted, and none that was sent.
public struct UnknownName: Codable, Sendable, Hashable {
    public enum Sort: String, Codable, Sendable {
        case model, project, item
    }

    public var sort: Sort
    /// Of an item the name of its kind.
    public var kind: String?
    public var name: String
    /// What may have been meant; nil where nothing is close, or nobody may be told.
    public var suggestion: String?

    public init(_ sort: Sort, _ name: String, kind: String? = nil, suggestion: String? = nil) {
        self.sort = sort
        self.kind = kind
        self.name = name
        self.suggestion = suggestion
    }
}

extension UnknownName {
    /// What a run deserves that names it: `unknown_kind` for models and projects, `unknown_item` for items. `isHere`
    /// says whether the one who names it is the source.
    public func failure(isHere: Bool) -> TidelockError {
        let meant = suggestion.map { " Did you mean '\($0.printable)'?" } ?? ""
        let place = isHere ? "here" : "at the source"
        let there = isHere ? "" : " there"
        let shown = name.printable
        switch sort {
        case .model:
            return TidelockError(
                .unknownKind, "There is no model '\(shown)' \(place).\(meant)",
                hint: "'tidelock ls models'\(there) lists those that are defined.")
        case .project:
            return TidelockError(
                .unknownKind, "There is no project '\(shown)' \(place).\(meant)",
                hint: "'tidelock lokalize projects'\(there) lists them.")
        case .item:
            let kind = (kind ?? "").printable
            return TidelockError(
                .unknownItem, "There is no item \(kind)/\(shown) \(place).\(meant)",
                hint: "'tidelock ls \(kind)'\(there) lists the items.")
        }
    }
}
