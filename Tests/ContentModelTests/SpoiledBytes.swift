import SeededNumbers

/// Spoils files at random, the same way for the same seed.
struct SpoiledBytes {
    private var random: SplitMix64

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    private mutating func roll(_ sides: Int) -> Int { random.roll(sides) }

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
