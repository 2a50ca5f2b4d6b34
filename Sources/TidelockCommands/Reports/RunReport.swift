internal import ContentModel
internal import Foundation
internal import SyncEngine
internal import SyncProtocol

/// What a run did, as `--json` prints it. Members are only ever added.
struct RunReport: Codable, Sendable {
    enum Status: String, Codable, Sendable {
        case committed, unchanged, planned, failed
    }

    struct Failure: Codable, Sendable {
        var code: String
        var message: String
        var hint: String?

        init(_ error: TidelockError) {
            (code, message, hint) = (error.code.rawValue, error.message, error.hint)
        }

        init(_ refusal: PlanRefusal) {
            (code, message, hint) = (refusal.code, refusal.message, refusal.hint)
        }
    }

    /// Items that are otherwise at the destination than at the source because somebody or a policy decided so.
    struct Differing: Codable, Sendable, Equatable {
        var items: Int
        var parked: Int
        var kept: Int
        var takenOver: Int
        var reverted: Int

        init(_ differences: StandingDifferences) {
            items = differences.total
            (parked, kept) = (differences.parked, differences.kept)
            (takenOver, reverted) = (differences.takenOver, differences.reverted)
        }

        static func + (left: Differing, right: Differing) -> Differing {
            Differing(
                StandingDifferences(
                    parked: left.parked + right.parked, kept: left.kept + right.kept,
                    takenOver: left.takenOver + right.takenOver, reverted: left.reverted + right.reverted))
        }
    }

    var run: String
    var target: String
    var direction: Direction
    var status: Status = .failed
    /// What became of items that were edited at the destination; absent in reports of older versions.
    var policy: ConflictPolicy?
    /// What became of translations that the destination had already; left out where they got the source's values.
    var translations: TranslationSelection.Rule?
    /// The roots of both sides were compared after the run, and are equal.
    var verified = false
    var created = 0
    var updated = 0
    var deleted = 0
    var skipped = 0
    var unchanged = 0
    var conflicts = 0
    /// So many more edits at most may be met by a dry run, of those that were kept at the destination before and of
    /// deletes there: which rows they are is known there alone. Left out when there are none.
    var possibleConflicts: Int?
    /// Rows that a rollback took back at the destination and that the run left alone.
    var reverted = 0
    /// Items that another source has taken over at the destination, as was found out now, and that the run left alone;
    /// left out when there are none.
    var takenOver: Int?
    /// What stands between the sides although there is nothing to do; left out when that is nothing, and in runs that
    /// change something.
    var differing: Differing?
    /// Items that stay at the destination but no longer follow the source.
    var released = 0
    /// Batches that an interrupted run had brought already; left out when there were none.
    var resumedBatches: Int?
    var handlerCalls = 0
    var bytesSent = 0
    var bytesReceived = 0
    var roundTrips = 0
    var milliseconds = 0
    /// Items that a dry run would send, delete or release, and of which the destination decides whether they are
    /// created, updated, deleted, released or left as they are; left out when there are none. They are not among
    /// `created`, `updated`, `deleted` and `released`.
    var undecided: Int?
    /// What a dry run would send, in bytes.
    var planBytes: Int?
    /// Files of the assets that the run brings, whether they were missing there or not; left out when there are none.
    var files: FileTotals?
    var kinds: [KindPlan] = []
    var conflictList: [Conflict] = []
    /// The rows of a plan that was asked to name them.
    var items: [ListedRow]?
    /// How many more rows there are than are named; left out when all are.
    var moreItems: Int?
    /// Items that a pull was asked for by name and that handlers of the source hold back; left out when there are none.
    var heldBack: [ListedRow]?
    /// Rows of an applied plan that were left out because they have moved since.
    var moved: [MovedRow]?
    /// Links of what was sent that lead nowhere at the destination; left out when there are none.
    var dangling: DanglingLinks?
    /// Links of what was sent that were not looked at, because the key does not cover what they lead to; left out when
    /// there are none.
    var uncheckedLinks: Int?
    /// What changed or deleted definitions of models break at the destination; left out when that is nothing.
    var schemaChanges: SchemaChanges?
    /// Why a run would be refused that does what was planned; left out where it would not, as far as that is known.
    var refusal: Failure?
    /// Why the run failed; beside a plan, why a run would be refused that does as it was asked.
    var error: Failure?
    /// The single runs, where several jobs were asked for; the other members are their sum then.
    var jobs: [RunReport]?

    init(run: String, target: String, direction: Direction) {
        self.run = run
        self.target = target
        self.direction = direction
    }

