import ContentModel
import SyncProtocol
import Testing

@testable import SyncEngine

/// Which batches wait for those before them.
@Suite struct BatchOrderTests {
    /// Notes the levels of the items of each batch, and answers which batches follow.
    private func following(_ batches: [[(Kind, Int)]], order: inout BatchOrder) -> [Bool] {
        batches.map { items in
            for (kind, level) in items { order.note(kind, level: level) }
            return order.close()
        }
    }

    private func following(levels batches: [[Int]]) -> [Bool] {
        var order = BatchOrder()
        return following(batches.map { $0.map { (.pages, $0) } }, order: &order)
    }

    @Test func theTopTravelsSideBySide() {
        #expect(following(levels: [[0, 0], [0, 0], [0]]) == [false, false, false])
    }

    @Test func aTreeInOneBatchWaitsForNobody() {
        #expect(following(levels: [[0, 1, 2, 3]]) == [false])
    }

    @Test func aLevelWaitsForTheOneAboveItWhereverThatEnds() {
        #expect(following(levels: [[0], [0, 1], [1], [1], [1]]) == [false, true, true, false, false])
        #expect(following(levels: [[0], [1], [1], [1]]) == [false, true, true, false])
        #expect(following(levels: [[0], [0, 1, 2], [2, 3], [3]]) == [false, true, true, true])
        #expect(following(levels: [[0, 1], [1], [1]]) == [false, true, false])
    }

    @Test func treesDoNotWaitForOneAnother() {
        var order = BatchOrder()
        let batches: [[(Kind, Int)]] = [[(.pages, 0)], [(.assetFolders, 0), (.assetFolders, 1)], []]
        #expect(following(batches, order: &order) == [false, false, false])
    }

    /// Whatever changed may be below what was written first.
    @Test func anotherLookWaitsForTheFirst() {
        var order = BatchOrder()
        #expect(following([[(.pages, 0)], [(.pages, 0)]], order: &order) == [false, false])
        order.beginLook()
        #expect(following([[(.pages, 0)], [(.pages, 0)], [(.pages, 0)]], order: &order) == [true, true, false])
    }
}
