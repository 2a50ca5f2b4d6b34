import Testing

/// A history that once broke a rule: it is told again by every run of the tests, whatever other seeds are chosen.
struct KeptSeed: Sendable, CustomTestStringConvertible {
    let seed: UInt64
    /// The operations that there were when it was found: with others the seed tells another history.
    let repertoire: Simulation.Repertoire
    /// What was wrong.
    let found: String

    var testDescription: String { "seed \(seed): \(found)" }

    /// Whoever mends what a seed has shown adds the seed.
    static let all = [
        KeptSeed(
            seed: 250, repertoire: .first,
            found: "where the answer about a delete got lost, the source still knew what it had once sent"),
        KeptSeed(
            seed: 198, repertoire: .full,
            found: "a pull of single items failed for good where another source had deleted others of their kind"),
        KeptSeed(seed: 381, repertoire: .full, found: "a push of single items failed for good for the same reason"),
    ]
}
