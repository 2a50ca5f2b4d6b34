internal import ContentModel
public import Foundation
public import LuaRuntime
public import SyncEngine

/// How one test of `hooks/tests/` went.
public struct HookTestResult: Sendable, Codable, Equatable {
    /// As people write it, such as `hooks/tests/strip_test.lua`.
    public var file: String
    /// The groups it is in, and its own name.
    public var name: String
    public var passed: Bool
    public var seconds: Double
    /// Why it failed, with the line of the test.
    public var problem: HookProblem?
    /// What an expectation wanted and what there was instead, where both can be shown.
    public var expected: String?
    public var got: String?
}

/// Runs `hooks/tests/*_test.lua`.
///
/// Each file gets a machine and a host of its own, so that no file depends on another; its tests run one after the
/// other and forget what the one before left with the services.
public struct HookTests: Sendable {
    private let folder: URL
    private let configuration: HookHostConfiguration
    private let targets: [TargetFacts]
    /// Tests block their thread while the handlers they fire run on others.
    private let secrets: [String]
    private let workers: LuaWorkers
    private let hookWorkers: LuaWorkers

    /// `targets` are those that `app.http` may talk to. `workers` and `hookWorkers` must not be the same.
    public init(
        folder: URL, configuration: HookHostConfiguration, targets: [TargetFacts] = [], secrets: [String] = [],
        workers: LuaWorkers, hookWorkers: LuaWorkers
    ) {
        self.folder = folder
        self.configuration = configuration
        self.targets = targets
        self.secrets = secrets
        self.workers = workers
        self.hookWorkers = hookWorkers
    }

    /// Runs the tests whose file and name contain `filter`, and tells of each as soon as it has ended.
    ///
    /// Throws `hook_load_failed` when the handlers or the folder of the tests cannot be read.
    public func run(
        filter: String? = nil, _ report: (HookTestResult) throws -> Void
    ) async throws {
        for file in try files() {
            let rehearsal = try Rehearsal(
                folder: folder, configuration: configuration,
                services: RehearsalServices(targets: targets, secrets: secrets), workers: hookWorkers)
            defer { rehearsal.stop() }
            try await rehearsal.start()
            try await HookTestFile(file, rehearsal, configuration, filter: filter, on: workers).run(report)
        }
    }

    private static let ending = "_test.lua"

    private func files() throws -> [HookFile] {
        do {
            guard let tests = try RealPath.of(folder.appending(path: "tests").path) else { return [] }
            let names = try DirectoryListing.names(in: tests, called: HookFile.prefix + "tests")
            return try names.filter { $0.hasSuffix(Self.ending) }.sorted().map { name in
                let text = try FileText.read(
                    tests + "/" + name, called: "tests/\(name)", limit: HookFolderReader.largestFile)
                return HookFile(path: "\(HookFile.prefix)tests/\(name)", text: text, module: nil)
            }
        } catch let failure as ReadFailure {
            throw TidelockError(
                .hookLoadFailed, "The tests in hooks/tests/ cannot be read: \(failure.problem)",
                underlying: failure.problem)
        }
    }
}
