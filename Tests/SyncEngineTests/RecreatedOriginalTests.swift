import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// An original that was deleted and is brought back still is the original of what was sent of it. An item that is made
/// anew under its id is not.
@Suite struct RecreatedOriginalTests {
    private let a: TestInstance
    private let b: TestInstance
    private let c: TestInstance
    private static let original = #"{"_id":"1","v":1,"secret":7}"#
    private static let sent = #"{"_id":"1","v":1}"#
    private static let anew = #"{"_id":"1","v":5,"secret":5}"#

    init() throws {
        (a, b, c) = try TestInstance.trio()
        a.hooks.install("strips") { _, item in
            guard item.body.member("secret") != nil else { return .unchanged }
            return .changed(item.body.removing("secret"))
        }
    }

    /// The original was sent and deleted, of which B knows. Answers the run that deleted it.
    private func deleted() async throws -> String {
        try await a.put(.posts, Self.original)
        try await a.push(to: b)
        let removal = try await a.remove(.posts, "1")
        #expect(try await a.push(to: b).result?.released == 1)
        #expect(try await b.text(.posts, "1") == Self.sent)
        return removal
    }

    @discardableResult
    private func rollBack(_ run: String, at instance: TestInstance) async throws -> String {
        let id = instance.newID()
        #expect(try await instance.store.rollback(run, as: id).restored == 1)
        return id
    }

