/// The boxes that follow each other in some bytes of a file (ISO/IEC 14496-12, 4.2).
///
/// What cannot be a box ends the list: one that is longer than the bytes it is in, or that goes on to the end of the
/// file. Each step goes forward by eight bytes or more.
struct ISOBoxes: Sequence, IteratorProtocol {
    struct Box {
        var type: String
        /// Where the bytes behind its header are.
        var content: Range<Int>
    }

    private let bytes: [UInt8]
    private var rest: Range<Int>

    /// - Parameter range: within the bytes
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        rest = range
    }

    mutating func next() -> Box? {
        let start = rest.lowerBound
        guard rest.count >= 8, let length = bytes.bigEndian(start, bytes: 4) else { return nil }
        let header = length == 1 ? 16 : 8
        guard let size = length == 1 ? longSize(at: start + 8) : length, size >= header, size <= rest.count else {
            return nil
        }
        rest = start + size..<rest.upperBound
        return Box(
            type: String(decoding: bytes[start + 4..<start + 8], as: UTF8.self),
            content: start + header..<start + size)
    }

    /// The content of the first box of a type.
    func first(_ type: String) -> Range<Int>? {
        first(where: { $0.type == type })?.content
    }

    /// Eight bytes, the first of which no file needs.
    private func longSize(at offset: Int) -> Int? {
        bytes.holds([0], at: offset) ? bytes.bigEndian(offset + 1, bytes: 7) : nil
    }
}
