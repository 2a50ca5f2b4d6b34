import ContentModel
import SyncEngine
import SyncProtocol
import Testing

@testable import TidelockCommands

@Suite("Reports for people")
struct ReportTextTests {
    /// A report about one kind.
    private func report(
        _ status: RunReport.Status, _ policy: ConflictPolicy = .source, _ change: (inout KindPlan) -> Void
    ) -> RunReport {
        var kind = KindPlan(kind: "content/posts")
        change(&kind)
        var report = RunReport(run: "r", target: "edge", direction: .push)
        report.status = status
        report.policy = policy
        report.kinds = [kind]
        return report
    }

    private func text(_ report: RunReport) -> String {
        ReportText(report: report).lines.joined(separator: "\n")
    }

    @Test(arguments: [
        (ConflictPolicy.source, "2 edits there would be replaced"), (.target, "2 edits there would stay"),
        (.mergeFields, "2 edits there would be merged, or wait as conflicts"),
        (.fail, "2 edits there would stop the run"), (.park, "2 edits there would stay and wait as conflicts"),
    ])
    func aPlanSaysWhatThePolicyDoesWithEdits(policy: ConflictPolicy, words: String) {
        let text = text(
            report(.planned, policy) { kind in
                kind.updates = 3
                kind.overwrites = 2
            })
        #expect(text.hasSuffix("content/posts: 3 to update, \(words)"), "\(text)")
    }

    @Test func aRunThatIsOverDoesNotSayWhatItWouldDo() {
        var report = report(.committed) { kind in
            kind.creates = 1
            kind.updates = 3
            kind.deletes = 1
            kind.overwrites = 4
            kind.skips = 2
        }
        report.updated = 1
        report.skipped = 4
        let text = text(report)
        #expect(text.contains("push to edge: 0 created, 1 updated, 0 deleted, 4 skipped"), "\(text)")
        #expect(text.contains("  content/posts: 4 sent, 1 sent as deleted, 2 skipped by handlers\n"), "\(text)")
        for word in ["to create", "to update", "to delete", "would", "overwrite"] {
            #expect(!text.contains(word), "\(word) in \(text)")
        }
    }

    @Test func aPlanSaysWhatOnlyTheDestinationDecides() {
        var report = report(.planned) { _ in }
        var kind = KindPlan(kind: "content/posts")
        (kind.creates, kind.openCreates) = (7, 6)
        var plan = PlanSummary(kinds: [kind], batches: [], expectedRoots: [:], handlerCalls: 0)
        report.note(.planned(plan), unchanged: 0, reverted: 0)
        #expect(report.created == 1 && report.undecided == 6)
        let words = "1 to create, 6 to send, to be created, updated or left as they are: decided there"
        #expect(text(report).contains("content/posts: \(words)"), "\(text(report))")
        plan.kinds[0].openCreates = nil
        report.note(.planned(plan), unchanged: 0, reverted: 0)
        #expect(report.created == 7 && report.undecided == nil)
    }

    @Test func aPlanSaysWhichDeletesTheDestinationDecides() {
        var report = report(.planned) { _ in }
        var kind = KindPlan(kind: "content/posts")
        (kind.deletes, kind.openDeletes) = (3, 1)
        let plan = PlanSummary(kinds: [kind], batches: [], expectedRoots: [:], handlerCalls: 0)
        report.note(.planned(plan), unchanged: 0, reverted: 0)
        #expect(report.deleted == 2 && report.undecided == 1)
        let words = "2 to delete, 1 to delete unless changed since: decided there"
        #expect(text(report).contains("content/posts: \(words)"), "\(text(report))")
    }

    @Test func aPlanSaysWhichReleasesTheDestinationDecides() {
        var report = report(.planned) { _ in }
        var kind = KindPlan(kind: "content/posts")
        (kind.releases, kind.openReleases) = (3, 1)
        let plan = PlanSummary(kinds: [kind], batches: [], expectedRoots: [:], handlerCalls: 0)
        report.note(.planned(plan), unchanged: 0, reverted: 0)
        #expect(report.released == 2 && report.undecided == 1)
        let words = "2 to release, 1 to release unless deleted there: decided there"
        #expect(text(report).contains("content/posts: \(words)"), "\(text(report))")
    }

    @Test func aPlanSaysHowManyBytesItSends() {
        var kind = KindPlan(kind: "content/posts")
        kind.updates = 1
        var report = RunReport(run: "r", target: "edge", direction: .push)
        let batch = BatchInfo(number: 1, digest: "ab", operations: 1, bytes: 700)
        report.note(
            .planned(PlanSummary(kinds: [kind], batches: [batch], expectedRoots: [:], handlerCalls: 0)), unchanged: 0,
            reverted: 0)
        let words = "\n  \(ByteText.of(700)) to send"
        #expect(text(report).contains(words), "\(text(report))")
        report.planBytes = 0
        #expect(!text(report).contains("to send"), "\(text(report))")
    }

