/// An item as people name it: `KIND/ID`, where both may hold slashes, and a model alone stands for its items.
///
/// The longest kind that the text begins with counts, of those that are known and of those with a name of their own; a
/// known one may be named by its model alone. Of what is left the id stands behind the last slash, as models are often
/// named in folders; the keys of translations are, too, and there the project ends at the first one.
public struct ItemName: Sendable, Hashable {
    public let kind: Kind
    public let id: String

    /// Throws `usage` for what names no item, `invalid_name` for a model that cannot be one.
    ///
    /// - Parameter known: kinds that are there, where that is known
    public init(_ text: String, among known: [Kind] = []) throws {
        guard let length = Self.lengthOfKind(in: text.utf8, among: known), length > 0, length + 1 < text.utf8.count
        else {
            throw TidelockError(
                .usage, "'\(text.printable)' names no item.", hint: "Write KIND/ID, such as content/posts/42.")
        }
        kind = try Kind.ofItems(String(decoding: text.utf8.prefix(length), as: UTF8.self))
        id = String(decoding: text.utf8.dropFirst(length + 1), as: UTF8.self)
    }

    private static func lengthOfKind(in text: String.UTF8View, among known: [Kind]) -> Int? {
        let spellings = (Kind.named + known).map(\.name) + known.compactMap(\.model)
        let names = spellings.map { $0 + "/" }.filter { text.starts(with: $0.utf8) }
        if let longest = names.map(\.utf8.count).max(), longest < text.count { return longest - 1 }
        let slash = UInt8(ascii: "/")
        let prefix = Kind.translationPrefix.utf8
        guard text.starts(with: prefix) else {
            return text.lastIndex(of: slash).map { text.distance(from: text.startIndex, to: $0) }
        }
        return text.dropFirst(prefix.count).firstIndex(of: slash).map { text.distance(from: text.startIndex, to: $0) }
    }
}
