internal import ContentModel
internal import Foundation
internal import HookHost

/// A push or pull that a server starts by the clock.
struct ScheduledRun: Sendable, Equatable {
    /// What it moves.
    enum Work: Sendable, Equatable {
        /// At least one, each checked.
        case jobs([Job])
        /// The path of a file of jobs, which is read whenever the run is due. It begins at the folder of the instance.
        case file(String)
    }

    var name: String
    var schedule: Schedule
    /// Nil where the file of jobs names targets.
    var target: String?
    /// Nil where the file of jobs says it, or for a push.
    var direction: Direction?
    var work: Work
}

extension ScheduledRun {
    /// What there is to do, and with which targets. Throws what a file of jobs deserves.
    func jobs(in folder: InstanceFolder) async throws -> JobFile {
        let file =
            switch work {
            case .jobs(let jobs): JobFile(jobs: jobs)
            case .file(let path): try await JobFile.read(path, in: folder)
            }
        let completed = try file.completed(targets: target.map { [$0] } ?? [], direction: direction)
        guard !completed.targets.isEmpty else {
            throw TidelockError(
                .usage, "Neither the schedule nor its file of jobs names a target.",
                hint: "Add 'target' to one of them.")
        }
        return completed
    }

    /// What keeps it from beginning.
    struct Problem {
        /// Nil where it is about none.
        var target: String?
        var error: any Error
    }

    /// What keeps it from beginning as things are: its file of jobs, and targets that are unknown, cannot be used or do
    /// not allow it.
    func problems(at instance: Instance) async -> [Problem] {
        do {
            let file = try await jobs(in: instance.folder)
            _ = try Job.runs(file.jobs)
            var problems: [Problem] = []
            for name in file.targets {
                do {
                    let target = try await instance.target(name).target
                    try target.requirePermission(for: file.direction ?? .push)
                } catch {
                    problems.append(Problem(target: name, error: error))
                }
            }
            return problems
        } catch {
            return [Problem(target: target, error: error)]
        }
    }
}

extension SettingsReader {
    /// `schedules.NAME = {cron = …, target = …}`: jobs as they are documented, a file of them, or everything.
    func schedules(_ table: SettingTable) throws -> [ScheduledRun] {
        try table.namedTables("schedules").map { name, entry in
            try entry.allow(["every", "cron", "target", "direction", "jobs"])
            let run = ScheduledRun(
                name: name, schedule: try schedule(entry), target: try entry.text("target"),
                direction: try direction(entry), work: try work(entry))
            if case .jobs = run.work, run.target == nil { throw entry.missing("target") }
            return run
        }
    }

    private func schedule(_ entry: SettingTable) throws -> Schedule {
        let (every, cron) = (try entry.text("every"), try entry.text("cron"))
        do {
            return try Schedule.reading(every: every, cron: cron)
        } catch let error as TidelockError {
            throw entry.wrong(cron == nil ? "every" : "cron", error.message)
        }
    }

    private func direction(_ entry: SettingTable) throws -> Direction? {
        guard let text = try entry.text("direction") else { return nil }
        guard let direction = Direction(rawValue: text) else { throw entry.wrong("direction", "it is push or pull") }
        return direction
    }

    private func work(_ entry: SettingTable) throws -> ScheduledRun.Work {
        guard let document = try entry.document("jobs") else { return .jobs(Job.list(.everything)) }
        if case .string(let path) = JSONValue(document), !path.isEmpty {
            let folder = InstanceFolder(url: URL(filePath: file).deletingLastPathComponent())
            guard folder.file(at: path) != nil else {
                throw entry.wrong("jobs", "the file is not below the folder of the instance, where its path begins")
            }
            return .file(path)
        }
        do {
            guard case .array = JSONValue(document), !document.elements.isEmpty else {
                throw TidelockError(.usage, "it must be a list with at least one job, or the path of a file of jobs")
            }
            return .jobs(
                try document.elements.map { element in
                    let job = try Job(element)
                    _ = try job.scope()
                    try job.requireFittingBatches()
                    return job
                })
        } catch let error as TidelockError {
            throw entry.wrong("jobs", error.message)
        }
    }
}
