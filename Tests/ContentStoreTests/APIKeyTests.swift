import ContentModel
import GRDB
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

@testable import ContentStore

@Suite struct APIKeyTests {
    private let store: Store

    init() throws { store = try TestInstance.make("a")[0].store }

    @Test func aKeyMayReadUnlessItWasMadeToWrite() async throws {
        let reader = try await store.addAPIKey(name: "app")
        let writer = try await store.addAPIKey(name: "editor", right: .write)
        #expect(try await store.holder(of: reader) == APIKeyHolder(name: "app", right: .read))
        #expect(try await store.holder(of: writer) == APIKeyHolder(name: "editor", right: .write))
        #expect(try await store.apiKeys().map(\.right) == [.read, .write])
        try await store.removeAPIKey(name: "editor")
        #expect(try await store.holder(of: writer) == nil)
        #expect(try await store.holder(of: "API-unknown") == nil)
    }

    @Test func aMisspeltNameRemovesNothingAndIsToldTheNearest() async throws {
        let key = try await store.addAPIKey(name: "website")
        _ = try await store.addAPIKey(name: "editor")
        let misspelt = await #expect(throws: TidelockError.self) { try await store.removeAPIKey(name: "webiste") }
        #expect(misspelt?.code == .notFound)
        #expect(misspelt?.message == "There is no API key 'webiste'. Did you mean 'website'?")
        let strange = await #expect(throws: TidelockError.self) { try await store.removeAPIKey(name: "nothing-alike") }
        #expect(strange?.message == "There is no API key 'nothing-alike'.")
        #expect(try await store.holder(of: key)?.name == "website")
    }

    @Test func anUnknownRightIsDamageAndLetsNobodyIn() async throws {
        let key = try await store.addAPIKey(name: "app")
        try await store.pool.write { try $0.execute(sql: "UPDATE api_key SET access = 'everything'") }
        await #expect { try await store.holder(of: key) } throws: { error in
            (error as? TidelockError)?.code == .damagedStore
        }
    }
}
