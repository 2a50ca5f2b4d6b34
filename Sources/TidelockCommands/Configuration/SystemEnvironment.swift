internal import Foundation
internal import SyncEngine

/// The system's clock.
struct SystemClock: WallClock {
    var milliseconds: Int64 {
        Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down))
    }

    func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}

/// The system's cryptographic generator.
struct SystemRandom: RandomSource {
    func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
