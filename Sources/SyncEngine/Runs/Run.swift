internal import ContentModel
public import SyncProtocol
internal import Synchronization

/// Carries out the actions of one run machine: asks the ports, and tells the machine what happened.
public struct Run: Sendable {
    public struct Parts: Sendable {
        public var opening: any RunOpening
        public var source: any SourcePort
        public var destination: any DestinationPort
        public var clock: any WallClock
        /// Asked before anything is applied; what it throws stops the run.
        public var gate: @Sendable (PlanSummary) async throws -> Void
        /// Asked about a plan that is only looked at, once, before it is given up.
        public var review: @Sendable (PlanSummary) async throws -> Void
        /// Batches that are ready before the plan is, in their order; nil where nothing may travel before the gate has
        /// seen the plan.
        public var readyBatches: AsyncStream<BatchInfo>?
        /// The way that files take.
        public var files: BlobRoute

        public init(
            opening: any RunOpening, source: any SourcePort, destination: any DestinationPort, files: BlobRoute,
            clock: any WallClock,
            gate: @escaping @Sendable (PlanSummary) async throws -> Void = { _ in },
            review: @escaping @Sendable (PlanSummary) async throws -> Void = { _ in },
            readyBatches: AsyncStream<BatchInfo>? = nil
        ) {
            self.opening = opening
            self.files = files
            self.source = source
            self.destination = destination
            self.clock = clock
            self.gate = gate
            self.review = review
            self.readyBatches = readyBatches
        }
    }

    private let transfer: String
    private let parts: Parts
    private let isDryRun: Bool
    private let confirmations: Confirmations
    private let progress: @Sendable (RunProgress) -> Void

    public init(
        transfer: String, parts: Parts, isDryRun: Bool, confirmations: Confirmations,
        progress: @escaping @Sendable (RunProgress) -> Void
    ) {
        self.transfer = transfer
        self.parts = parts
        self.isDryRun = isDryRun
        self.confirmations = confirmations
        self.progress = progress
    }

    /// Runs to the end. Throws what made the run fail; everything it left behind has been freed by then, unless
    /// the destination may have committed, which the next run finds out.
    public func perform() async throws -> RunMachine.Outcome {
        var machine = RunMachine(isDryRun: isDryRun)
        var course = RunCourse()
        let outcome = await withTaskGroup(of: RunMachine.Event?.self) { group -> RunMachine.Outcome in
            var actions = machine.start()
            while true {
                for action in actions {
                    if case .finish(let outcome) = action {
                        group.cancelAll()
                        return outcome
                    }
                    add(action, course: course, to: &group)
                }
                actions = await next(of: &group, machine: &machine, course: &course)
            }
        }
        if let failure = machine.failure { throw failure }
        return outcome
    }

    private func next(
        of group: inout TaskGroup<RunMachine.Event?>, machine: inout RunMachine, course: inout RunCourse
    ) async -> [RunMachine.Action] {
        guard let finished = await group.next() else { preconditionFailure("a run ends with a finish") }
        guard let event = finished else { return [] }
        switch event {
        case .opened:
            course.opened = await parts.opening.result()
            if course.lease != nil { group.addTask { [course] in await keepLease(course) } }
            group.addTask { await nextReadyBatch() }
        case .batchReady: group.addTask { await nextReadyBatch() }
        case .planned(let summary): course.plan = summary
        case .staged(let number):
            course.staged.insert(number)
            if let plan = course.plan { progress(.transferring(done: course.done(of: plan), of: plan.sentOperations)) }
        case .failed(let error): course.isPeerSilent = error.code == .targetUnreachable
        default: break
        }
        return machine.handle(event)
    }

    /// Ends without an event when there will be no more.
    private func nextReadyBatch() async -> RunMachine.Event? {
        guard let batches = parts.readyBatches else { return nil }
        for await batch in batches { return .batchReady(batch.number, follows: batch.follows == true) }
        return nil
    }

    private func add(
        _ action: RunMachine.Action, course: RunCourse, to group: inout TaskGroup<RunMachine.Event?>
    ) {
        group.addTask { [self] in
            do {
                return try await perform(action, course: course)
            } catch {
                return action == .abandon ? .notAbandoned : .failed(TidelockError(wrapping: error))
            }
        }
    }

    private func perform(_ action: RunMachine.Action, course: RunCourse) async throws -> RunMachine.Event {
        switch action {
        case .open: return try await open()
        case .plan: return try await plan(course)
        case .supply(let lists): return try await supply(lists, course: course)
        case .approve(let plan):
            try await approve(plan, for: course.held)
            return .approved
        case .bringFiles:
            try await bringFiles(course)
            return .filesBrought
        case .transfer(let number): return try await send(number, course: course)
        case .commit(let plan): return .committed(try await commit(plan, course: course))
        case .acknowledge(let result):
            // What breaks at the destination is nothing that the source needs to know.
            var result = result
            result.schemaChanges = nil
            try await parts.source.acknowledge(transfer: transfer, result)
            return .acknowledged
        case .abandon:
            // Also by a run that was stopped, or nobody could write at the destination until the lease runs out. Who has
            // not answered for long is not waited for once more.
            try await cleanUp(
                within: .seconds(Limits.farewellSeconds), isUrgent: course.isPeerSilent, by: parts.clock
            ) { [parts, transfer] in
                try await parts.opening.abandon(transfer: transfer)
            }
            return .abandoned
        case .finish: preconditionFailure("a finish is no work")
        }
    }