    /// What comes back from a destination does not take the place of the original.
    private func expectOriginal(pullingFrom other: TestInstance) async throws {
        #expect(try await a.text(.posts, "1") == Self.original)
        let run = try await a.pull(from: other)
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await a.text(.posts, "1") == Self.original)
        #expect(try a.problems() == [])
    }

    /// The item here is an edit as any other: the policy says that what arrives counts.
    @discardableResult
    private func expectReplaced(by text: String = Self.sent, pullingFrom other: TestInstance) async throws -> String {
        let run = try await a.pull(from: other)
        #expect(run.result?.conflicts.map(\.verdict) == [.replaced])
        #expect(try await a.text(.posts, "1") == text)
        #expect(try a.problems() == [])
        return run.transfer
    }

    // MARK: Brought back

    @Test func anOriginalThatIsBroughtBackStays() async throws {
        try await rollBack(try await deleted(), at: a)
        try await expectOriginal(pullingFrom: b)
    }

    @Test func anOriginalThatIsBroughtBackStaysWhereWhatWasSentIsBroughtBackToo() async throws {
        try await a.put(.posts, Self.original)
        try await a.push(to: b)
        let removal = try await a.remove(.posts, "1")
        let mirror = try await a.push(to: b, .mirror)
        #expect(try await b.text(.posts, "1") == nil)
        try await rollBack(mirror.transfer, at: b)
        try await rollBack(removal, at: a)
        try await expectOriginal(pullingFrom: b)
    }

    @Test func anOriginalThatIsBroughtBackStaysAlsoWhenAnAnswerWasLost() async throws {
        try await a.put(.posts, Self.original)
        try await a.push(to: b)
        let removal = try await a.remove(.posts, "1")
        await #expect(throws: TestRunFailure.self) {
            try await a.push(to: b, TestRun(fault: .init(call: 1, isCarriedOut: true)))
        }
        try await a.push(to: b)
        try await rollBack(removal, at: a)
        try await expectOriginal(pullingFrom: b)
    }

    @Test(arguments: [.target, .park, .mergeFields] as [ConflictPolicy])
    func noPolicyReplacesAnOriginalThatIsBroughtBack(policy: ConflictPolicy) async throws {
        try await rollBack(try await deleted(), at: a)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        let run = try await a.pull(from: b, .with(policy))
        #expect(run.result?.conflictCount == 1)
        #expect(try await a.text(.posts, "1") == Self.original)
        #expect(try a.problems() == [])
    }

    @Test func anEditOfWhatWasSentDoesNotReplaceAnOriginalThatIsBroughtBack() async throws {
        try await rollBack(try await deleted(), at: a)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        try await expectOriginal(pullingFrom: b)
    }

    @Test func theSameItemOnceMoreIsTheOriginalAgain() async throws {
        _ = try await deleted()
        try await a.put(.posts, Self.original)
        try await expectOriginal(pullingFrom: b)
    }

    @Test func anOriginalIsKnownAgainWhenWhatTookItsPlaceIsTakenBack() async throws {
        let removal = try await deleted()
        let creation = try await a.put(.posts, Self.anew)
        try await rollBack(creation, at: a)
        #expect(try await a.text(.posts, "1") == nil)
        try await rollBack(removal, at: a)
        try await expectOriginal(pullingFrom: b)
    }

    // MARK: Made anew

    @Test func anItemThatIsMadeAnewBeforeAnyRunIsNoOriginal() async throws {
        try await a.put(.posts, Self.original)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        try await a.remove(.posts, "1")
        try await a.put(.posts, Self.anew)
        try await expectReplaced(by: #"{"_id":"1","v":2}"#, pullingFrom: b)
    }

    @Test func anEditOfAnItemThatWasMadeAnewMakesItNoOriginal() async throws {
        _ = try await deleted()
        try await a.put(.posts, Self.anew)
        try await a.put(.posts, #"{"_id":"1","v":6,"secret":5}"#)
        try await expectReplaced(pullingFrom: b)
    }

    @Test func anItemThatWasMadeAnewIsNoOriginalWhenItIsBroughtBack() async throws {
        _ = try await deleted()
        let creation = try await a.put(.posts, Self.anew)
        let undoing = try await rollBack(creation, at: a)
        try await rollBack(undoing, at: a)
        #expect(try await a.text(.posts, "1") == Self.anew)
        try await expectReplaced(pullingFrom: b)
    }

    @Test func anItemThatWasMadeAnewIsTheOriginalOfWhatIsSentOfIt() async throws {
        _ = try await deleted()
        try await a.put(.posts, Self.anew)
        try await a.push(to: b)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":5}"#)
        try await b.put(.posts, #"{"_id":"1","v":6}"#)
        #expect(try await a.pull(from: b).result?.updated == 1)
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":6,"secret":5}"#)
        #expect(try a.problems() == [])
    }

    @Test func whatWasSentToOneDestinationIsNoOutputOfAnItemMadeAnewAsLittleAsWhatWasSentToAnother() async throws {
        try await a.put(.posts, Self.original)
        let others = [b, c]
        for other in others { try await a.push(to: other) }
        try await a.remove(.posts, "1")
        for other in others { try await a.push(to: other) }
        try await a.put(.posts, Self.anew)
        for other in others {
            let pull = try await expectReplaced(pullingFrom: other)
            try await rollBack(pull, at: a)
            #expect(try await a.text(.posts, "1") == Self.anew)
        }
    }

    @Test func anItemOfAThirdInstanceInThePlaceOfADeletedOneIsNoOriginal() async throws {
        _ = try await deleted()
        try await c.put(.posts, #"{"_id":"1","v":7}"#)
        #expect(try await a.pull(from: c).result?.created == 1)
        try await expectReplaced(pullingFrom: b)
    }

    @Test func aParkedVersionInThePlaceOfADeletedItemIsNoOriginal() async throws {
        try await a.put(.posts, Self.original)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        try await a.put(.posts, #"{"_id":"1","v":9,"secret":7}"#)
        let parking = try await a.pull(from: b, .with(.park))
        #expect(parking.result?.conflicts.map(\.verdict) == [.parked])
        try await a.remove(.posts, "1")
        try await a.push(to: b)
        let parked = try #require(try await a.store.conflicts().first)
        try await a.applyParked([parked.id])
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":2}"#)
        try await a.put(.posts, #"{"_id":"1","v":2,"w":1}"#)
        try await b.put(.posts, #"{"_id":"1","v":3}"#)
        try await expectReplaced(by: #"{"_id":"1","v":3}"#, pullingFrom: b)
    }

    /// What handlers hold back from now on says nothing about what was sent of another item.
    @Test(arguments: [false, true])
    func anItemOfWhichNothingIsSentTakesNoPlaceOfTheOriginal(isTakenBack: Bool) async throws {
        let removal = try await deleted()
        let creation = try await a.put(.posts, Self.anew)
        a.hooks.install("strips", version: 2) { _, _ in .dropped(reason: "no more") }
        try await a.push(to: b)
        guard isTakenBack else {
            try await expectReplaced(pullingFrom: b)
            return
        }
        try await rollBack(creation, at: a)
        try await rollBack(removal, at: a)
        try await expectOriginal(pullingFrom: b)
    }
}
