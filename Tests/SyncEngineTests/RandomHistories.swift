import Foundation
import Testing

/// Histories made from consecutive seeds, a few at a time.
///
/// `TIDELOCK_SEED` chooses the first; the variable `casesVariable` how many.
struct RandomHistories {
    private static let atOnce = 2

    let name: String
    let casesVariable: String
    let first: UInt64
    let cases: UInt64

    init(_ name: String, casesVariable: String, cases: UInt64) {
        self.name = name
        self.casesVariable = casesVariable
        first = Self.number("TIDELOCK_SEED") ?? 1
        self.cases = Self.number(casesVariable) ?? cases
    }

    /// Adds up what the histories did. One that breaks a rule is recorded with what repeats it.
    func tally(_ history: @escaping @Sendable (_ seed: UInt64) async throws -> [String: Int]) async -> [String: Int] {
        print("\(name): TIDELOCK_SEED=\(first) \(casesVariable)=\(cases)")
        var tally: [String: Int] = [:]
        await withTaskGroup(of: [String: Int].self) { group in
            for seed in first..<(first + cases) {
                if seed >= first + UInt64(Self.atOnce), let done = await group.next() {
                    tally.merge(done, uniquingKeysWith: +)
                }
                group.addTask { await recorded(seed, history) }
            }
            for await done in group { tally.merge(done, uniquingKeysWith: +) }
        }
        return tally
    }

    private func recorded(
        _ seed: UInt64, _ history: @Sendable (UInt64) async throws -> [String: Int]
    ) async -> [String: Int] {
        do {
            return try await history(seed)
        } catch {
            Issue.record("TIDELOCK_SEED=\(seed) \(casesVariable)=1: \(error)")
            return [:]
        }
    }

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}
