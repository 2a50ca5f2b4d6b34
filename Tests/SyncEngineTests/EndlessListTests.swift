import ContentModel
import ContentStore
import SyncProtocol
import Testing
import TidelockTestSupport

@testable import SyncEngine

/// Lists of a destination that never come to their end.
@Suite struct EndlessListTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    @Test(arguments: [ListHeld.Part.all, .drift, .buckets([7])], ["m", "l"])
    func aPageMustLeadOnFromTheOneBefore(part: ListHeld.Part, next: String) async throws {
        let comparison = ShadowComparison(
            store: a.store, peer: b.identity.id, descent: Descent(nonce: "n", mode: .merge, isExact: true))
        let before = ListPosition(bucket: 7, id: "m")
        let page = HeldPage(items: [], next: ListPosition(bucket: 7, id: next))
        let list = SuppliedList(request: ListHeld(kind: "content/posts", part: part, after: before), page: page)
        let refusal = await #expect(throws: TidelockError.self) {
            try await comparison.take(list, transfer: a.newID())
        }
        #expect(refusal?.code == .malformedMessage)
    }
}
