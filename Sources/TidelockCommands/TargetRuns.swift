internal import ContentModel
internal import ContentStore
internal import Foundation
internal import HookHost
internal import SyncEngine
internal import SyncProtocol

/// Runs to several targets side by side, each with a result of its own.
///
/// They may be at work at once, because whatever a push writes at its source it keeps by target; two names that lead to
/// one instance are kept apart by the fence there. One lock is held for all of them, so that nothing else begins
/// meanwhile, and observers are told when it is free again.
struct TargetRuns: Sendable {
    typealias Ended = (report: RunReport, failure: TidelockError?)

    /// Runs at work at once.
    static let atOnce = 4

    let instance: Instance
    let hooks: HookHost
    let targets: [Target]
    let request: SyncRunner.Request

    /// The results in the order of the targets.
    func perform() async -> [Ended] {
        let statistics = StatisticsReporter(instance, hooks: hooks, command: request.direction.rawValue)
        await statistics.report()
        let ended: [Ended]
        do {
            let lock = request.isDryRun ? nil : try takeLock()
            ended = await sideBySide()
            _ = consume lock
        } catch {
            ended = targets.map { refused($0, TidelockError(wrapping: error)) }
            for (report, failure) in ended { await instance.audit(report.auditEntry(request, failure)) }
        }
        await EventDelivery(instance: instance, hooks: hooks).deliverDue()
        await statistics.end()
        return ended
    }

    private func takeLock() throws -> SyncLock {
        try instance.takeLock(run: "to " + targets.map(\.name).joined(separator: ", "))
    }

    private func sideBySide() async -> [Ended] {
        await withTaskGroup(of: (Int, Ended).self) { group in
            var results: [Int: Ended] = [:]
            for (number, target) in targets.enumerated() {
                if number >= Self.atOnce, let (finished, ended) = await group.next() { results[finished] = ended }
                group.addTask { (number, await run(to: target)) }
            }
            for await (finished, ended) in group { results[finished] = ended }
            return targets.indices.compactMap { results[$0] }
        }
    }

    private func run(to target: Target) async -> Ended {
        var request = request
        request.isOneOfSeveral = true
        return await SyncRunner(instance: instance, hooks: hooks, target: target, request: request) { _ in }.perform()
    }

    private func refused(_ target: Target, _ error: TidelockError) -> Ended {
        var report = RunReport(run: "", target: target.name, direction: request.direction)
        report.note(error)
        return (report, error)
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