    private func open() async throws -> RunMachine.Event {
        progress(.opening)
        let start = try await parts.opening.open { plan, held in try await approve(plan, for: held) }
        switch start {
        case .inSync: return .inSync
        case .opened: return .opened
        case .committed(let plan, let result): return .committedAtOnce(plan, result)
        }
    }

    /// Guards first: what nobody may do need not be asked about.
    private func approve(_ plan: PlanSummary, for held: DestinationState) async throws {
        try RunGuard.approve(plan, held: held, confirmations: confirmations)
        if plan.operations > 0 { try await parts.gate(plan) }
    }

    private func plan(_ course: RunCourse) async throws -> RunMachine.Event {
        let request = MakePlan(held: course.held, confirmations: confirmations)
        switch try await parts.source.plan(transfer: transfer, request) {
        case .needs(let lists): return .needs(lists)
        case .ready(let summary):
            if isDryRun { try await parts.review(summary) }
            return .planned(try await surveyed(summary, held: course.held))
        case .working: throw TidelockError(.internalFailure, "A source port answered before it was ready.")
        }
    }

    /// The plan with what it would break, where it is only looked at: a run that commits is told by the destination. And
    /// with what a guard says of it, which stops a run that commits.
    private func surveyed(_ plan: PlanSummary, held: DestinationState) async throws -> PlanSummary {
        var plan = plan
        plan.schemaChanges = nil
        plan.refusal = nil
        guard isDryRun else { return plan }
        plan.refusal = RunGuard.refusal(of: plan, held: held, confirmations: confirmations)
        var survey = PlanSurvey(
            transfer: transfer, plan: plan, source: parts.source, destination: parts.destination)
        do {
            plan.schemaChanges = try await survey.changes()
        } catch let error as TidelockError where Self.isSilence(error) && confirmations.refusesSchemaChanges != true {}
        return plan
    }

    /// A destination of an earlier version cannot tell what definitions break, and none tells it to a key that may only
    /// push.
    private static func isSilence(_ error: TidelockError) -> Bool {
        [.permissionDenied, .notFound, .methodNotAllowed].contains(error.code)
    }

    /// Hands the lists over page by page; the source says where to go on.
    private func supply(_ lists: [ListHeld], course: RunCourse) async throws -> RunMachine.Event {
        progress(.comparing)
        var wanted = lists
        while let request = wanted.first {
            try Task.checkCancellation()
            let page = try await parts.destination.list(transfer: transfer, request)
            let answer = try await parts.source.plan(
                transfer: transfer,
                MakePlan(
                    held: course.held, supplied: SuppliedList(request: request, page: page),
                    confirmations: confirmations))
            switch answer {
            case .needs(let next): wanted = next
            case .ready, .working: wanted = []
            }
        }
        return .supplied
    }

    private func send(_ number: Int, course: RunCourse) async throws -> RunMachine.Event {
        try Task.checkCancellation()
        let planned = course.plan?.batches[number - 1]
        if let planned, course.isStaged(planned) { return .staged(number) }
        let batch = try await parts.source.batch(transfer: transfer, number: number)
        if planned == nil, course.isStaged(batch.info) { return .staged(number) }
        if let planned, planned.digest != batch.info.digest {
            throw TidelockError(
                .hashMismatch, "Batch \(number) is not the one that was planned.", hint: "Start the run again.")
        }
        _ = try await parts.destination.stage(transfer: transfer, fence: course.fence, batch)
        return .staged(number)
    }

    private func bringFiles(_ course: RunCourse) async throws {
        let total = course.plan?.files?.bytes ?? 0
        let done = Mutex<Int64>(0)
        try await BlobTransfer(transfer: transfer, fence: course.fence, route: parts.files) { bytes in
            let sum = done.withLock { done in
                done += bytes
                return done
            }
            progress(.bringingFiles(done: sum, of: total))
        }.perform()
    }

    private func commit(_ plan: PlanSummary, course: RunCourse) async throws -> CommitResult {
        progress(.committing)
        return try await parts.destination.commit(
            transfer: transfer, CommitTransfer(plan, fence: course.fence, confirmations: confirmations))
    }

    /// Ends by itself only when the lease is lost.
    private func keepLease(_ course: RunCourse) async -> RunMachine.Event? {
        while !Task.isCancelled {
            do {
                try await parts.clock.sleep(for: .seconds(Limits.leaseRenewalSeconds))
                _ = try await parts.destination.renew(transfer: transfer, fence: course.fence)
            } catch let error as TidelockError where error.code == .fenced {
                return .failed(error)
            } catch {
                // A renewal that did not get through costs nothing: the work itself renews the lease as well, and fails
                // by itself where nothing gets through.
            }
        }
        return nil
    }
}

/// What a run has learnt on its way.
private struct RunCourse: Sendable {
    var opened: RunOpened?
    var plan: PlanSummary?
    var lease: LeaseGrant? { opened?.lease }
    /// Numbers of the batches that have arrived.
    var staged: Set<Int> = []
    /// The run failed because the other side did not answer.
    var isPeerSilent = false

    init() {}

    var fence: Int64 { lease?.fence ?? 0 }

    var held: DestinationState {
        guard let opened else { preconditionFailure("plans are made after the transfer was opened") }
        return opened.held
    }

    /// Whether an earlier run brought the batch to the destination.
    func isStaged(_ batch: BatchInfo) -> Bool { opened?.staged.contains(batch.digest) == true }

    func done(of plan: PlanSummary) -> Int {
        plan.batches.reduce(0) { $0 + (staged.contains($1.number) ? $1.operations : 0) }
    }
}

extension PlanSummary {
    fileprivate var sentOperations: Int { batches.reduce(0) { $0 + $1.operations } }
}
