/// The id of an item as the store takes it: byte for byte.
///
/// Swift finds texts equal that are canonically the same, such as both spellings of an accented letter; as ids they
/// name two items. So ids are put into sets and tables as this, never as texts.
public struct ItemID: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let text: String

    public init(_ text: String) {
        self.text = text
    }

    public init(stringLiteral text: String) {
        self.init(text)
    }

    public static func == (left: ItemID, right: ItemID) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    public static func < (left: ItemID, right: ItemID) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        // No byte of a text is this one: two ids behind one another are not two others.
        hasher.combine(UInt8.max)
    }

    public var description: String { text }
}
