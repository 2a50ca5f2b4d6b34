internal import ContentModel
internal import Foundation
internal import SyncEngine

/// Looks for what keeps runs of the configuration from beginning when they are due. Nothing is asked of any target.
struct ScheduleCheck: Sendable {
    struct Finding: Sendable {
        var schedule: String
        /// Nil where it is about none, such as a file of jobs that is not there.
        var target: String?
        var error: TidelockError
    }

    let instance: Instance

    /// In the order of the schedules.
    func findings() async -> [Finding] {
        var findings: [Finding] = []
        for run in instance.settings.schedules {
            for problem in await run.problems(at: instance) { findings.append(finding(run, problem)) }
        }
        return findings
    }

    /// What concerns one target: the schedules that lead there, and the first thing that is wrong with one. Also what
    /// is wrong with a schedule that leads to no target there is counts: it may be meant for this one.
    func facts(about target: String) async throws -> DiagnosisFacts.Schedules {
        let others = Set(try await instance.listedTargets().map(\.name)).subtracting([target])
        let problem = await findings().first { finding in finding.target.map { !others.contains($0) } ?? true }
        var names: [String] = []
        for run in instance.settings.schedules {
            guard let file = try? await run.jobs(in: instance.folder), file.targets.contains(target) else { continue }
            names.append(run.name)
        }
        return DiagnosisFacts.Schedules(names: names, problem: problem?.error)
    }

    private func finding(_ run: ScheduledRun, _ problem: ScheduledRun.Problem) -> Finding {
        let cause = TidelockError(wrapping: problem.error)
        return Finding(
            schedule: run.name, target: problem.target,
            error: TidelockError(
                .badSetting,
                "Schedule '\(run.name.printable)' of \(instance.folder.configuration.path) cannot begin as it stands: \(cause.message)",
                hint: cause.hint, underlying: cause))
    }
}
