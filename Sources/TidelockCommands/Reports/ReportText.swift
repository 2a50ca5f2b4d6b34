internal import ContentModel
internal import Foundation
internal import SyncEngine
internal import SyncProtocol
internal import Synchronization

/// A run's report for people.
struct ReportText {
    let report: RunReport

    func print() throws {
        for line in lines { try Output.line(line) }
    }

    /// Nothing where a run failed: what to say of that is said as an error.
    var lines: [String] {
        guard report.error == nil || report.status == .planned else { return [] }
        var lines = [headline]
        lines += report.kinds.filter { $0.touches > 0 }.map { "  " + line($0) }
        if let byteText { lines.append("  " + byteText) }
        if let fileText, report.status != .unchanged { lines.append("  " + fileText) }
        lines += (report.items ?? []).flatMap { $0.lines(report.direction) }
        if let more = report.moreItems { lines.append("  … and \(more) more items; --limit names more of them") }
        lines += report.conflictList.prefix(20).map { "  \($0.sentence)" }
        if report.conflictList.count > 20 { lines.append("  … and \(report.conflicts - 20) more; --json lists them") }
        if report.status == .planned, let rule = report.translations?.promise { lines.append("  \(rule)") }
        if let changes = report.schemaChanges { lines += self.lines(changes) }
        if let dangling = report.dangling { lines += self.lines(dangling) }
        if let unchecked = report.uncheckedLinks {
            lines.append("  \(unchecked) links were not checked: the sync key does not cover what they lead to")
        }
        if report.reverted > 0 {
            let verb = report.status == .planned ? "would be" : "were"
            lines.append(
                "  \(report.reverted) items that a rollback took back \(there) \(verb) left alone (--include-reverted sends them)"
            )
        }
        if let others = report.takenOver {
            let verb = report.status == .planned ? "would be" : "were"
            lines.append(
                "  \(others) items of this stream that another source has taken over \(there) \(verb) left alone")
        }
        if let refusal = report.refusal {
            lines.append("a \(report.direction.rawValue) would be refused: \(refusal.message)")
            if let hint = refusal.hint { lines.append("  \(hint)") }
        }
        if report.status == .committed {
            lines.append("run \(report.run), \(figures); undo with: tidelock rollback \(report.run)")
        }
        return lines
    }

    private func lines(_ changes: SchemaChanges) -> [String] {
        let verb = report.status == .planned ? "would break" : "broke"
        var lines = ["  definitions of models \(verb) items at the destination:"]
        lines += changes.changes.prefix(20).map { "    \($0.sentence)" }
        if changes.count > 20 { lines.append("    … and \(changes.count - 20) more; --json lists them") }
        return lines
    }

    private func lines(_ dangling: DanglingLinks) -> [String] {
        var lines = ["  \(dangling.count) links lead to items that are not at the destination:"]
        lines += dangling.links.prefix(20).map { "    \($0.kind)/\($0.id) → \($0.missingKind)/\($0.missingID)" }
        if dangling.count > 20 { lines.append("    … and \(dangling.count - 20) more") }
        return lines
    }

    /// Where the destination is, seen from here.
    private var there: String { report.direction == .push ? "there" : "here" }

    private var headline: String {
        let side = report.direction == .push ? "to \(report.target)" : "from \(report.target)"
        switch report.status {
        case .unchanged:
            return "nothing to \(report.direction.rawValue) \(side)\(differing ?? completeness) (\(figures))"
        case .planned:
            let touches = report.kinds.contains { $0.touches > 0 }
            return "a \(report.direction.rawValue) \(side) would change "
                + (touches ? "this:" : "nothing\(differing ?? "")")
        default: return "\(report.direction.rawValue) \(side): \(counts)\(report.verified ? ", verified" : "")"
        }
    }

    /// Says no more than is known: either side may have items that the run has nothing to do with. Handlers that leave
    /// something out say that the destination may differ in it, and so does a run that carried out none of its deletes.
    private var completeness: String {
        let exceptions = [
            report.skipped > 0 ? "what handlers left out" : nil,
            report.kinds.contains { $0.deletes > 0 } ? "what is not deleted \(there)" : nil,
        ].compactMap(\.self)
        return (report.direction == .push ? ": all that goes there is there" : ": all that comes from there is here")
            + (exceptions.isEmpty ? "" : " but for \(exceptions.joined(separator: " and "))")
    }

