import ContentModel
import ContentStore
import Foundation
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Threads about successes that were none, and about what was lost; see `ThreadTests`.
@Suite struct SuccessThreadTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func putAsset(_ id: String, version: Int) async throws {
        try a.takeFile(ModelFile(of: version).text)
        try await a.put(.assets, ModelItem(version: version).text(ItemKey(.assets, id)))
    }

    /// What a web server finds where the assets of an instance lie.
    private func files(of instance: TestInstance) -> [String?] {
        ["f1", "f2", "f3"].map { instance.upload(at: ModelFile.path(of: ItemKey(.assets, $0))) }
    }

    private func failure(_ run: TestRun = TestRun()) async throws -> TidelockError? {
        do {
            try await a.push(to: b, run)
            return nil
        } catch let failure as TestRunFailure {
            return failure.error
        }
    }

    @Test("T6, T69: a mirror that breaks has deleted nothing: no items, no files, no half of a tree", arguments: 1...10)
    func nothingIsDeletedFirst(call: Int) async throws {
        for isCarriedOut in [true, false] {
            let made = try TestInstance.make("a", "b")
            let tests = SuccessThreadTests(made[0], made[1])
            try await tests.breakMirror(FaultyPeer.Fault(call: call, isCarriedOut: isCarriedOut))
        }
    }

    private init(_ a: TestInstance, _ b: TestInstance) {
        (self.a, self.b) = (a, b)
    }

    private func breakMirror(_ fault: FaultyPeer.Fault) async throws {
        for id in ["f1", "f2"] { try await putAsset(id, version: 1) }
        try await a.put(.pageItems, #"{"_id":"root"}"#, #"{"_id":"below","_pid":"root"}"#)
        try await a.push(to: b)
        let (oldItems, oldFiles) = (try b.items(), files(of: b))
        for (id, version) in [("f1", 2), ("f3", 3)] { try await putAsset(id, version: version) }
        try await a.remove(.assets, "f2")
        try await a.put(.pageItems, #"{"_id":"top"}"#, #"{"_id":"below","_pid":"top"}"#)
        try await a.remove(.pageItems, "root")
        var run = TestRun.mirror
        (run.fault, run.options.batchSize) = (fault, 1)
        _ = try await failure(run)
        let isNew = try b.items() == a.items()
        if !isNew { #expect(try b.items() == oldItems) }
        #expect(files(of: b) == (isNew ? files(of: a) : oldFiles))
        a.clock.advance(by: .seconds(2 * Limits.leaseSeconds))
        try await a.push(to: b, .mirror)
        #expect(try b.items() == a.items())
        #expect(files(of: b) == files(of: a))
    }

    @Test("T23: what an item needs is found before anything is applied, and all of it is named")
    func whatIsMissingIsFoundFirst() async throws {
        try await a.put(
            .posts, #"{"_id":"1","to":{"_model":"pages","_id":"child"}}"#,
            #"{"_id":"2","to":{"_model":"pages","_id":"gone"}}"#)
        try await a.put(.pageItems, #"{"_id":"child","to":{"_model":"pages","_id":"grandchild"}}"#)
        let strict = Confirmations(refusesDangling: true)
        let error = try await failure(TestRun(confirmations: strict))
        #expect(error?.code == .danglingLinks)
        #expect(error?.details["links"] == "2")
        #expect(try b.items().isEmpty)
        try await a.put(.pageItems, #"{"_id":"grandchild"}"#, #"{"_id":"gone"}"#)
        let linked = Scope(items: ["content/posts": ["1"]], itemRule: .linked)
        #expect(try await a.push(to: b, TestRun(scope: linked, confirmations: strict)).result?.created == 3)
        #expect(try b.ids(.pageItems) == ["child", "grandchild"])
    }

    @Test("T24: a run that took effect is never said to have failed", arguments: 1...10)
    func whatTookEffectIsNotSaidToHaveFailed(call: Int) async throws {
        for number in 1...4 { try await a.put(.posts, "{\"_id\":\"\(number)\"}") }
        var run = TestRun(options: PlanOptions(batchSize: 1))
        run.fault = FaultyPeer.Fault(call: call, isCarriedOut: true)
        let error = try await failure(run)
        let isThere = try b.items() == a.items()
        #expect(isThere || error != nil)
        if isThere, let error { #expect(error.details[RunMachine.mayHaveCommitted] != nil, "\(error)") }
        if let error { #expect(!error.message.isEmpty) }
    }

    @Test("T37: an item that is in the way can be left out, and the run counts it")
    func oneItemCanBeLeftOut() async throws {
        for number in 1...5 { try await a.put(.posts, "{\"_id\":\"\(number)\"}") }
        a.hooks.install("spares") { _, item in item.id == "3" ? .skipped(reason: "damaged") : .unchanged }
        let run = try await a.push(to: b)
        #expect(run.result?.created == 4)
        #expect(run.plan?.kinds.map(\.skips) == [1])
        #expect(try b.ids(.posts) == ["1", "2", "4", "5"])
    }

    @Test("T38: what somebody confirms counts, as far as it goes and no further")
    func confirmationsCount() async throws {
        for number in 1...8 { try await a.put(.posts, "{\"_id\":\"\(number)\"}") }
        a.hooks.install("looks") { _, _ in .unchanged }
        try await a.push(to: b)
        for number in 1...7 { try await a.remove(.posts, "\(number)") }
        func mirror(deletes: Int?, missingFilters: Bool = false) -> TestRun {
            TestRun(
                scope: Scope(mode: .mirror),
                confirmations: Confirmations(deletes: deletes, missingFilters: missingFilters))
        }
        for deletes in [nil, 0, 6] {
            #expect(try await failure(mirror(deletes: deletes))?.code == .deleteGuard, "\(String(describing: deletes))")
        }
        a.hooks.clear()
        #expect(try await failure(mirror(deletes: 7))?.code == .filterMissing)
        #expect(try await failure(mirror(deletes: nil, missingFilters: true))?.code == .deleteGuard)
        #expect(try b.ids(.posts).count == 8)
        #expect(try await failure(mirror(deletes: 7, missingFilters: true)) == nil)
        #expect(try b.ids(.posts) == ["8"])
    }

    @Test("T39: an asset that is skipped is skipped with its file")
    func whatIsSkippedIsSkippedInEveryPhase() async throws {
        try await putAsset("f1", version: 1)
        try await putAsset("f2", version: 2)
        a.hooks.install("skips", kinds: [.assets]) { _, item in
            item.id == "f1" ? .skipped(reason: "no") : .unchanged
        }
        try await a.push(to: b)
        #expect(try b.ids(.assets) == ["f2"])
        #expect(try b.files(holding: ModelFile(of: 1).text) == [])
        #expect(try b.files(holding: ModelFile(of: 2).text) != [])
    }

    @Test("T40: no asset arrives without its file")
    func noAssetArrivesWithoutItsFile() async throws {
        try await putAsset("f1", version: 1)
        for name in try a.files(holding: ModelFile(of: 1).text) {
            try FileManager.default.removeItem(at: a.store.folder.appending(path: name))
        }
        let error = try await failure()
        #expect(error?.code == .blobMissing, "\(String(describing: error))")
        #expect(try b.ids(.assets) == [])
        try a.takeFile(ModelFile(of: 1).text)
        a.clock.advance(by: .seconds(2 * Limits.leaseSeconds))
        #expect(try await failure() == nil)
        #expect(files(of: b).first == ModelFile(of: 1).text)
    }

    @Test("T63: versions that wait do not pile up: of each item the newest waits")
    func waitingVersionsDoNotPileUp() async throws {
        try await a.put(.posts, #"{"_id":"x","v":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"x","v":"edited"}"#)
        for version in 2...6 {
            try await a.put(.posts, "{\"_id\":\"x\",\"v\":\(version)}")
            try await a.push(to: b, .with(.park))
        }
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM conflict") == 1)
        let waiting = try StoreInspector(b.store).texts(
            "SELECT cast(bytes AS TEXT) FROM conflict JOIN body USING (rid)")
        #expect(waiting == [#"{"_id":"x","v":6}"#])
        #expect(try b.problems() == [])
    }

    @Test("T71: a move and a new order arrive, and an error about a tree names the item")
    func movesAndOrderArrive() async throws {
        try await a.put(
            .pageItems, #"{"_id":"1","_o":0}"#, #"{"_id":"2","_o":1}"#, #"{"_id":"3","_pid":"1","_o":0}"#)
        try await a.push(to: b)
        try await a.put(.pageItems, #"{"_id":"1","_o":1}"#, #"{"_id":"2","_o":0}"#, #"{"_id":"3","_pid":"2","_o":0}"#)
        #expect(try await a.push(to: b).result?.updated == 3)
        #expect(try b.items() == a.items())
        try await a.put(.pageItems, #"{"_id":"2","_pid":"3","_o":0}"#)
        let error = try await failure()
        #expect(error?.code == .treeCycle)
        #expect(error?.message.contains("3") == true, "\(String(describing: error))")
    }
}
