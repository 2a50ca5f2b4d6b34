internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import HookHost
internal import SyncEngine
internal import SyncProtocol

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Carry out a plan that 'plan --out' wrote, and nothing else.",
        discussion: """
            The plan is one of a push or of a pull. Rows that have moved since at the source, under its handlers or \
            at the destination are left out and named; the others are applied in one commit. The exit status is 0 \
            only if all were applied.
            """)

    @Argument(help: "The file.") var file: String
    @OptionGroup var deletes: DeleteOptions
    @OptionGroup var filters: FilterOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var location: LocationOptions

    /// A plan says what is done, and whoever applies it what of that may be done.
    var confirmations: Confirmations {
        Confirmations(
            deletes: deletes.allowDeletes, missingFilters: filters.confirmMissingFilters,
            emptySource: deletes.allowEmptySource ? true : nil)
    }

    func run() async throws {
        let plan = try WrittenPlan.read(file)
        let instance = try await Instance.open(location)
        try plan.require(of: instance.store.identity)
        let target = try await instance.target(plan.target).target
        let expected = try ExpectedRows(plan.items, keptBy: plan.direction == .push ? .source : .destination)
        var options = PlanOptions(includesReverted: plan.includesReverted)
        options.expected = expected
        options.isExact = true
        var request = SyncRunner.Request(direction: plan.direction, scope: plan.scope, options: options)
        request.confirmations = confirmations
        request.applied = plan
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        let runner = SyncRunner(instance: instance, hooks: hooks, target: target, request: request) { _ in }
        var (report, failure) = await interruptible { await runner.perform() }
        await hooks.drain()
        if failure == nil { failure = report.noteMoved(expected, of: plan) }
        if output.json { try Output.json(report) } else { try ReportText(report: report).print(moved: failure) }
        guard let failure else { return }
        if !output.json { Complaint.write(failure) }
        throw ExitCode(failure.code.traits.exitStatus)
    }
}

/// A row of a plan that was not applied.
struct MovedRow: Codable, Sendable {
    var kind: String
    var id: String
    var cause: ExpectedRows.Cause
}

extension RunReport {
    /// Names the rows of a plan that were left out; answers what to complain about, nil when there are none.
    fileprivate mutating func noteMoved(_ expected: ExpectedRows, of plan: WrittenPlan) -> TidelockError? {
        let rows = expected.moved.map { MovedRow(kind: $0.item.kind.name, id: $0.item.id, cause: $0.cause) }
        moved = rows
        guard !rows.isEmpty else { return nil }
        let failure = TidelockError(
            .planOutdated,
            "\(rows.count) of \(plan.items.count) rows of the plan have moved since it was made and were left out.",
            hint: "Make a new plan for them.")
        error = Failure(failure)
        return failure
    }
}

extension ReportText {
    /// What was applied, although some rows were not.
    fileprivate func print(moved failure: TidelockError?) throws {
        // A run that failed has left out nothing.
        guard failure?.code == .planOutdated, let moved = report.moved else { return try print() }
        var applied = report
        applied.error = nil
        // Both sides are not equal only because nothing of the plan was left.
        if applied.status == .unchanged {
            try Output.line("nothing was applied")
        } else {
            try ReportText(report: applied).print()
        }
        for row in moved.prefix(100) {
            try Output.line(
                "  left out: \(row.kind)/\(row.id.printable) (\(row.cause.words(of: report.direction)))")
        }
        if moved.count > 100 { try Output.line("  … and \(moved.count - 100) more; --json lists them") }
    }
}

extension ExpectedRows.Cause {
    fileprivate func words(of direction: Direction) -> String {
        switch (self, direction) {
        case (.source, .push): "the item was changed here"
        case (.output, .push): "the handlers make something else of it"
        case (.destination, .push): "the row at the target is another one"
        case (.source, .pull), (.output, .pull): "the target sends something else of it, or nothing"
        case (.destination, .pull): "the row here is another one"
        case (.operation, _): "nothing is left to do"
        }
    }
}