    /// In what the sides differ although there is nothing to do.
    private var differing: String? {
        guard let differing = report.differing else { return nil }
        let parts = [
            (differing.parked, "parked"), (differing.kept, "kept or merged \(there)"),
            (differing.takenOver, "taken over by another source"), (differing.reverted, "taken back"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let subject = differing.items == 1 ? "1 item differs" : "\(differing.items) items differ"
        return "; \(subject) by decision: \(parts.joined(separator: ", "))"
    }

    /// Of a plan that sends something.
    private var byteText: String? {
        guard report.status == .planned, let bytes = report.planBytes, bytes > 0 else { return nil }
        return "\(ByteText.of(Int64(bytes))) to send, compressed"
    }

    private var fileText: String? {
        report.files.map {
            "\($0.count) files with \(ByteText.of($0.bytes)) belong to it, of which only missing ones travel"
        }
    }

    private var counts: String {
        var parts = ["\(report.created) created", "\(report.updated) updated", "\(report.deleted) deleted"]
        if report.skipped > 0 { parts.append("\(report.skipped) skipped") }
        if report.released > 0 { parts.append("\(report.released) released") }
        if let resumed = report.resumedBatches { parts.append("\(resumed) batches taken over from an interrupted run") }
        if report.conflicts > 0 { parts.append("\(report.conflicts) conflicts") }
        return parts.joined(separator: ", ")
    }

    private var figures: String {
        "\(report.roundTrips) round trips, \(report.bytesSent) bytes sent, \(report.milliseconds) ms"
    }

    private func line(_ kind: KindPlan) -> String {
        let words = KindWords(kind: kind, policy: report.policy ?? .source)
        return report.status == .planned ? words.planned : words.sent
    }
}

extension TranslationSelection.Rule {
    /// What a plan cannot say of single translations, because only the destination knows which it has.
    fileprivate var promise: String? {
        switch self {
        case .override: nil
        case .missingKeys: "decided there: translations that the destination has stay as they are"
        case .missingValues: "decided there: translations that the destination has keep the values that they have"
        }
    }
}

extension KindPlan {
    /// Rows of which there is something to tell.
    var touches: Int { puts + deletes + releases + drops + skips }
}

extension Conflict {
    /// What is at the destination may be an edit of what the source sent, or an item that the source never sent.
    var sentence: String {
        switch verdict {
        case .replaced: "\(kind)/\(id): the destination's own version was replaced and is kept in undo"
        case .keptOriginal: "\(kind)/\(id) was left alone: what is here is the unfiltered original of what arrived"
        case .keptEdited: "\(kind)/\(id) was left alone: it was edited since"
        case .keptTarget: "\(kind)/\(id): the destination's own version stays as it is there"
        case .merged: "\(kind)/\(id) was merged with the destination's own version, which is kept in undo"
        case .mergedParked:
            "\(kind)/\(id) was merged, but for fields changed on both sides: see 'tidelock conflicts' at the destination"
        case .parked:
            "\(kind)/\(id) stays as it is at the destination, and what arrived waits: see 'tidelock conflicts' there"
        case .stopped: "\(kind)/\(id): the destination has a version of its own; the run was stopped"
        }
    }
}

/// One line on a terminal that tells where a run is; nothing at all elsewhere.
final class ProgressLine: Sendable {
    private let isShown: Bool
    private let state = Mutex(State())

    private struct State {
        var started: ContinuousClock.Instant?
        var last: ContinuousClock.Instant?
    }

    init(isShown: Bool) {
        self.isShown = isShown && isatty(STDERR_FILENO) == 1
    }

    func show(_ progress: RunProgress) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let line: String? = state.withLock { (state) -> String? in
            if case .transferring = progress, state.started == nil { state.started = now }
            // Ten times a second is as much as anybody can read.
            if let last = state.last, now - last < .milliseconds(100), !progress.isMilestone { return nil }
            state.last = now
            return text(progress, elapsed: state.started.map { now - $0 })
        }
        if let line { write("\r\u{1B}[K\(line)") }
    }

    func clear() {
        if isShown { write("\r\u{1B}[K") }
    }

    private func text(_ progress: RunProgress, elapsed: Duration?) -> String {
        switch progress {
        case .opening: return "opening …"
        case .comparing: return "comparing lists …"
        case .planning(let examined): return "planning: \(examined) items"
        case .committing: return "committing …"
        case .transferring(let done, let total):
            let seconds = elapsed.map { $0 / .seconds(1) } ?? 0
            guard seconds > 0.2, done > 0 else { return "sending: \(done) of \(total)" }
            let rate = Double(done) / seconds
            return "sending: \(done) of \(total), \(Int(rate)) items/s, \(Int(Double(total - done) / rate)) s left"
        case .bringingFiles(let done, let total):
            return "bringing files: \(ByteText.of(done)) of \(ByteText.of(total))"
        }
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}

extension RunProgress {
    fileprivate var isMilestone: Bool {
        switch self {
        case .opening, .comparing, .committing: true
        case .planning, .transferring, .bringingFiles: false
        }
    }
}
