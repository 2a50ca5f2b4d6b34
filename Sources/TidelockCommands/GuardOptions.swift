internal import ArgumentParser
internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// What runs may do although a guard would stop them, what makes them refuse, and for how long they try: options of
/// every command that runs, whoever says what is moved.
struct GuardOptions: ParsableArguments {
    @Flag(help: "Mirror although there is a filter: deletes only rows that this source sent.") var forceMirror = false
    @Option(help: "Let the run delete up to so many items although a guard would stop it.") var allowDeletes: Int?
    @Flag(help: "Send although a filter handler that was used last time is gone.") var confirmMissingFilters = false
    @Flag(help: "Send items again that a rollback took back at the destination.") var includeReverted = false
    @Flag(help: "Refuse the run when links of what it sends would lead nowhere.") var failOnDangling = false
    @Flag(help: "Refuse the run when definitions of models that it changes or deletes break items there.")
    var failOnSchema = false
    @Option(help: "Seconds to keep trying while nothing gets through.") var timeout = 30

    func validate() throws {
        guard (1...86_400).contains(timeout) else { throw ValidationError("The timeout is 1 to 86400 seconds.") }
        guard (allowDeletes ?? 0) >= 0 else { throw ValidationError("--allow-deletes takes a number of items.") }
    }

    func request(_ direction: Direction, moving scope: Scope, isDryRun: Bool) -> SyncRunner.Request {
        var scope = scope
        scope.allowsMirrorWithFilter = forceMirror
        return SyncRunner.Request(
            direction: direction, scope: scope, options: PlanOptions(includesReverted: includeReverted),
            confirmations: Confirmations(
                deletes: allowDeletes, missingFilters: confirmMissingFilters,
                refusesDangling: failOnDangling ? true : nil, refusesSchemaChanges: failOnSchema ? true : nil),
            isDryRun: isDryRun, timeout: .seconds(timeout))
    }
}
