/// Looks into bytes that somebody else made: what lies beyond their end is not there, and nothing else happens.
extension [UInt8] {
    func holds(_ expected: [UInt8], at offset: Int) -> Bool {
        guard offset >= 0, offset <= count - expected.count else { return false }
        return self[offset..<offset + expected.count].elementsEqual(expected)
    }

    func holds(_ text: String, at offset: Int) -> Bool { holds(Array(text.utf8), at: offset) }

    /// Where some bytes begin, at this offset or behind it.
    func position(of wanted: String, from offset: Int) -> Int? {
        let wanted = Array(wanted.utf8)
        guard let first = wanted.first, offset >= 0, offset <= count - wanted.count else { return nil }
        return (offset...count - wanted.count).first { self[$0] == first && holds(wanted, at: $0) }
    }

    /// A whole number of up to seven bytes, the highest first.
    func bigEndian(_ offset: Int, bytes length: Int) -> Int? {
        field(offset, length)?.reduce(0) { $0 << 8 | Int($1) }
    }

    /// A whole number of up to seven bytes, the lowest first.
    func littleEndian(_ offset: Int, bytes length: Int) -> Int? {
        field(offset, length)?.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private func field(_ offset: Int, _ length: Int) -> ArraySlice<UInt8>? {
        precondition((1...7).contains(length), "longer numbers do not fit")
        guard offset >= 0, offset <= count - length else { return nil }
        return self[offset..<offset + length]
    }
}
