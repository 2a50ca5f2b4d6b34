/// Width and height of a picture in pixels, as its header says.
///
/// Headers come from anybody. Whatever they hold, reading one ends soon, looks at no byte beyond it, and believes no
/// number that a picture cannot have.
public struct ImageSize: Sendable, Equatable {
    public var width: Int
    public var height: Int

    /// The largest side that is believed.
    public static let longestSide = Int(Int32.max)

    /// Nil for sides that no picture has.
    init?(_ width: Int?, _ height: Int?) {
        guard let width, let height, (1...Self.longestSide).contains(width), (1...Self.longestSide).contains(height)
        else { return nil }
        self.width = width
        self.height = height
    }

    /// Reads PNG, JPEG, GIF, WebP, BMP, AVIF, HEIC and SVG; nil for other files, and where the header says nothing.
    ///
    /// `head` is the beginning of the file, `FileType.headBytes` of it or all.
    public init?(_ head: [UInt8]) {
        let size: ImageSize? =
            switch FileSignature.ending(of: head, named: nil) {
            case "png": Self.png(head)
            case "jpg": Self.jpeg(head)
            case "gif": ImageSize(head.littleEndian(6, bytes: 2), head.littleEndian(8, bytes: 2))
            case "webp": Self.webp(head)
            case "bmp": Self.bitmap(head)
            case "avif", "heic": Self.primaryItem(head)
            case nil: head.isText ? Self.drawing(head) : nil
            default: nil
            }
        guard let size else { return nil }
        self = size
    }

    private static func png(_ head: [UInt8]) -> ImageSize? {
        guard head.holds("IHDR", at: 12) else { return nil }
        return ImageSize(head.bigEndian(16, bytes: 4), head.bigEndian(20, bytes: 4))
    }

    /// Walks from segment to segment up to the one that begins a frame. Each step goes forward by two bytes or more.
    private static func jpeg(_ head: [UInt8]) -> ImageSize? {
        var position = 2
        while position < head.count {
            guard head[position] == 0xFF else { return nil }
            while position < head.count, head[position] == 0xFF { position += 1 }
            guard position < head.count else { return nil }
            let marker = head[position]
            position += 1
            switch marker {
            case 0x01, 0xD0...0xD8: continue
            case 0xD9, 0xDA: return nil
            case 0xC0...0xCF where ![0xC4, 0xC8, 0xCC].contains(marker):
                return ImageSize(
                    head.bigEndian(position + 5, bytes: 2), head.bigEndian(position + 3, bytes: 2))
            default:
                guard let length = head.bigEndian(position, bytes: 2), length >= 2 else { return nil }
                position += length
            }
        }
        return nil
    }

    /// A picture is lossy, lossless, or has a header that both may follow.
    private static func webp(_ head: [UInt8]) -> ImageSize? {
        if head.holds("VP8X", at: 12) {
            return ImageSize(
                head.littleEndian(24, bytes: 3).map { $0 + 1 }, head.littleEndian(27, bytes: 3).map { $0 + 1 })
        }
        if head.holds("VP8L", at: 12), head.holds([0x2F], at: 20), let sides = head.littleEndian(21, bytes: 4) {
            return ImageSize((sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1)
        }
        guard head.holds("VP8 ", at: 12), head.holds([0x9D, 0x01, 0x2A], at: 23) else { return nil }
        // The upper two bits say how it is to be scaled.
        return ImageSize(
            head.littleEndian(26, bytes: 2).map { $0 & 0x3FFF }, head.littleEndian(28, bytes: 2).map { $0 & 0x3FFF })
    }

    private static func bitmap(_ head: [UInt8]) -> ImageSize? {
        if head.littleEndian(14, bytes: 4) == 12 {
            return ImageSize(head.littleEndian(18, bytes: 2), head.littleEndian(20, bytes: 2))
        }
        // A negative height says that the first row is the upper one.
        let height = head.littleEndian(22, bytes: 4).map { Int(Int32(truncatingIfNeeded: $0).magnitude) }
        return ImageSize(head.littleEndian(18, bytes: 4), height)
    }
}
