import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Rows that no version of Tidelock writes end a run with an error that names the damage, and not the process.
@Suite struct DamagedRowTests {
    private let instances: [TestInstance]

    init() throws {
        instances = try TestInstance.make("a", "b")
    }

    @Test(arguments: ["UPDATE head SET bucket = 70000", "UPDATE head SET hash = x'00'"])
    func aDamagedRowEndsARunWithAnError(damage: String) async throws {
        let (a, b) = (instances[0], instances[1])
        try await a.put(.posts, #"{"_id":"1"}"#)
        try StoreVandal(a.store).execute(damage)
        do {
            try await a.push(to: b)
            Issue.record("a damaged row was sent")
        } catch let failure as TestRunFailure {
            let error = failure.error
            #expect(error.code == .damagedStore && error.hint != nil, "\(failure)")
        }
        #expect(try b.ids(.posts).isEmpty)
    }

    /// More kinds than are kept in mind.
    @Test func referencesIntoAnyNumberOfKindsAreAllLookedAt() async throws {
        let (a, b) = (instances[0], instances[1])
        let links = (0..<1_500).map { #"{"_model":"m\#($0 % 1_250)","_id":"x"}"# }.joined(separator: ",")
        try await a.put(.posts, #"{"_id":"1","links":[\#(links)],"own":{"_model":"posts","_id":"1"}}"#)
        let run = try await a.push(to: b)
        #expect(run.result?.dangling?.count == 1_250)
    }
}
