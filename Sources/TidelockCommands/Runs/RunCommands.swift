internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine
internal import SyncProtocol

struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List runs, transfers received and local changes, or show one.",
        subcommands: [List.self, Show.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List runs, transfers received and local changes, newest first.")

        @Option(help: "How many.") var limit = 20
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit takes a number of runs.") }
        }

        func run() async throws {
            let runs = try await Instance.openInAnyCase(location).store.runs(limit: limit)
            if output.json { return try Output.json(runs) }
            try Output.table(
                [["RUN", "WHAT", "TARGET", "STARTED", "STATE", "UNDO"]]
                    + runs.map {
                        [
                            $0.id, $0.direction, $0.target ?? "-", moment($0.started), $0.phase,
                            $0.canBeUndone ? "yes" : "-",
                        ]
                    })
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Say everything that is known about one run.")

        @Argument(help: "The run's id, or an unambiguous beginning of it.") var run: String
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let detail = try await Instance.openInAnyCase(location).store.runDetail(run)
            let shown = ShownRun(detail)
            if output.json { return try Output.json(shown) }
            for line in shown.lines { try Output.line(line) }
        }
    }
}

/// A run for people and, as JSON, for programs.
private struct ShownRun: Encodable {
    var detail: RunDetail
    /// What the run itself reported at its end.
    var report: RunReport?
    /// What a rollback reported.
    var rollback: RollbackResult?

    init(_ detail: RunDetail) {
        self.detail = detail
        let text = Data((detail.run.report ?? "").utf8)
        report = try? JSONDecoder().decode(RunReport.self, from: text)
        rollback = try? JSONDecoder().decode(RollbackResult.self, from: text)
        self.detail.run.report = nil
    }

    var lines: [String] {
        let run = detail.run
        var lines = [
            "run       \(run.id)",
            "what      \(run.direction)\(run.target.map { " (\($0.printable))" } ?? ""): \(run.phase)",
            "when      \(moment(run.started))\(run.ended.map { " to \(moment($0))" } ?? "")",
        ]
        if let received = detail.received {
            lines.append(
                "source    \(received.source.name.printable) (\(received.source.id)), \(received.phase.rawValue)")
        }
        if let planned = detail.planned {
            lines.append(
                "sent to   \(planned.destination.name.printable) (\(planned.destination.id)), plan \(planned.phase)")
        }
        lines += counts + conflicts + [undo]
        if let error = report?.error { lines.append("failed    \(error.message)") }
        for event in detail.events { lines.append("to tell   \(event.sentence)") }
        return lines
    }

    private var counts: [String] {
        if let report, report.status == .committed {
            return [
                "did       \(report.created) created, \(report.updated) updated, \(report.deleted) deleted, \(report.unchanged) unchanged, \(report.skipped) skipped"
            ]
                + report.kinds.filter { $0.touches > 0 }.map {
                    "          \(KindWords(kind: $0, policy: report.policy ?? .source).sent)"
                }
        }
        if let rollback {
            let item = rollback.item.map { ", asked for \($0.kind)/\($0.id)" } ?? ""
            return ["did       \(rollback.restored) restored, \(rollback.kept.count) kept\(item)"]
        }
        return detail.changes.map {
            "did       \($0.kind): \($0.created) created, \($0.updated) updated, \($0.deleted) deleted, \($0.adopted) adopted, \($0.released) released"
        }
    }

    private var conflicts: [String] {
        let listed = report?.conflictList ?? detail.conflicts
        let more = max(report?.conflicts ?? 0, listed.count) - min(listed.count, 20)
        return listed.prefix(20).map { "conflict  \($0.sentence)" }
            + (more > 0 ? ["          … and \(more) more; --json lists them"] : [])
    }

    private func newerChanges(_ undo: RunDetail.Undo) -> String {
        guard let rows = undo.newerRowsLeft else { return "\(undo.newerChangesLeft) newer runs between instances" }
        let changes = undo.newerChangesLeft > 0 ? "\(undo.newerChangesLeft) newer changes" : "newer changes"
        return "\(changes) here of more than \(rows) items"
    }

    private var undo: String {
        if let undo = detail.undo {
            return "undo      \(undo.rows) items, until \(moment(undo.until)) or \(newerChanges(undo))"
        }
        if let redone = detail.redone { return "undo      \(redone.sentence)" }
        if !detail.rollbacks.isEmpty { return "undo      taken back by \(detail.rollbacks.joined(separator: ", "))" }
        if detail.run.direction == "push", detail.run.phase == "committed" {
            return "undo      at \(detail.run.target ?? "the target"), for as long as that keeps it"
        }
        return "undo      none"
    }
}

extension RunDetail.Redone {
    fileprivate var sentence: String {
        let what = isPartial ? "in force again in part" : "in force again"
        let how = canBeUndone ? "; undo with: tidelock rollback \(by)" : ""
        return "\(what): its rollback \(rollback) was taken back by \(by)\(how)"
    }
}

extension RunDetail.Event {
    fileprivate var sentence: String {
        var parts: [String] = []
        if !told.isEmpty { parts.append("told: \(told.joined(separator: ", "))") }
        if !failing.isEmpty { parts.append("tried again: \(failing.joined(separator: ", "))") }
        if !dead.isEmpty { parts.append("given up: \(dead.joined(separator: ", "))") }
        return event + (parts.isEmpty ? "" : " (\(parts.joined(separator: "; ")))")
    }
}
