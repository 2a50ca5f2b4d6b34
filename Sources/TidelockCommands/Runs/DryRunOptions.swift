internal import ArgumentParser

/// Whether nothing is to be changed: an option of every command whose run could change something.
struct DryRunOptions: ParsableArguments {
    @Flag(name: .customLong("dry-run"), help: "Only say what would be done.") var isWanted = false
}
