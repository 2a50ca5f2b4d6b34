import ContentModel
import ContentStore
import Foundation
import SyncEngine
import Testing
import TidelockTestSupport

/// What scripts cached (`app.cache`), and who takes on what is due by the clock.
@Suite struct CacheTests {
    private let a: TestInstance

    init() throws {
        a = try TestInstance.make("a")[0]
    }

    private var store: Store { a.store }

    @Test func aValueIsThereUntilItsAgeOrAFlush() async throws {
        try await store.cache(JSONDocument(integer: 1), under: "old", seconds: 10)
        try await store.cache(JSONDocument(integer: 2), under: "for ever", seconds: nil)
        try await store.cache(JSONDocument(integer: 3), under: "for ever", seconds: nil)
        a.clock.advance(by: .seconds(10))
        #expect(try await store.cached("old") == nil)
        #expect(try await store.cached("for ever")?.text == "3")
        try await store.uncache("for ever")
        try await store.uncache("never there")
        #expect(try await store.cached("for ever") == nil)
        try await store.cache(JSONDocument(integer: 4), under: "k", seconds: nil)
        #expect(try StoreInspector(store).count("SELECT count(*) FROM cached_value") == 1)
        try await store.flush()
        #expect(try await store.cached("k") == nil)
        #expect(try StoreInspector(store).count("SELECT bytes FROM cache_total") == 0)
    }

    @Test func theOldestMakeRoom() async throws {
        let large = JSONDocument(string: String(repeating: "x", count: 7 << 20))
        for number in 0..<10 { try await store.cache(large, under: "\(number)", seconds: nil) }
        #expect(try StoreInspector(store).count("SELECT bytes FROM cache_total") <= 64 << 20)
        #expect(try await store.cached("0") == nil)
        for number in 1..<10 { #expect(try await store.cached("\(number)") != nil, "\(number)") }
        let tooLarge = JSONDocument(string: String(repeating: "x", count: 9 << 20))
        await #expect(throws: TidelockError.self) { try await store.cache(tooLarge, under: "k", seconds: nil) }
    }

    @Test func aFlushEmptiesItsFolderAndNothingElse() async throws {
        let files = FileManager.default
        let folder = a.folder.url
        for name in ["cache/pages", "tmp"] {
            try files.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        for name in ["cache/pages/x", "cache/y", "tmp/sync.lock"] {
            try Data("x".utf8).write(to: folder.appending(path: name))
        }
        try files.createSymbolicLink(
            at: folder.appending(path: "cache/link"), withDestinationURL: folder.appending(path: "tmp"))
        try await store.flush()
        #expect(try files.contentsOfDirectory(atPath: folder.appending(path: "cache").path) == [])
        #expect(files.fileExists(atPath: folder.appending(path: "tmp/sync.lock").path))
        try files.removeItem(at: folder.appending(path: "cache"))
        try files.createSymbolicLink(
            at: folder.appending(path: "cache"), withDestinationURL: folder.appending(path: "tmp"))
        try await store.flush()
        #expect(files.fileExists(atPath: folder.appending(path: "tmp/sync.lock").path))
    }

    @Test func oneOfManyTakesOnWhatIsDue() async throws {
        let other = try Store.open(in: a.folder.url, name: "a", clock: a.clock, random: SeededRandom(seed: 7))
        #expect(try await store.claim(schedule: "s", due: 100))
        #expect(try await !other.claim(schedule: "s", due: 100))
        #expect(try await !other.claim(schedule: "s", due: 40))
        #expect(try await other.claim(schedule: "t", due: 40))
        let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<20 {
                let store = number % 2 == 0 ? store : other
                group.addTask { try await store.claim(schedule: "s", due: 160) }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
    }
}
