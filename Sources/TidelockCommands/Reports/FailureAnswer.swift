internal import ContentModel

/// What `--json` prints of a command that failed before it had a result: the same member as in the report of a run.
struct FailureAnswer: Encodable {
    var error: RunReport.Failure

    /// Prints it where JSON was asked for, unless there is a result already. The status says the rest when that fails.
    static func write(_ error: TidelockError, arguments: [String]) {
        guard isAskedFor(by: arguments), !Output.hasBegun else { return }
        try? Output.json(FailureAnswer(error: RunReport.Failure(error)))
    }

    /// Also where the rest of the arguments cannot be understood, and for every command that takes the option.
    static func isAskedFor(by arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains("--json")
    }
}
