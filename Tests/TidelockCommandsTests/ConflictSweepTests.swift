import ContentModel
import Testing

@testable import TidelockCommands

@Suite("Deciding all conflicts")
struct ConflictSweepTests {
    /// Decides all that it is given, or throws and decides none.
    private actor Decisions {
        private(set) var decided: Set<Int64> = []
        private(set) var calls = 0
        private let why: @Sendable (Int64, _ decided: Set<Int64>) -> TidelockError?

        init(_ why: @escaping @Sendable (Int64, _ decided: Set<Int64>) -> TidelockError?) {
            self.why = why
        }

        func decide(_ ids: [Int64]) throws {
            calls += 1
            var next = decided
            for id in ids {
                if let error = why(id, next) { throw error }
                next.insert(id)
            }
            decided = next
        }
    }

    private static let conflict = TidelockError(.conflicts, "A field is gone.")

    @Test func goesOnBehindWhatCannotBeDecided() async throws {
        let decisions = Decisions { id, _ in id % 100 == 0 ? Self.conflict : nil }
        var sweep = ConflictSweep()
        try await sweep.run(Array(1...450)) { try await decisions.decide($0) }
        #expect(sweep.passedOver.map(\.id) == [100, 200, 300, 400])
        #expect(sweep.passedOver.allSatisfy { $0.reason.code == .conflicts })
        #expect(await decisions.decided.count == 446)
        #expect(sweep.decided == 446)
        // Not one by one.
        #expect(await decisions.calls < 100)
    }

    @Test func decidesNothingWhereNothingCanBe() async throws {
        let decisions = Decisions { _, _ in Self.conflict }
        var sweep = ConflictSweep()
        try await sweep.run([1, 2, 3]) { try await decisions.decide($0) }
        #expect(sweep.decided == 0 && sweep.passedOver.map(\.id) == [1, 2, 3])
    }

    @Test func comesBackToWhatAnotherOneWasInTheWayOf() async throws {
        // Each asset lies where the next one is now, and the last can never move.
        let decisions = Decisions { id, decided in
            id == 5 ? Self.conflict : id < 4 && !decided.contains(id + 1) ? TidelockError(.pathTaken, "Taken.") : nil
        }
        var sweep = ConflictSweep()
        try await sweep.run([1, 2, 3, 4, 5]) { try await decisions.decide($0) }
        #expect(sweep.passedOver.map(\.id) == [5])
        #expect(await decisions.decided == [1, 2, 3, 4])
    }

    @Test func whatStaysInTheWayIsPassedOver() async throws {
        let decisions = Decisions { id, _ in id == 2 ? TidelockError(.pathTaken, "Taken.") : nil }
        var sweep = ConflictSweep()
        try await sweep.run([1, 2, 3]) { try await decisions.decide($0) }
        #expect(sweep.decided == 2 && sweep.passedOver.map(\.id) == [2])
    }

    @Test func stopsAtWhatConcernsAllOfThem() async throws {
        let decisions = Decisions { id, _ in id > 200 ? TidelockError(.diskFull, "No room.") : nil }
        var sweep = ConflictSweep()
        let error = await #expect(throws: TidelockError.self) {
            try await sweep.run(Array(1...450)) { try await decisions.decide($0) }
        }
        #expect(error?.code == .diskFull)
        #expect(sweep.decided == 200 && sweep.passedOver.isEmpty)
    }
}