    /// What this run and a later one did together.
    func adding(_ other: RunReport) -> RunReport {
        var sum = other
        let counts: [WritableKeyPath<RunReport, Int>] = [
            \.created, \.updated, \.deleted, \.skipped, \.unchanged, \.conflicts, \.reverted, \.released,
            \.handlerCalls,
            \.bytesSent, \.bytesReceived, \.roundTrips, \.milliseconds,
        ]
        for count in counts { sum[keyPath: count] += self[keyPath: count] }
        if let possibleConflicts { sum.possibleConflicts = possibleConflicts + (other.possibleConflicts ?? 0) }
        if let takenOver { sum.takenOver = takenOver + (other.takenOver ?? 0) }
        if let differing { sum.differing = other.differing.map { differing + $0 } ?? differing }
        if let undecided { sum.undecided = undecided + (other.undecided ?? 0) }
        if let resumedBatches { sum.resumedBatches = resumedBatches + (other.resumedBatches ?? 0) }
        sum.verified = verified && other.verified
        if status == .committed, other.status == .unchanged { sum.status = .committed }
        sum.kinds = kinds + other.kinds
        sum.conflictList = conflictList + other.conflictList
        sum.refusal = refusal ?? other.refusal
        if let files {
            sum.files = FileTotals(
                count: files.count + (other.files?.count ?? 0), bytes: files.bytes + (other.files?.bytes ?? 0))
        }
        if let dangling, let later = other.dangling {
            sum.dangling = DanglingLinks(count: dangling.count + later.count, links: dangling.links + later.links)
        } else {
            sum.dangling = other.dangling ?? dangling
        }
        if let uncheckedLinks { sum.uncheckedLinks = uncheckedLinks + (other.uncheckedLinks ?? 0) }
        if var schemaChanges {
            if let later = other.schemaChanges { schemaChanges.add(later) }
            sum.schemaChanges = schemaChanges
        }
        return sum
    }

    /// Takes the rows of a plan that were named, where that was wanted.
    mutating func note(listed rows: [ListedRow]?) {
        items = rows
        guard let rows else { return }
        let total = kinds.reduce(0) { $0 + $1.rows }
        moreItems = total > rows.count ? total - rows.count : nil
    }

    /// Takes what stands between the sides of a run that sends nothing.
    mutating func note(differences: StandingDifferences?) {
        differing = differences.flatMap { $0.total > 0 ? Differing($0) : nil }
    }

    /// Takes the items that were asked for by name and that the other side holds back.
    mutating func note(heldBack items: [ExcludedItem]) throws {
        heldBack = items.isEmpty ? nil : try ListedRow.list([], items, limit: items.count)
    }

    mutating func note(_ error: TidelockError) {
        if status != .planned { status = .failed }
        self.error = Failure(error)
        guard error.code == .conflicts, let list = error.details[ConflictDetails.list],
            let conflicts = try? JSONDecoder().decode([Conflict].self, from: Data(list.utf8))
        else { return }
        conflictList = conflicts
        self.conflicts = error.details[ConflictDetails.count].flatMap { Int($0) } ?? conflicts.count
    }

    mutating func note(_ outcome: RunMachine.Outcome, unchanged held: Int, reverted takenBack: Int) {
        switch outcome {
        case .inSync:
            status = .unchanged
            verified = true
            unchanged = held
            reverted = takenBack
        case .planned(let plan):
            status = .planned
            note(plan)
            created -= sum(plan) { $0.openCreates ?? 0 }
            updated -= sum(plan) { $0.openUpdates ?? 0 }
            let openDeletes = sum(plan) { $0.openDeletes ?? 0 }
            deleted -= openDeletes
            let openReleases = sum(plan) { $0.openReleases ?? 0 }
            released -= openReleases
            let open = sum(plan, \.undecided) + openDeletes + openReleases
            undecided = open > 0 ? open : nil
            let possible = sum(plan) { $0.possibleOverwrites ?? 0 }
            possibleConflicts = possible > 0 ? possible : nil
            planBytes = plan.bytes
            refusal = plan.refusal.map { Failure($0) }
        case .unchanged(let plan):
            status = .unchanged
            verified = true
            note(plan)
        case .committed(let plan, let result):
            status = result.changedNothing ? .unchanged : .committed
            note(plan)
            note(result)
        case .failed: status = .failed
        }
    }

    private mutating func note(_ plan: PlanSummary) {
        created = sum(plan, \.creates)
        updated = sum(plan, \.updates)
        deleted = sum(plan, \.deletes)
        released = sum(plan, \.releases)
        skipped = sum(plan, \.skips) + sum(plan, \.drops)
        unchanged = sum(plan, \.unchanged)
        reverted = sum(plan, \.reverted)
        let others = sum(plan) { $0.takenOver ?? 0 }
        takenOver = others > 0 ? others : nil
        conflicts = sum(plan, \.overwrites)
        handlerCalls = plan.handlerCalls
        kinds = plan.kinds
        files = plan.files
        schemaChanges = plan.schemaChanges
    }

    private mutating func note(_ result: CommitResult) {
        verified = result.isVerified
        created = result.created
        updated = result.updated
        deleted = result.deleted
        released = result.released
        unchanged += result.adopted
        skipped += result.kept
        conflicts = result.conflictCount
        conflictList = result.conflicts
        dangling = result.dangling
        uncheckedLinks = result.uncheckedLinks
        schemaChanges = result.schemaChanges
        resumedBatches = result.resumedBatches
    }

    private func sum(_ plan: PlanSummary, _ count: (KindPlan) -> Int) -> Int {
        plan.kinds.reduce(0) { $0 + count($1) }
    }
}
