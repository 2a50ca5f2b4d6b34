extension ImageSize {
    /// The size of a picture in AVIF or HEIC: that of its primary item, cropped and turned as that says
    /// (ISO/IEC 23008-12, 6.5).
    ///
    /// Nil where the head ends before the boxes that say it do.
    static func primaryItem(_ head: [UInt8]) -> ImageSize? {
        guard let meta = ISOBoxes(head, head.indices).first("meta") else { return nil }
        let boxes = ISOBoxes(head, meta.dropFirst(fullHeader))
        guard let item = boxes.first("pitm").flatMap({ primary(head, $0) }), let described = boxes.first("iprp"),
            let container = ISOBoxes(head, described).first("ipco")
        else { return nil }
        let properties = Array(ISOBoxes(head, container))
        var size: ImageSize?
        for number in associations(of: item, head, described) where properties.indices.contains(number - 1) {
            size = properties[number - 1].applied(to: size, head)
        }
        return size
    }

    /// Version and flags in front of the content of many boxes.
    fileprivate static let fullHeader = 4

    private static func primary(_ head: [UInt8], _ content: Range<Int>) -> Int? {
        guard let version = content.first.map({ head[$0] }) else { return nil }
        return field(head, content, at: fullHeader, bytes: version == 0 ? 2 : 4)
    }

    /// The numbers of the properties of an item, counted from 1.
    private static func associations(of item: Int, _ head: [UInt8], _ described: Range<Int>) -> [Int] {
        for box in ISOBoxes(head, described) where box.type == "ipma" {
            var table = AssociationTable(head, box.content)
            while let row = table.next() {
                if row.item == item { return row.properties }
            }
        }
        return []
    }

    /// A number within the content of a box.
    fileprivate static func field(_ head: [UInt8], _ content: Range<Int>, at offset: Int, bytes: Int) -> Int? {
        guard offset <= content.count - bytes else { return nil }
        return head.bigEndian(content.lowerBound + offset, bytes: bytes)
    }
}

extension ISOBoxes.Box {
    /// The size of a picture after this property of it; the same for properties that do not change it.
    fileprivate func applied(to size: ImageSize?, _ head: [UInt8]) -> ImageSize? {
        func field(_ offset: Int) -> Int? { ImageSize.field(head, content, at: offset, bytes: 4) }
        switch type {
        case "ispe": return ImageSize(field(ImageSize.fullHeader), field(ImageSize.fullHeader + 4))
        case "clap":
            guard let size, let width = rounded(field(0), field(4)), let height = rounded(field(8), field(12)),
                width <= size.width, height <= size.height
            else { return nil }
            return ImageSize(width, height)
        case "irot":
            guard let size, let quarters = ImageSize.field(head, content, at: 0, bytes: 1) else { return nil }
            return quarters & 1 == 0 ? size : ImageSize(size.height, size.width)
        default: return size
        }
    }

    private func rounded(_ numerator: Int?, _ denominator: Int?) -> Int? {
        guard let numerator, let denominator, denominator > 0 else { return nil }
        return (numerator + denominator / 2) / denominator
    }
}

/// Which item has which properties. Each step goes forward by three bytes or more.
private struct AssociationTable {
    private let head: [UInt8]
    private let content: Range<Int>
    private let hasLongItems: Bool
    private let hasLongProperties: Bool
    private var offset = ImageSize.fullHeader + 4
    private var left: Int

    init(_ head: [UInt8], _ content: Range<Int>) {
        self.head = head
        self.content = content
        hasLongItems = ImageSize.field(head, content, at: 0, bytes: 1) != 0
        hasLongProperties = (ImageSize.field(head, content, at: 3, bytes: 1) ?? 0) & 1 == 1
        left = ImageSize.field(head, content, at: ImageSize.fullHeader, bytes: 4) ?? 0
    }

    mutating func next() -> (item: Int, properties: [Int])? {
        guard left > 0, let item = number(hasLongItems ? 4 : 2), let count = number(1) else { return nil }
        left -= 1
        var properties: [Int] = []
        for _ in 0..<count {
            guard let property = number(hasLongProperties ? 2 : 1) else { return nil }
            // The highest bit says whether readers have to know it.
            properties.append(property & (hasLongProperties ? 0x7FFF : 0x7F))
        }
        return (item, properties)
    }

    private mutating func number(_ bytes: Int) -> Int? {
        defer { offset += bytes }
        return ImageSize.field(head, content, at: offset, bytes: bytes)
    }
}
