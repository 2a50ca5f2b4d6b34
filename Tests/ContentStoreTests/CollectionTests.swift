import ContentModel
import ContentStore
import SyncEngine
import Testing
import TidelockTestSupport

/// Collections that scripts keep (`app.storage`).
@Suite struct CollectionTests {
    private let a: TestInstance

    init() throws {
        a = try TestInstance.make("a")[0]
    }

    private func save(_ numbers: some Sequence<Int>, in collection: String = "c") async throws {
        for number in numbers {
            _ = try await a.store.save(
                try JSONDocument(validating: #"{"_id":"\#(number)","n":\#(number)}"#), in: collection)
        }
    }

    private func find(
        _ filter: String? = nil, by order: [DocumentQuery.Order] = [], limit: Int? = nil, skip: Int = 0
    ) async throws -> [Int64] {
        let query = DocumentQuery(
            filter: try filter.map { try ContentFilter(text: $0) }, sort: order, limit: limit, skip: skip)
        return try await a.store.find(in: "c", query).compactMap { $0.integer("n") }
    }

    @Test func documentsComeInTheOrderInWhichTheyWereFirstSaved() async throws {
        try await save([3, 1, 2])
        try await save([9], in: "other")
        try await save([1])
        #expect(try await find() == [3, 1, 2])
        #expect(try await find(limit: 2) == [3, 1])
        #expect(try await find(limit: 1, skip: 2) == [2])
        #expect(try await find(limit: 0) == [])
        #expect(try await find(limit: .max, skip: 1) == [1, 2])
        #expect(try await find(#"{"n":{"$lt":3}}"#, limit: 1) == [1])
    }

    @Test func theFirstOfManyInAnOrderAreFound() async throws {
        try await save((0..<300).map { $0 * 7 % 300 })
        let down = [DocumentQuery.Order(member: "n", isDescending: true)]
        #expect(try await find(by: down, limit: 3) == [299, 298, 297])
        #expect(try await find(by: down, limit: 2, skip: 100) == [199, 198])
        #expect(try await find(#"{"n":{"$lt":10}}"#, by: down, limit: 1) == [9])
        #expect(try await find(by: [.init(member: "n", isDescending: false)]) == (0..<300).map { Int64($0) })
    }

    @Test func countingAndRemovingFollowTheFilter() async throws {
        try await save(0..<10)
        let small = try ContentFilter(text: #"{"n":{"$lt":4}}"#)
        #expect(try await a.store.count(in: "c", matching: small) == 4)
        #expect(try await a.store.remove(from: "c", matching: small) == 4)
        #expect(try await a.store.count(in: "c", matching: nil) == 6)
    }
}
