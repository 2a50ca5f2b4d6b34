/// Numbers that are the same for the same seed (SplitMix64; Steele, Lea and Flood 2014).
///
/// Tests print their seeds, and some are about particular ones, so the sequence never changes. Knows no other target:
/// those who test one kernel, and those who link decoders on their own, draw from it too.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from 0 on and below `sides`; 0 also where there are no sides.
    public mutating func roll(_ sides: Int) -> Int { Int(next() % UInt64(max(sides, 1))) }
}
