import ContentModel
import Foundation
import FuzzedDecoders
import SyncProtocol
import Testing

/// The decoders that `scripts/fuzz` knows, under inputs that were valid once.
///
/// `TIDELOCK_SEED` and `TIDELOCK_INPUTS` choose other inputs, or more of them for each decoder.
@Suite struct FuzzedDecoderTests {
    private static let seed = number("TIDELOCK_SEED") ?? 1
    private static let inputs = Int(number("TIDELOCK_INPUTS") ?? 1_000)
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fuzz/seeds")

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    private static func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    private func seeds(of decoder: FuzzedDecoder) throws -> [(name: String, bytes: [UInt8])] {
        let folder = Self.folder.appending(path: decoder.name)
        return try Self.names(in: folder).map { ($0, [UInt8](try Data(contentsOf: folder.appending(path: $0)))) }
    }

    // MARK: The list

    @Test func everyDecoderHasSeedsAndEveryFolderOfSeedsADecoder() throws {
        let names = FuzzedDecoder.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(try Self.names(in: Self.folder) == names.sorted())
    }

    /// A message that an endpoint takes or answers is added to the list with it.
    @Test func everyMessageOfAnEndpointHasADecoder() {
        let traits = Endpoint.allCases.filter { $0 != .metrics }.map(\.traits)
        let bodies = (traits.map(\.takes) + traits.map(\.answers)).compactMap(\.self)
        let words = bodies.compactMap { $0.split(separator: " ").first.map(String.init) }
        let messages = Set(words.filter { $0.first?.isUppercase == true })
        #expect(messages.count > 20)
        #expect(messages.filter { FuzzedDecoder.named($0) == nil }.isEmpty)
    }

    @Test(arguments: FuzzedDecoder.all.map(\.name))
    func seedsAreWhatTheDecoderTakes(name: String) async throws {
        let decoder = try #require(FuzzedDecoder.named(name))
        let seeds = try seeds(of: decoder)
        #expect(!seeds.isEmpty)
        for seed in seeds {
            do {
                try await decoder.read(seed.bytes)
            } catch {
                Issue.record("\(name)/\(seed.name): \(error)")
            }
        }
    }

    // MARK: Spoilt inputs

    @Test(arguments: FuzzedDecoder.all.map(\.name))
    func spoiltInputsBreakNoPromise(name: String) async throws {
        let decoder = try #require(FuzzedDecoder.named(name))
        let seeds = try seeds(of: decoder).map(\.bytes)
        var mutator = Mutator(seed: Self.seed)
        for number in 1...Self.inputs {
            let input = mutator.spoil(seeds)
            do {
                try await decoder.read(input)
            } catch let broken as BrokenPromise {
                Issue.record("TIDELOCK_SEED=\(Self.seed) \(name), input \(number): \(broken)\n\(input.hex)")
                return
            } catch {}
        }
    }
}
