public import ContentModel

/// What is here of one item.
public struct PresentItem: Sendable {
    public enum Content: Sendable {
        case none
        case tooLarge
        case document(JSONDocument)
    }

    public var id: String
    public var content: Content
    /// The peer was sent another form of the item, as far as is known here: it holds more than the peer has.
    public var isOriginal: Bool

    public init(id: String, content: Content, isOriginal: Bool) {
        self.id = id
        self.content = content
        self.isOriginal = isOriginal
    }
}
