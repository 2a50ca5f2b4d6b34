internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import HookHost
internal import RemotePeer
internal import SyncEngine
internal import SyncProtocol

/// Runs with several targets, each with a result of its own.
///
/// Pushes are at work side by side, because whatever a push writes at its source it keeps by target; those of several
/// names that lead to one instance take turns. Pulls all write here, so they all do. One lock is held for all of them,
/// so that nothing else begins meanwhile, and observers are told when it is free again.
struct TargetRuns: Sendable {
    /// Pushes at work at once.
    private static let atOnce = 4

    let instance: Instance
    let hooks: HookHost
    let targets: [ListedTarget]
    /// What is done with each of them. A failure stops the rest for that target alone.
    let sequence: JobSequence
    var progress: @Sendable (RunProgress) -> Void = { _ in }

    /// The results in the order of the targets.
    func perform() async -> [JobSequence.Outcome] {
        let statistics = StatisticsReporter(instance, hooks: hooks, command: sequence.first.direction.rawValue)
        await statistics.report()
        let ended: [JobSequence.Outcome]
        do {
            let lock = sequence.first.isDryRun ? nil : try takeLock()
            ended = await sideBySide()
            _ = consume lock
        } catch {
            var refused: [JobSequence.Outcome] = []
            for target in targets { refused.append(await self.refused(target, TidelockError(wrapping: error))) }
            ended = refused
        }
        await EventDelivery(instance: instance, hooks: hooks).deliverDue()
        await statistics.end()
        return ended
    }

    private func takeLock() throws -> SyncLock {
        let way = sequence.first.direction == .push ? "to" : "from"
        return try instance.takeLock(run: "\(way) " + targets.map(\.name).joined(separator: ", "))
    }

    private func sideBySide() async -> [JobSequence.Outcome] {
        let lists = await turns().lists
        let places = sequence.first.direction == .push ? Self.atOnce : 1
        let ended = await lists.mapSideBySide(atOnce: places) { list in
            var outcomes: [(Int, JobSequence.Outcome)] = []
            for number in list { outcomes.append((number, await run(with: targets[number]))) }
            return outcomes
        }
        return ended.flatMap(\.self).sorted { $0.0 < $1.0 }.map { $0.1 }
    }

    /// Who takes turns. Without a lease there is nothing to take from each other.
    private func turns() async -> TargetTurns {
        let mayMeet = targets.count > 1 && sequence.first.direction == .push && !sequence.first.isDryRun
        let places = await targets.mapSideBySide(atOnce: Self.atOnce) { listed in
            guard let target = try? listed.target.get() else { return TargetTurns.Place.nowhere }
            return TargetTurns.Place(target, instance: mayMeet ? await whoAnswers(at: target) : nil)
        }
        return TargetTurns(places)
    }

    /// Who answers at a target: known from an earlier run, or asked. Nil where nobody does, as its run will tell.
    private func whoAnswers(at target: Target) async -> String? {
        guard target.allows(sequence.first.direction) else { return nil }
        if let known = try? await instance.store.instance(answering: target.name, at: target.uri) { return known }
        return try? await instance.withPeer(target, timeout: sequence.first.timeout) { peer in
            try await peer.check().instance.id
        }
    }

    private func run(with listed: ListedTarget) async -> JobSequence.Outcome {
        switch listed.target {
        case .success(let target): await run(with: target)
        case .failure(let error): await refused(listed, error)
        }
    }

    private func run(with target: Target) async -> JobSequence.Outcome {
        await sequence.perform { request in
            var request = request
            request.isOneOfSeveral = true
            return await SyncRunner(
                instance: instance, hooks: hooks, target: target, request: request, progress: progress
            ).perform()
        }
    }

    /// The result of a target with which nothing was begun.
    private func refused(_ target: ListedTarget, _ error: TidelockError) async -> JobSequence.Outcome {
        var report = RunReport(run: "", target: target.name, direction: sequence.first.direction)
        report.note(error)
        await instance.audit(report.auditEntry(sequence.first, error))
        return JobSequence.Outcome(reports: [report], failure: error, planned: 1)
    }
}

extension Instance {
    /// Runs a command's jobs with targets and tells how each ended. Throws the exit status of the gravest failure.
    func run(_ sequence: JobSequence, with targets: [ListedTarget], json: Bool) async throws {
        let hooks = try await hooks()
        defer { hooks.stop() }
        // Several at once would overwrite one another's line.
        let line = ProgressLine(isShown: !json && targets.count == 1)
        let runs = TargetRuns(
            instance: self, hooks: hooks, targets: targets, sequence: sequence, progress: { line.show($0) })
        let ended = await interruptible { await runs.perform() }
        await hooks.drain()
        line.clear()
        if json {
            try Output.json(RunReports(runs: ended.map(\.report)))
        } else {
            for outcome in ended { try outcome.tell() }
        }
        if let worst = ErrorCode.worst(of: ended.compactMap(\.failure?.code)) {
            throw ExitCode(worst.traits.exitStatus)
        }
    }
}

extension JobSequence.Outcome {
    /// For people who asked for several targets.
    fileprivate func tell() throws {
        for report in reports { try ReportText(report: report).print() }
        guard let failure else { return }
        Complaint.write(failure, of: report.target)
        if let remains { Complaint.warn("\(report.target): \(remains)") }
    }
}

/// What `--json` prints for several runs.
struct RunReports: Encodable, Sendable {
    var runs: [RunReport]
    /// Why there is not even one; left out otherwise.
    var error: RunReport.Failure?
}

extension ErrorCode {
    /// The failure that counts of several: the gravest by its place in the log, of equals the first.
    static func worst(of codes: [ErrorCode]) -> ErrorCode? {
        codes.reduce(nil) { worst, code in
            guard let worst, worst.traits.logLevel.gravity >= code.traits.logLevel.gravity else { return code }
            return worst
        }
    }
}

extension ErrorCode.LogLevel {
    fileprivate var gravity: Int {
        switch self {
        case .info: 0
        case .notice: 1
        case .warning: 2
        case .error: 3
        case .critical: 4
        }
    }
}
