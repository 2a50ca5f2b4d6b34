import Foundation
import TidelockTestSupport

/// The object that `run` prints with `--json`.
struct JobRuns: Decodable, Sendable {
    /// What a target got, and of which single runs that is the sum.
    struct Row: Decodable, Sendable {
        var report: Report
        var jobs: [Report]?

        private enum CodingKeys: String, CodingKey { case jobs }

        init(from decoder: any Decoder) throws {
            report = try Report(from: decoder)
            jobs = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent([Report].self, forKey: .jobs)
        }
    }

    var runs: [Row]
    var error: Report.Failure?
    /// The exit status it came with.
    private(set) var exit: Int32 = -1

    private enum CodingKeys: String, CodingKey { case runs, error }

    /// Throws when standard output is anything but that one object.
    init(_ ending: RunningTool.Ending) throws {
        guard let runs = try? JSONDecoder().decode(JobRuns.self, from: Data(ending.output.utf8)) else {
            throw CommandFailed(arguments: ["run", "…", "--json"], ending: ending)
        }
        self = runs
        exit = ending.status
    }

    /// Whether every target got everything.
    var areGood: Bool { exit == 0 && error == nil && runs.allSatisfy { $0.report.verified && $0.report.error == nil } }
}

extension RealInstance {
    /// Writes a file below `jobs/`, and answers its path.
    func jobFile(_ name: String, _ text: String) throws -> String {
        let folder = folder.appending(path: "jobs")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    /// Runs a file of jobs and reads the one object that this prints.
    func runJobs(_ path: String, _ options: String...) async throws -> JobRuns {
        try JobRuns(await start(["run", path, "--json"] + options).ending())
    }
}

/// Commands as cron and CI run them: by a shell that finds `tidelock` on its path.
enum Shell {
    /// Runs words of `/bin/sh` in a folder, to their end.
    static func run(
        _ words: String..., in folder: URL, environment: [String: String] = [:]
    ) async throws -> RunningTool.Ending {
        let inherited = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let path = ["PATH": "\(try toolFolder().path):\(inherited)"]
        return try await RunningTool(
            URL(filePath: "/bin/sh"), words, in: folder, environment: environment.merging(path) { $1 }
        ).ending()
    }

    private static func toolFolder() throws -> URL {
        let folder = Story.current.folder.appending(path: "bin")
        guard !FileManager.default.fileExists(atPath: folder.path) else { return folder }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: folder.appending(path: "tidelock"), withDestinationURL: RealInstance.tool)
        return folder
    }
}