    @Test func aPlanSaysHowManyEditsItMayMeetThatWereKeptBefore() {
        var report = report(.planned) { kind in
            kind.updates = 3
            kind.possibleOverwrites = 2
        }
        let words = "3 to update, 2 at most of the edits made there before would be replaced"
        #expect(text(report).hasSuffix(words), "\(text(report))")
        report.note(
            .planned(PlanSummary(kinds: report.kinds, batches: [], expectedRoots: [:], handlerCalls: 0)), unchanged: 0,
            reverted: 0)
        #expect(report.conflicts == 0 && report.possibleConflicts == 2)
    }

    @Test(arguments: [
        (StandingRow.Holder.nobody, false, "create"), (.nobody, true, "send"), (.other, false, "send"),
        (.source, false, "update"), (.edited, false, "update"),
    ])
    func aRowThatTheDestinationHasIsNoCreate(holder: StandingRow.Holder, cameFromThere: Bool, word: String) throws {
        let row = PlannedRow(
            kind: "content/posts", id: "1", operation: .put, source: nil, output: nil,
            destination: StandingRow(holder: holder, base: nil), cameFromThere: cameFromThere ? true : nil)
        let listed = try ListedRow.list([row], [], limit: 10)
        #expect(listed.map(\.operation.rawValue) == [word])
        #expect(listed.first?.lines(.pull).first?.contains("the destination") == false, "\(listed)")
    }

    @Test func itemsThatAnotherSourceTookOverAreTold() {
        let report = report(.planned) { kind in
            kind.updates = 1
            kind.takenOver = 2
        }
        var noted = report
        noted.note(
            .planned(PlanSummary(kinds: report.kinds, batches: [], expectedRoots: [:], handlerCalls: 0)), unchanged: 0,
            reverted: 0)
        #expect(noted.takenOver == 2 && noted.adding(noted).takenOver == 4)
        let words = "2 items of this stream that another source has taken over there would be left alone"
        #expect(text(noted).contains(words), "\(text(noted))")
    }

    @Test func sidesAreNotSaidToBeEqualWhereSomethingStandsBetweenThem() {
        var report = report(.unchanged) { _ in }
        report.note(differences: StandingDifferences())
        #expect(report.differing == nil && text(report).contains("all that goes there is there ("), "\(text(report))")
        report.note(differences: StandingDifferences(parked: 1, kept: 1, takenOver: 1))
        let three = "; 3 items differ by decision: 1 parked, 1 kept or merged there, 1 taken over by another source"
        #expect(text(report).contains("nothing to push to edge\(three) ("), "\(text(report))")
        #expect(!text(report).contains("equal"))
        report.status = .planned
        #expect(text(report).hasSuffix("a push to edge would change nothing\(three)"), "\(text(report))")
        report.note(differences: StandingDifferences(reverted: 1))
        #expect(text(report).contains("; 1 item differs by decision: 1 taken back"), "\(text(report))")
        report.note(differences: nil)
        #expect(text(report).hasSuffix("would change nothing"), "\(text(report))")
    }

