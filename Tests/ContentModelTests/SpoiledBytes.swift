/// Spoils files at random, the same way for the same seed.
struct SpoiledBytes {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private mutating func roll(_ sides: Int) -> Int { Int(next() % UInt64(max(sides, 1))) }

    /// The bytes cut somewhere, with bits flipped and bytes replaced, mostly near the beginning, where headers are.
    mutating func spoil(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        if roll(2) == 0 { bytes.removeLast(bytes.count - roll(min(bytes.count, 1 << roll(12)) + 1)) }
        for _ in 0..<roll(8) where !bytes.isEmpty {
            let place = roll(min(bytes.count, 1 << roll(12)))
            bytes[place] = roll(3) == 0 ? [0, 0xFF, 0x7F, 0x80][roll(4)] : bytes[place] ^ 1 << UInt8(roll(8))
        }
        return bytes
    }
}
