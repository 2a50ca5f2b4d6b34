import ContentModel
import ContentStore
import Testing
import TidelockTestSupport

/// What a verification finds, and what it leaves alone.
@Suite struct VerificationTests {
    private let a: TestInstance
    private let b: TestInstance

    init() async throws {
        (a, b) = try TestInstance.pair()
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#, #"{"_id":"3","v":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"2","v":"edited"}"#)
        try await b.remove(.posts, "3")
        // Nothing is dirty afterwards.
        try await a.push(to: b)
    }

    private func problems(_ instance: TestInstance, isDeep: Bool = false) async throws -> [StoreProblem] {
        let report = try await instance.store.verify(isDeep: isDeep)
        #expect(report.problemCount == report.problems.count)
        return report.problems
    }

    private func spoil(_ sql: String) throws { try StoreVandal(b.store).execute(sql) }

    @Test func aSoundStoreHasNoProblems() async throws {
        for instance in [a, b] {
            let report = try await instance.store.verify(isDeep: true)
            #expect(report.problems == [] && report.items == 3 && report.digestTrees == 1, "\(report)")
        }
    }

    /// What becomes of the leaves of each node; a leaf takes 21 bytes: the low byte of its bucket, four of its count,
    /// and its digest.
    private static let damagedLeaves = [
        // Another digest, another count, none at all.
        "substr(leaves, 1, 5) || zeroblob(16)", "substr(leaves, 1, 4) || x'09' || substr(leaves, 6)", "x''",
        // One of no rows beside them, before and behind.
        "x'0000000001' || zeroblob(16) || leaves", "leaves || x'FF00000001' || zeroblob(16)",
        // What no leaves are packed into: a byte too many or too few, no order, no row.
        "leaves || x'00'", "substr(leaves, 2)", "leaves || leaves", "zeroblob(21)", "zeroblob(2100000)",
        "substr(leaves, 1, 1) || zeroblob(4) || substr(leaves, 6)",
    ].map { "UPDATE node SET leaves = CAST(\($0) AS BLOB)" }

    private static let damagedNodes = [
        "UPDATE node SET count = 0", "UPDATE node SET count = -1", "UPDATE node SET count = \(Int64.max)",
        "UPDATE node SET digest = zeroblob(16)", "UPDATE node SET digest = x'00'", "DELETE FROM node",
        "INSERT INTO node SELECT role, pid, kid, 300, 1, digest, leaves FROM node LIMIT 1",
        "INSERT INTO node SELECT role, pid, kid, -1, 1, digest, leaves FROM node LIMIT 1",
        "INSERT INTO dirty_leaf SELECT DISTINCT role, pid, kid, 65536 FROM node",
        "INSERT INTO dirty_leaf SELECT DISTINCT role, pid, kid, -1 FROM node",
    ]

    @Test(arguments: damagedLeaves + damagedNodes)
    func digestsThatDifferFromTheRowsAreFoundAndRepaired(damage: String) async throws {
        try spoil(damage)
        let found = try await problems(b)
        #expect(found.count == 1 && found.allSatisfy { $0.isRepairable && $0.kind == "content/posts" }, "\(found)")
        // Looking changes nothing.
        #expect(try await problems(b) == found)
        #expect(try await b.store.repairDigests() > 0)
        #expect(try await problems(b, isDeep: true) == [])
        #expect(try b.problems() == [])
        #expect(try await a.push(to: b).isNoOp)
    }

    /// Whatever stands there: the run does what it should or is refused, and does it after a repair.
    @Test(arguments: damagedLeaves + damagedNodes)
    func aRunOverDamagedDigestsEnds(damage: String) async throws {
        try spoil(damage)
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        do {
            try await a.push(to: b)
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .rootMismatch)
        }
        _ = try await b.store.repairDigests()
        for instance in [a, b] { #expect(try await problems(instance) == []) }
        try await a.push(to: b)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":2}"#)
        #expect(try await a.push(to: b).isNoOp)
    }

    @Test func whatIsMarkedIsNotWrong() async throws {
        try spoil("UPDATE node SET digest = zeroblob(16); UPDATE head SET base = zeroblob(32) WHERE id = '1'")
        #expect(try await problems(b).count == 1)
        try spoil(StoreVandal.markAll)
        #expect(try await problems(b) == [])
    }

    @Test func theSourcesDigestsAreCheckedToo() async throws {
        try StoreVandal(a.store).execute("UPDATE shadow SET out_hash = zeroblob(32) WHERE id = '1'")
        #expect(try await problems(a).count == 1)
    }

    @Test func aMissingBodyIsNamedAndNotRepaired() async throws {
        try spoil("DELETE FROM body WHERE rid = (SELECT rid FROM head WHERE id = '1')")
        let found = try await problems(b)
        #expect(found.map(\.what) == ["its content is missing"] && found.map(\.id) == ["1"], "\(found)")
        #expect(try await b.store.repairDigests() == 0)
        #expect(try await problems(b) == found)
    }

    @Test func aBodyOfTwoRowsAndOneOfNoneAreFound() async throws {
        try spoil("UPDATE head SET rid = (SELECT rid FROM head WHERE id = '1') WHERE id = '2'")
        let found = try await problems(b)
        #expect(found.contains { $0.id != nil && $0.what == "its content belongs to two rows" }, "\(found)")
        #expect(found.contains { $0.what.contains("belongs to nothing") }, "\(found)")
    }

    @Test func aRowThatContradictsItselfIsNamed() async throws {
        try spoil("UPDATE head SET deleted = 1 WHERE id = '1'")
        #expect(try await problems(b).contains { $0.id == "1" })
    }

    @Test func onlyADeepVerificationReadsContent() async throws {
        try spoil("UPDATE body SET bytes = x'7B7D' WHERE rid = (SELECT rid FROM head WHERE id = '1')")
        try spoil("UPDATE body SET bytes = x'7B' WHERE rid = (SELECT rid FROM head WHERE id = '2')")
        #expect(try await problems(b) == [])
        let found = try await problems(b, isDeep: true)
        #expect(found.filter { $0.id == "1" }.map(\.what) == ["the hash of the item is not that of its content"])
        #expect(found.filter { $0.id == "2" }.map(\.what) == ["the item is not valid JSON"])
    }

    @Test func manyProblemsAreCountedAndTheFirstListed() async throws {
        try await b.change(
            (0..<1_200).map { number in
                let body = try JSONDocument(validating: "{\"_id\":\"n\(number)\"}")
                return .put(kind: .pageItems, body: body, hash: body.hash)
            })
        try spoil("UPDATE head SET bucket = bucket + 1 WHERE kid = (SELECT kid FROM kind WHERE name = 'content/pages')")
        let report = try await b.store.verify(isDeep: false)
        #expect(report.problemCount >= 1_200 && report.problems.count == VerificationReport.listedProblems)
    }
}