    @Test func sidesAreNotSaidToBeEqualInWhatHandlersLeaveOut() {
        var report = report(.unchanged) { _ in }
        report.skipped = 1
        #expect(
            text(report).contains("all that goes there is there but for what handlers left out ("), "\(text(report))")
    }

    @Test func whatStandsBetweenTheSidesOfSeveralJobsIsAddedUp() throws {
        var (first, second) = (report(.unchanged) { _ in }, report(.unchanged) { _ in })
        first.note(differences: StandingDifferences(parked: 1, takenOver: 1))
        #expect(first.adding(second).differing?.items == 2)
        second.note(differences: StandingDifferences(kept: 3))
        let sum = try #require(first.adding(second).differing)
        #expect(sum.items == 5 && sum.parked == 1 && sum.kept == 3 && sum.takenOver == 1 && sum.reverted == 0)
        #expect(second.adding(report(.unchanged) { _ in }).differing?.kept == 3)
    }

    @Test func aDeleteOfWhatAFilterLeavesOutSaysWhy() throws {
        let row = PlannedRow(
            kind: "content/posts", id: "1", operation: .delete, source: nil, output: nil,
            destination: StandingRow(holder: .source, base: nil), isLeftOut: true)
        let listed = try ListedRow.list([row], [], limit: 10)
        #expect(listed.first?.reason == "left the filter")
        #expect(listed.first?.lines(.push) == ["  delete  content/posts/1: left the filter"])
    }

    @Test func anEditThatTheSourceHasTakenInIsNotSaidToBeMet() throws {
        var row = PlannedRow(
            kind: "content/posts", id: "1", operation: .put, source: nil, output: nil,
            destination: StandingRow(holder: .edited, base: nil))
        #expect(try ListedRow.list([row], [], limit: 10).map(\.conflict) == [.edited])
        row.followsEdit = true
        #expect(try ListedRow.list([row], [], limit: 10).map(\.conflict) == [nil])
        row.operation = .delete
        #expect(try ListedRow.list([row], [], limit: 10).map(\.conflict) == [.edited])
    }

    @Test func aRunThatChangedNothingOffersNoWayBack() {
        var report = report(.failed) { $0.goneThere = 1 }
        let plan = PlanSummary(kinds: report.kinds, batches: [], expectedRoots: [:], handlerCalls: 0)
        report.note(.committed(plan, CommitResult(isVerified: true, sequence: 7)), unchanged: 0, reverted: 0)
        #expect(report.status == .unchanged && report.verified)
        let text = text(report)
        #expect(text.hasPrefix("nothing to push to edge: all that goes there is there ("), "\(text)")
        #expect(!text.contains("rollback"), "\(text)")
    }

    @Test func whatADestinationDidNotDeleteIsNotSaidToBeEqual() {
        var report = report(.failed) { $0.deletes = 1 }
        let plan = PlanSummary(kinds: report.kinds, batches: [], expectedRoots: [:], handlerCalls: 0)
        report.note(.committed(plan, CommitResult(isVerified: true, sequence: 7)), unchanged: 0, reverted: 0)
        #expect(
            text(report).hasPrefix(
                "nothing to push to edge: all that goes there is there but for what is not deleted there"))
    }

    @Test func whatTheDestinationHasDeletedAsWellIsNotSaidToBeDeleted() {
        var kind = KindPlan(kind: "content/posts")
        (kind.deletes, kind.goneThere) = (2, 1)
        var plan = PlanSummary(kinds: [kind], batches: [], expectedRoots: [:], handlerCalls: 0)
        var report = RunReport(run: "r", target: "edge", direction: .push)
        report.note(.planned(plan), unchanged: 0, reverted: 0)
        #expect(report.deleted == 2)
        #expect(text(report).hasSuffix("content/posts: 2 to delete"), "\(text(report))")
        plan.kinds[0].deletes = 0
        report.note(.planned(plan), unchanged: 0, reverted: 0)
        #expect(report.deleted == 0 && text(report).hasSuffix("would change nothing"), "\(text(report))")
    }

    @Test func anItemThatWasDeletedThereIsListedAsACreate() throws {
        var row = PlannedRow(
            kind: "content/posts", id: "1", operation: .put, source: nil, output: nil,
            destination: StandingRow(holder: .edited, base: nil))
        row.isDeletedThere = true
        let listed = try ListedRow.list([row], [], limit: 10)
        #expect(listed.map(\.operation) == [.create] && listed.map(\.conflict) == [.deleted])
        #expect(listed.first?.lines(.push) == ["  create  content/posts/1, deleted at the destination"])
        #expect(listed.first?.lines(.pull) == ["  create  content/posts/1, deleted here"])
        var update = ListedRow(kind: "content/posts", id: "1", operation: .update)
        update.note(.absent)
        #expect(update.operation == .create)
    }

    @Test func aListThatIsCutSaysHowMuchIsMissing() {
        var report = report(.planned) { kind in
            kind.updates = 3
            kind.deletes = 1
            // One of them is the delete.
            (kind.drops, kind.droppedThere) = (2, 1)
        }
        let row = ListedRow(kind: "content/posts", id: "1", operation: .update)
        report.note(listed: [row, row])
        #expect(report.moreItems == 3 && text(report).contains("  … and 3 more items; --limit"), "\(text(report))")
        report.note(listed: Array(repeating: row, count: 5))
        #expect(report.moreItems == nil && !text(report).contains("--limit"), "\(text(report))")
        report.note(listed: nil)
        #expect(report.items == nil && report.moreItems == nil)
    }

    @Test func aPlanThatWouldBeRefusedSaysSo() {
        var plan = PlanSummary(kinds: [], batches: [], expectedRoots: [:], handlerCalls: 0)
        plan.refusal = PlanRefusal(code: "delete_guard", message: "Too many.", hint: "Allow them.")
        var report = RunReport(run: "r", target: "edge", direction: .push)
        report.note(.planned(plan), unchanged: 0, reverted: 0)
        #expect(report.refusal?.code == "delete_guard" && report.error == nil && report.status == .planned)
        #expect(text(report).hasSuffix("\na push would be refused: Too many.\n  Allow them."), "\(text(report))")
    }

    /// It may have been made there, and the source may have changed nothing.
    @Test(arguments: [Conflict.Verdict.replaced, .keptTarget, .merged, .parked, .stopped])
    func nobodyIsSaidToHaveEditedAnItem(verdict: Conflict.Verdict) {
        let sentence = Conflict(kind: "content/posts", id: "1", verdict: verdict).sentence
        #expect(sentence.contains("the destination"), "\(sentence)")
        #expect(!sentence.contains("edited") && !sentence.contains("both sides"), "\(sentence)")
    }

    @Test func aRunThatFailedLeavesTheWordToItsError() {
        var report = report(.failed) { $0.updates = 1 }
        report.note(TidelockError(.conflicts, "No."))
        #expect(ReportText(report: report).lines.isEmpty)
    }
}
