internal import ContentModel

/// Ids of runs and transfers: UUID version 7 (RFC 9562, section 5.7), so that they sort by time.
public enum TransferID {
    public static func make(clock: any WallClock, random: any RandomSource) -> String {
        let time = UInt64(clock.milliseconds)
        var bytes = (0..<6).map { UInt8(truncatingIfNeeded: time >> (8 * (5 - UInt64($0)))) } + random.bytes(10)
        bytes[6] = bytes[6] & 0x0F | 0x70
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = bytes.hex
        var text = ""
        for (position, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(position) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    /// Whether a text has the form of such an id; peers choose them, so it is checked.
    public static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && parts.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) } }
    }
}
