internal import ContentModel

/// The references of a staged item as its row holds them: for each the kind, the bucket of what it leads to and its id,
/// the texts behind their lengths in bytes.
///
/// `15:content/authors4711:3:abc` leads to author `abc` in bucket 4711.
enum PackedLinks {
    /// A reference, whose texts lie in the row that is being read.
    struct Link {
        var kind: UnsafeRawBufferPointer
        var bucket: Bucket
        var id: UnsafeRawBufferPointer
    }

    /// Nil for none.
    static func pack(_ links: [ItemLink]) -> [UInt8]? {
        guard !links.isEmpty else { return nil }
        var packed: [UInt8] = []
        packed.reserveCapacity(links.reduce(0) { $0 + $1.kind.name.utf8.count + $1.id.utf8.count + numbersOfLink })
        for link in links {
            append(link.kind.name, to: &packed)
            append(Int(Bucket(kind: link.kind, id: link.id).number), to: &packed)
            append(link.id, to: &packed)
        }
        return packed
    }

    private static func append(_ text: String, to packed: inout [UInt8]) {
        append(text.utf8.count, to: &packed)
        packed.append(contentsOf: text.utf8)
    }

    /// Room for two lengths of three digits, a bucket of five, and their colons.
    private static let numbersOfLink = 14

    /// Digit by digit: a text for each number is felt where every item has links.
    private static func append(_ number: Int, to packed: inout [UInt8]) {
        var power = 1
        while number / power >= 10 { power *= 10 }
        while power > 0 {
            packed.append(UInt8(ascii: "0") + UInt8(number / power % 10))
            power /= 10
        }
        packed.append(UInt8(ascii: ":"))
    }

    /// Hands over one after the other. Answers false for bytes that are no such list; what stood before was handed over.
    static func unpack(_ packed: UnsafeRawBufferPointer, _ body: (Link) throws -> Void) rethrows -> Bool {
        var position = 0
        while position < packed.count {
            guard let kind = text(packed, &position), let number = number(packed, &position),
                let bucket = UInt16(exactly: number), let id = text(packed, &position)
            else { return false }
            try body(Link(kind: kind, bucket: Bucket(number: bucket), id: id))
        }
        return true
    }

    private static func text(_ packed: UnsafeRawBufferPointer, _ position: inout Int) -> UnsafeRawBufferPointer? {
        guard let length = number(packed, &position), length <= packed.count - position else { return nil }
        defer { position += length }
        return UnsafeRawBufferPointer(rebasing: packed[position..<(position + length)])
    }

    /// Digits up to a colon; more than nine are too many for anything that is kept here.
    private static func number(_ packed: UnsafeRawBufferPointer, _ position: inout Int) -> Int? {
        var number = 0
        let start = position
        while position < packed.count, position - start <= 9 {
            let byte = packed[position]
            position += 1
            if byte == UInt8(ascii: ":") { return position - start > 1 ? number : nil }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return nil
    }
}
