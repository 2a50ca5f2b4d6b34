import ContentModel
import SyncEngine
import Testing

@Suite struct DeleteGuardTests {
    private func isAllowed(_ kinds: [(deletes: Int, present: Int)], allowed: Int? = nil) -> Bool {
        let kinds = kinds.enumerated().map {
            DeleteGuard.Kind(name: "content/\($0)", deletes: $1.deletes, present: $1.present)
        }
        return (try? DeleteGuard.check(kinds, allowed: allowed)) != nil
    }

    @Test func fewDeletesNeedNoConfirmation() {
        #expect(isAllowed([]))
        #expect(isAllowed([(5, 5)]))
        #expect(!isAllowed([(6, 6)]))
        #expect(isAllowed([(10, 100)]))
        #expect(!isAllowed([(11, 100)]))
        #expect(isAllowed([(1_000, 10_000)]))
        #expect(!isAllowed([(1_001, 1_000_000)]))
    }

    @Test func manyKindsAddUp() {
        #expect(isAllowed([(500, 10_000), (500, 10_000)]))
        #expect(!isAllowed([(500, 10_000), (501, 10_000)]))
    }

    @Test func aConfirmationCoversExactlySoMany() {
        #expect(isAllowed([(500, 500), (600, 600)], allowed: 1_100))
        #expect(!isAllowed([(500, 500), (600, 600)], allowed: 1_099))
        #expect(isAllowed([(5, 5)], allowed: 0))
    }
}
