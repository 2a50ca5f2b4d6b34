internal import ArgumentParser
internal import ContentModel
internal import SyncEngine

/// What a check found out about one target, as `--json` prints it. Members are only ever added.
struct CheckRow: Encodable, Sendable {
    /// Empty in a row about a schedule that leads to none.
    var target: String
    /// The schedule that a row is about. There is one for each that cannot begin, and nobody is asked for it: the
    /// members below are false there.
    var schedule: String?
    var ok: Bool
    /// A Tidelock answers there.
    var reachable: Bool
    var keyAccepted: Bool
    var instance: String?
    var version: String?
    /// Milliseconds by which the clock over there is ahead of ours.
    var clockDifference: Int64?
    var milliseconds: Int?
    var warning: String?
    var error: RunReport.Failure?

    /// - Parameter mindingClock: whether a clock that differs too much is a failure; runs get by with it
    init(_ target: String, _ outcome: Result<TargetCheck, TidelockError>, mindingClock: Bool = false) {
        self.target = target
        switch outcome {
        case .success(let check):
            (ok, reachable, keyAccepted) = (true, true, true)
            instance = check.instance.name
            version = check.version
            clockDifference = check.clockDifference?.milliseconds
            milliseconds = Int(check.latency / .milliseconds(1))
            warning = check.warning
            note(check.clockDifference?.problem(of: "'\(target)'"), isFailure: mindingClock)
        case .failure(let failure):
            ok = false
            reachable = failure.code.provesReachable
            keyAccepted = failure.code.provesKeyAccepted
            error = RunReport.Failure(failure)
        }
    }

    init(_ finding: ScheduleCheck.Finding) {
        (target, schedule) = (finding.target ?? "", finding.schedule)
        (ok, reachable, keyAccepted) = (false, false, false)
        error = RunReport.Failure(finding.error)
    }

    private mutating func note(_ problem: TidelockError?, isFailure: Bool) {
        guard let problem else { return }
        if isFailure {
            ok = false
            error = RunReport.Failure(problem)
        } else {
            warning = warning ?? problem.message
        }
    }

    var line: String {
        if let error { return schedule == nil ? "✗ \(target): \(error.message)" : "✗ \(error.message)" }
        let clock = clockDifference.map { ["clock \(ClockDifference(milliseconds: $0).sentence)"] } ?? []
        let facts = ["reachable", "key accepted", instance?.printable ?? "?", "version \(version?.printable ?? "?")"]
        return "✓ \(target): \((facts + clock).joined(separator: ", ")), \(milliseconds ?? 0) ms"
    }
}

extension [CheckRow] {
    /// Prints the rows, and ends the command with the exit status of the first that failed.
    func print(asJSON json: Bool, lines: (CheckRow) -> [String]) throws {
        if json {
            try Output.json(self)
        } else {
            for row in self { for line in lines(row) { try Output.line(line) } }
            if isEmpty { try Output.line("no targets") }
        }
        guard let failure = compactMap(\.error).first else { return }
        throw ExitCode(ErrorCode(rawValue: failure.code)?.traits.exitStatus ?? 1)
    }
}
