import ContentModel
import Foundation
import Synchronization
import Testing
import TidelockTestSupport

@testable import ContentStore

/// Who asks the disk, which tells of a failure only those who had its folder open.
@Suite struct BlobDiskTests {
    private let folder: TemporaryFolder
    private let disk = ToldOnce()

    init() throws {
        folder = try TemporaryFolder(inMemory: true)
    }

    private var blobs: BlobFolder { BlobFolder(in: folder.url) }

    /// More of them than are synced one by one, where nobody says otherwise.
    private func arrive(at arrivals: BlobArrivals, _ name: String, count: Int = 20) throws -> [Blob] {
        try (1...count).map { number in
            let bytes = Array("\(name) \(number)".utf8)
            let blob = Blob(hash: ContentHash(bytes: sha256(bytes)), size: Int64(bytes.count))
            let reached = try arrivals.append(bytes[...], to: blob, at: 0)
            #expect(reached == blob.size)
            return blob
        }
    }

    @Test func whatAnotherProcessWasToldOfTheDiskIsToldHereToo() throws {
        let asking = BlobDisk(of: blobs.rootPath) { [disk] in disk.sync($0) }
        let arrivals = BlobArrivals(blobs, on: asking, ahead: ArrivalSync(every: 1_000) {})
        #expect(try arrivals.settle(arrive(at: arrivals, "before")).isEmpty)
        let lost = try arrive(at: arrivals, "lost")
        disk.fail()
        #expect { try arrivals.settle(lost) } throws: { ($0 as? TidelockError)?.code == .storageFailed }
        #expect(try lost.allSatisfy { try arrivals.offset(of: $0) == 0 })
        #expect(try arrivals.settle(arrive(at: arrivals, "lost")).isEmpty)
    }

    /// A file that is opened when others were told already is told nothing.
    @Test func ofFewFilesThatAnotherProcessWroteTheDiskIsAsked() throws {
        let asking = BlobDisk(of: blobs.rootPath) { [disk] in disk.sync($0) }
        let lost = try arrive(at: BlobArrivals(blobs), "lost", count: 3)
        try asking.sync()
        disk.fail()
        let arrivals = BlobArrivals(blobs, on: asking, ahead: ArrivalSync(every: 1_000) {})
        #expect { try arrivals.settle(lost) } throws: { ($0 as? TidelockError)?.code == .storageFailed }
        #expect(try lost.allSatisfy { try arrivals.offset(of: $0) == 0 })
    }

    @Test func ofFewFilesThatArrivedHereTheyAreAskedThemselves() throws {
        let asking = BlobDisk(of: blobs.rootPath) { [disk] in disk.sync($0) }
        let arrivals = BlobArrivals(blobs, on: asking, ahead: ArrivalSync(every: 1_000) {})
        #expect(try arrivals.settle(arrive(at: arrivals, "here", count: 16)).isEmpty)
        #expect(disk.openings == 0)
    }

    @Test func fewFilesStayOpenHoweverManyArrive() throws {
        let arrivals = BlobArrivals(blobs)
        let blobs = try arrive(at: arrivals, "many", count: 60)
        #expect(try openFiles().filter { $0.hasPrefix(self.blobs.arrivals.resolvingSymlinksInPath().path) }.count == 16)
        #expect(try arrivals.settle(blobs).isEmpty)
        #expect(try openFiles().filter { $0.hasPrefix(self.blobs.root.resolvingSymlinksInPath().path + "/") }.isEmpty)
    }

    /// Where the descriptors of this process lead to.
    private func openFiles() throws -> [String] {
        let descriptors = "/proc/self/fd"
        return try FileManager.default.contentsOfDirectory(atPath: descriptors).compactMap { name in
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(descriptors)/\(name)")
        }
    }

    private func isOpen() throws -> Bool {
        try openFiles().contains(blobs.root.resolvingSymlinksInPath().path)
    }

    @Test func theFolderIsOpenFromTheFirstBytesOnForAsLongAsFilesMayArrive() throws {
        let bytes = Array("ab".utf8)
        let blob = Blob(hash: ContentHash(bytes: sha256(bytes)), size: 2)
        do {
            let arrivals = BlobArrivals(blobs)
            #expect(try arrivals.append(bytes[..<1], to: blob, at: 0) == 1)
            #expect(try isOpen())
            withExtendedLifetime(arrivals) {}
        }
        #expect(try !isOpen())
        let next = BlobArrivals(blobs)
        #expect(try isOpen())
        withExtendedLifetime(next) {}
    }

    @Test func aFolderThatTakesThePlaceOfAnotherIsAskedAboutThroughTheSameDescriptor() throws {
        let place = folder.appending("blobs")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let asking = BlobDisk(of: place.path) { [disk] in disk.sync($0) }
        try asking.sync()
        try FileManager.default.moveItem(at: place, to: folder.appending("old"))
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        disk.fail()
        #expect { try asking.sync() } throws: { ($0 as? TidelockError)?.code == .storageFailed }
    }

    @Test func aFolderOnAnotherDiskIsOpenedAnew() throws {
        let place = folder.appending("blobs").path
        try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: folder.path)
        let asking = BlobDisk(of: place) { [disk] in disk.sync($0) }
        for _ in 1...2 { try asking.sync() }
        try FileManager.default.removeItem(atPath: place)
        try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "/proc")
        for _ in 1...2 { try asking.sync() }
        #expect(disk.openings == 2)
    }

    @Test func aFolderThatIsNotThereIsNoDisk() throws {
        let place = folder.appending("blobs")
        let asking = BlobDisk(of: place.path) { [disk] in disk.sync($0) }
        #expect { try asking.sync() } throws: { ($0 as? TidelockError)?.code == .storageFailed }
        #expect(disk.openings == 0)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try asking.sync()
        #expect(disk.openings == 1)
    }
}

/// A disk that fails, and of which another process is told at once: after that only those learn of it who had asked
/// before, each once.
private final class ToldOnce: Sendable {
    private let state = Mutex((openings: 0, failures: 0, told: 0))

    /// How often a folder was opened by those who asked.
    var openings: Int { state.withLock { $0.openings } }

    func fail() { state.withLock { $0.failures += 1 } }

    /// What was opened bears a mark once it has asked; a number of a descriptor would come again with the next one.
    func sync(_ descriptor: Int32) -> Int32 {
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
        let isMarked = flags & O_NONBLOCK != 0
        let fails = state.withLock { state in
            defer { state.told = state.failures }
            if !isMarked { state.openings += 1 }
            return isMarked && state.told < state.failures
        }
        guard fails else { return 0 }
        errno = EIO
        return -1
    }
}
