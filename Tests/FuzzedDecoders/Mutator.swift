internal import SeededNumbers

/// Spoils inputs in ways that break decoders, the same way for the same seed.
public struct Mutator: Sendable {
    private var random: SplitMix64
    /// Pieces that are put in the place of others.
    private static let pieces: [String] = [
        "9223372036854775807", "-9223372036854775808", "18446744073709551616", "1e999", "-1", "0.1", "null", "true",
        "\"\"", "\"\\u0000\"", "\"\\ud800\"", "{}", "[]", "\n", "\n\n", ",", ":", "\"", "\\", "\u{FEFF}",
        String(repeating: "[", count: 3_000), String(repeating: "{\"a\":", count: 3_000),
        String(repeating: "x", count: 300), "[\"put\",\"content/a\",\"b\"]\n", "{\"$not\":{\"$not\":{}}}",
    ]

    public init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    private mutating func roll(_ sides: Int) -> Int { random.roll(sides) }

    /// One of the inputs, changed in one to four places.
    public mutating func spoil(_ inputs: [[UInt8]]) -> [UInt8] {
        var bytes = inputs[roll(inputs.count)]
        for _ in 0...roll(4) { change(&bytes) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = roll(bytes.count)
        switch roll(8) {
        case 0 where !bytes.isEmpty: bytes[place] ^= 1 << UInt8(roll(8))
        case 1 where !bytes.isEmpty: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.removeLast(min(bytes.count, roll(bytes.count + 1)))
        case 3: bytes.insert(contentsOf: bytes.prefix(roll(bytes.count + 1)), at: min(place, bytes.count))
        case 4: repeatLine(&bytes)
        case 5: replaceNumber(&bytes)
        case 6 where !bytes.isEmpty: bytes.removeSubrange(place..<min(bytes.count, place + 1 + roll(8)))
        default: bytes.insert(contentsOf: Self.pieces[roll(Self.pieces.count)].utf8, at: min(place, bytes.count))
        }
        // Doubling again and again would end in inputs that are refused for their size alone.
        if bytes.count > 64 << 10 { bytes.removeLast(bytes.count - 64 << 10) }
    }

    private mutating func repeatLine(_ bytes: inout [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard !lines.isEmpty else { return }
        bytes += lines[roll(lines.count)] + [UInt8(ascii: "\n")]
    }

    /// Puts a piece in the place of some number.
    private mutating func replaceNumber(_ bytes: inout [UInt8]) {
        let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let starts = bytes.indices.filter { isDigit(bytes[$0]) && ($0 == 0 || !isDigit(bytes[$0 - 1])) }
        guard !starts.isEmpty else { return }
        let start = starts[roll(starts.count)]
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Array(Self.pieces[roll(8)].utf8))
    }
}
