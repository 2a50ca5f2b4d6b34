import ContentModel
import ContentStore
import SyncEngine
import Testing
import TidelockTestSupport

/// Values by name (`app.kv`).
@Suite struct KeptValueTests {
    private let a: TestInstance

    init() throws {
        a = try TestInstance.make("a")[0]
    }

    private var store: Store { a.store }

    private func json(_ text: String) throws -> JSONDocument { try JSONDocument(validating: text) }

    private func refusal(_ work: () async throws -> Void) async -> TidelockError? {
        do { try await work() } catch { return error as? TidelockError }
        return nil
    }

    @Test func eachOwnerSeesOnlyHisOwn() async throws {
        try await store.set(try json(#"{"a":[1.0]}"#), "k", of: "a.lua", seconds: nil)
        try await store.set(try json("2"), "k", of: "b.lua", seconds: nil)
        #expect(try await store.value("k", of: "a.lua")?.text == #"{"a":[1.0]}"#)
        #expect(try await store.value("k", of: "b.lua")?.text == "2")
        #expect(try await store.value("k", of: "c.lua") == nil)
        try await store.set(nil, "k", of: "a.lua", seconds: nil)
        #expect(try await store.value("k", of: "a.lua") == nil)
        #expect(try await store.value("k", of: "b.lua") != nil)
    }

    @Test func aValueWithAnAgeVanishes() async throws {
        try await store.set(try json("1"), "k", of: "a", seconds: 60)
        a.clock.advance(by: .seconds(59))
        #expect(try await store.value("k", of: "a") != nil)
        a.clock.advance(by: .seconds(1))
        #expect(try await store.value("k", of: "a") == nil)
        #expect(try await store.increment("k", of: "a", by: 5) == 5)
        #expect(try StoreInspector(store).count("SELECT count(*) FROM kept_value") == 1)
    }

    @Test func manyAddAtOnceAndNothingIsLost() async throws {
        let other = try Store.open(in: a.folder.url, name: "a", clock: a.clock, random: SeededRandom(seed: 7))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                let store = number % 2 == 0 ? store : other
                group.addTask { _ = try await store.increment("n", of: "a", by: 3) }
            }
            try await group.waitForAll()
        }
        #expect(try await store.value("n", of: "a")?.text == "120")
    }

    @Test func addingKeepsTheAgeAndRefusesWhatIsNoNumber() async throws {
        try await store.set(try json("1"), "n", of: "a", seconds: 60)
        #expect(try await store.increment("n", of: "a", by: -3) == -2)
        a.clock.advance(by: .seconds(60))
        #expect(try await store.value("n", of: "a") == nil)
        try await store.set(try json(#""x""#), "s", of: "a", seconds: nil)
        #expect(await refusal { _ = try await store.increment("s", of: "a", by: 1) }?.code == .usage)
        try await store.set(JSONDocument(integer: Int64.max), "m", of: "a", seconds: nil)
        #expect(await refusal { _ = try await store.increment("m", of: "a", by: 1) }?.code == .usage)
        #expect(try await store.value("m", of: "a")?.text == "\(Int64.max)")
    }

    @Test func anOwnerKeepsAtMostOneMebibyte() async throws {
        let half = JSONDocument(string: String(repeating: "x", count: 500_000))
        try await store.set(half, "1", of: "a", seconds: nil)
        try await store.set(half, "2", of: "a", seconds: nil)
        let error = await refusal { try await store.set(half, "3", of: "a", seconds: nil) }
        #expect(error?.code == .tooLarge && error?.message.contains("1048576") == true, "\(String(describing: error))")
        // What replaces a value counts instead of it, and other owners have room of their own.
        try await store.set(half, "2", of: "a", seconds: nil)
        try await store.set(half, "3", of: "b", seconds: nil)
        try await store.set(nil, "1", of: "a", seconds: nil)
        try await store.set(half, "3", of: "a", seconds: nil)
    }

    @Test func anOwnerKeepsAtMostTenThousandKeys() async throws {
        try StoreVandal(store).execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
            INSERT INTO kept_value (owner, key, bytes) SELECT 'a', 'k' || i, x'31' FROM n
            """)
        #expect(await refusal { try await store.set(try json("1"), "new", of: "a", seconds: nil) }?.code == .tooLarge)
        #expect(await refusal { _ = try await store.increment("new", of: "a", by: 1) }?.code == .tooLarge)
        try await store.set(try json("2"), "k7", of: "a", seconds: nil)
    }
}
