/// What becomes of an item that was edited at its destination when the source brings another version of it.
///
/// Handlers of `sync.conflict` are asked first; the policy decides what they leave open.
public enum ConflictPolicy: String, Sendable, Codable, CaseIterable {
    /// The source's version is applied; the edit it replaces is listed and kept in undo.
    case source
    /// The destination's version stays, listed as drift.
    case target
    /// Fields changed on one side only are merged; fields changed on both sides stay as they are at the destination and
    /// wait in the list of conflicts.
    case mergeFields = "merge-fields"
    /// The run stops before anything is applied, and lists every conflict.
    case fail
    /// The destination's version stays, and the source's waits in the list of conflicts.
    case park
}

extension KeyedDecodingContainer {
    /// Scopes written before there were policies have none: then the source wins.
    func decode(_ type: ConflictPolicy.Type, forKey key: Key) throws -> ConflictPolicy {
        try decodeIfPresent(type, forKey: key) ?? .source
    }
}
