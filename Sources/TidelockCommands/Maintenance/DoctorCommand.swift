internal import ArgumentParser
internal import ContentModel
internal import Foundation
internal import SyncEngine

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Find out why a sync with a target would not start, and what to do.",
        discussion: """
            Goes step by step from the target's settings over name, connection, certificate, clock and key to locks, \
            handlers, free space and the folder for uploads on both sides, and to schedules that lead there. Nothing is \
            changed, and the exit status is 0 only if nothing is in the way.
            """)

    @Argument(help: "The target's name.") var target: String
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let diagnosis = Diagnosis(try await Doctor(instance: instance).facts(about: target))
        if output.json {
            try Output.json(DoctorReport(target: target, diagnosis))
        } else {
            for finding in diagnosis.findings { for line in finding.lines { try Output.line(line) } }
        }
        if let cause = diagnosis.cause { throw ExitCode(cause.error.code.traits.exitStatus) }
    }
}

/// A diagnosis as `--json` prints it. Members are only ever added.
private struct DoctorReport: Encodable {
    struct Row: Encodable {
        var step: String
        /// `ok`, `problem` or `not_reached`.
        var result: String
        var found: String?
        var hint: String?
        /// The error code of a problem.
        var code: String?
    }

    var target: String
    var ok: Bool
    /// The step with the first problem.
    var cause: String?
    var steps: [Row]
    /// That problem.
    var error: RunReport.Failure?

    init(target: String, _ diagnosis: Diagnosis) {
        self.target = target
        cause = diagnosis.cause?.step.rawValue
        ok = cause == nil
        steps = diagnosis.findings.map(Row.init)
        error = (diagnosis.cause?.error).map { RunReport.Failure($0) }
    }
}

extension DoctorReport.Row {
    init(_ finding: Diagnosis.Finding) {
        step = finding.step.rawValue
        switch finding.outcome {
        case .ok(let words, let advice): (result, found, hint) = ("ok", words, advice)
        case .problem(let error):
            (result, found, hint, code) = ("problem", error.message, error.hint, error.code.rawValue)
        case .notReached(let known): (result, found) = ("not_reached", known)
        }
    }
}

extension Diagnosis.Finding {
    private static let width = Diagnosis.Step.allCases.map(\.rawValue.count).max() ?? 0

    /// A mark, the step and what was found; a hint stands on a line of its own.
    fileprivate var lines: [String] {
        let name = step.rawValue.padding(toLength: Self.width, withPad: " ", startingAt: 0)
        let indent = String(repeating: " ", count: Self.width + 4)
        let (mark, words, hint): (String, String, String?) =
            switch outcome {
            case .ok(let words, let hint): ("✓", words, hint)
            case .problem(let error): ("✗", error.message, error.hint)
            case .notReached(let known): ("·", ["not reached", known].compactMap { $0 }.joined(separator: "; "), nil)
            }
        return ["\(mark) \(name)  \(words)"] + (hint.map { ["\(indent)Try: \($0)"] } ?? [])
    }
}
