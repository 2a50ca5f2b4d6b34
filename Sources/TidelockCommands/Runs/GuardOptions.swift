internal import ArgumentParser
internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// What a run may do although a guard would stop it, what makes it refuse, and for how long it tries: options of every
/// command that runs, whoever says what is moved.
struct GuardOptions: ParsableArguments {
    @OptionGroup var filters: FilterOptions
    @Flag(help: "Send items again that a rollback took back at the destination.") var includeReverted = false
    @Flag(help: "Refuse the run when links of what it sends would lead nowhere.") var failOnDangling = false
    @Flag(help: "Refuse the run when definitions of models that it changes or deletes break items there.")
    var failOnSchema = false
    @Option(
        help: """
            Seconds to keep trying while nothing gets through. Where something listens, its answer is waited for \
            \(Limits.silenceSeconds) seconds at least.
            """)
    var timeout = 30

    func validate() throws {
        guard (1...86_400).contains(timeout) else { throw ValidationError("The timeout is 1 to 86400 seconds.") }
    }

    func request(_ direction: Direction, moving scope: Scope, isDryRun: Bool) -> SyncRunner.Request {
        SyncRunner.Request(
            direction: direction, scope: scope, options: PlanOptions(includesReverted: includeReverted),
            confirmations: Confirmations(
                missingFilters: filters.confirmMissingFilters, refusesDangling: failOnDangling ? true : nil,
                refusesSchemaChanges: failOnSchema ? true : nil),
            isDryRun: isDryRun, timeout: .seconds(timeout))
    }
}

/// Whether a handler may be missing: an option of every command that sends.
struct FilterOptions: ParsableArguments {
    @Flag(help: "Send although a filter handler that was used last time is gone.") var confirmMissingFilters = false
}

/// What may be deleted: options of every command that can delete.
struct DeleteOptions: ParsableArguments {
    @Option(help: "Let the run delete up to so many items although a guard would stop it.") var allowDeletes: Int?
    @Flag(help: "Let a mirror delete what the destination has of kinds of which the source has no item at all.")
    var allowEmptySource = false

    func validate() throws {
        guard (allowDeletes ?? 0) >= 0 else { throw ValidationError("--allow-deletes takes a number of items.") }
    }
}

/// The guards of commands whose runs may be mirrors.
struct MirrorGuardOptions: ParsableArguments {
    @Flag(help: "Mirror although there is a filter: deletes only rows that this source sent.") var forceMirror = false
    @OptionGroup var deletes: DeleteOptions
    @OptionGroup var guards: GuardOptions

    func request(_ direction: Direction, moving scope: Scope, isDryRun: Bool) -> SyncRunner.Request {
        var request = guards.request(direction, moving: scope, isDryRun: isDryRun)
        request.scope.allowsMirrorWithFilter = forceMirror
        request.confirmations.deletes = deletes.allowDeletes
        request.confirmations.emptySource = deletes.allowEmptySource ? true : nil
        return request
    }
}
