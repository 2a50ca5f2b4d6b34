internal import ArgumentParser

/// Whether a run only says what it would do: an option of the commands that move content.
struct DryRunOptions: ParsableArguments {
    @Flag(name: .customLong("dry-run"), help: "Only say what would be done.") var isWanted = false
}
