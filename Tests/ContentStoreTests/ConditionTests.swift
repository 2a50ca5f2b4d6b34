import ContentModel
import ContentStore
import Foundation
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What an instance finds out about the place where it keeps what it has.
@Suite struct ConditionTests {
    private let fixture: TransferFixture
    private var store: Store { fixture.store }
    private var uploads: URL { store.folder.appending(path: "uploads") }

    init() throws {
        fixture = try TransferFixture()
    }

    private func uploadFolder() async throws -> UploadFolder {
        try await store.condition(for: "").storage.uploads
    }

    @Test func theLeaseIsToldWithWhoseItIs() async throws {
        #expect(try await store.condition(for: TransferFixture.a.id).lease == nil)
        let grant = try await fixture.open("t1")
        for caller in [TransferFixture.a, TransferFixture.b] {
            let lease = try #require(try await store.condition(for: caller.id).lease)
            #expect(lease.holder == "a" && lease.expires == grant.expires)
            #expect(lease.isOwn == (caller == TransferFixture.a))
        }
        fixture.clock.advance(by: .seconds(Limits.leaseSeconds + 1))
        #expect(try await store.condition(for: "").lease == nil)
    }

    @Test func thereIsFreeSpace() async throws {
        #expect(try await store.condition(for: "").storage.freeBytes > 0)
    }

    /// It is made when something is uploaded.
    @Test func aFolderThatIsNotThereCountsAsTheOneAboveIt() async throws {
        #expect(try await uploadFolder() == .writable)
        #expect(!FileManager.default.fileExists(atPath: uploads.path))
    }

    @Test func lookingLeavesNothingBehind() async throws {
        try FileManager.default.createDirectory(at: uploads, withIntermediateDirectories: true)
        #expect(try await uploadFolder() == .writable)
        #expect(try FileManager.default.contentsOfDirectory(atPath: uploads.path).isEmpty)
    }

    @Test func aFileInItsPlaceIsNoFolder() async throws {
        try Data().write(to: uploads)
        #expect(try await uploadFolder() == .notAFolder)
    }

    @Test func aLinkThatLeadsNowhereIsNoFolder() async throws {
        try FileManager.default.createSymbolicLink(
            at: uploads, withDestinationURL: store.folder.appending(path: "gone"))
        #expect(try await uploadFolder() == .notAFolder)
    }

    /// Nobody may make files in the kernel's own file system, not even the administrator, whose permissions allow it.
    @Test func aFileSystemThatTakesNoFilesIsNotWritable() async throws {
        try FileManager.default.createSymbolicLink(at: uploads, withDestinationURL: URL(filePath: "/sys/kernel"))
        #expect([.notPermitted, .readOnly].contains(try await uploadFolder()))
    }

    @Test(.enabled(if: getuid() != 0, "permissions mean nothing to the administrator"))
    func permissionsThatForbidItAreSeen() async throws {
        try FileManager.default.createDirectory(
            at: uploads, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o555])
        #expect(try await uploadFolder() == .notPermitted)
    }
}
