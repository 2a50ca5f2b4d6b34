internal import ContentStore

/// An instance as it was at one moment, which others can begin with.
public struct TestBackup: Sendable {
    private let folder: TemporaryFolder
    private let name: String
    private let clock: TestClock
    private let random: SeededRandom

    init(of instance: TestInstance) async throws {
        folder = try TemporaryFolder(inMemory: true)
        (name, clock, random) = (instance.name, instance.clock, instance.random)
        _ = try await instance.store.backup(to: folder.appending("backup.sqlite"), replacing: false)
    }

    /// One more instance of the same name and identity; may be called again.
    public func restored() throws -> TestInstance {
        try TestInstance(name, clock: clock, random: random, restoring: folder.appending("backup.sqlite"))
    }
}

extension TestInstance {
    public func backup() async throws -> TestBackup {
        try await TestBackup(of: self)
    }
}
