internal import ContentModel
public import SyncProtocol

/// Carries out the actions of one run machine: asks the ports, and tells the machine what happened.
public struct Run: Sendable {
    public struct Parts: Sendable {
        public var opening: any RunOpening
        public var source: any SourcePort
        public var destination: any DestinationPort
        public var clock: any WallClock
        /// Asked before anything is sent; what it throws stops the run.
        public var gate: @Sendable (PlanSummary) async throws -> Void

        public init(
            opening: any RunOpening, source: any SourcePort, destination: any DestinationPort, clock: any WallClock,
            gate: @escaping @Sendable (PlanSummary) async throws -> Void = { _ in }
        ) {
            self.opening = opening
            self.source = source
            self.destination = destination
            self.clock = clock
            self.gate = gate
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
            var renewal = LeaseRenewal.none
            while true {
                for action in actions {
                    if case .finish(let outcome) = action {
                        group.cancelAll()
                        return outcome
                    }
                    add(action, course: course, to: &group)
                }
                if renewal == .none, course.lease != nil {
                    group.addTask { [course] in await keepLease(course) }
                    renewal = .running
                }
                actions = await next(of: &group, machine: &machine, course: &course)
            }
        }
        if let failure = machine.failure { throw failure }
        return outcome
    }

    private enum LeaseRenewal {
        case none, running
    }

    private func next(
        of group: inout TaskGroup<RunMachine.Event?>, machine: inout RunMachine, course: inout RunCourse
    ) async -> [RunMachine.Action] {
        guard let finished = await group.next() else { preconditionFailure("a run ends with a finish") }
        guard let event = finished else { return [] }
        if case .opened = event { course.opened = await parts.opening.result() }
        if case .planned(let summary) = event { course.plan = summary }
        if case .staged(let number) = event { tell(course.staged(number)) }
        return machine.handle(event)
    }

    private func tell(_ done: (operations: Int, total: Int)) {
        progress(.transferring(done: done.operations, of: done.total))
    }

    private func add(
        _ action: RunMachine.Action, course: RunCourse, to group: inout TaskGroup<RunMachine.Event?>
    ) {
        group.addTask { [self] in
            do {
                return try await perform(action, course: course)
            } catch {
                return .failed(TidelockError(wrapping: error))
            }
        }
    }

    private func perform(_ action: RunMachine.Action, course: RunCourse) async throws -> RunMachine.Event {
        switch action {
        case .open: return try await open()
        case .plan: return try await plan(course)
        case .supply(let lists): return try await supply(lists, course: course)
        case .approve(let plan):
            try RunGuard.approve(plan, held: course.held, confirmations: confirmations)
            if plan.operations > 0 { try await parts.gate(plan) }
            return .approved
        case .transfer(let number): return try await send(number, course: course)
        case .commit(let plan): return .committed(try await commit(plan, course: course))
        case .acknowledge(let result):
            try await parts.source.acknowledge(transfer: transfer, result)
            return .acknowledged
        case .abandon:
            try await parts.opening.abandon(transfer: transfer)
            return .abandoned
        case .finish: preconditionFailure("a finish is no work")
        }
    }

    private func open() async throws -> RunMachine.Event {
        progress(.opening)
        return try await parts.opening.open() ? .opened : .inSync
    }

    private func plan(_ course: RunCourse) async throws -> RunMachine.Event {
        let request = MakePlan(held: course.held, confirmations: confirmations)
        switch try await parts.source.plan(transfer: transfer, request) {
        case .needs(let lists): return .needs(lists)
        case .ready(let summary): return .planned(summary)
        case .working: throw TidelockError(.internalFailure, "A source port answered before it was ready.")
        }
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
        let batch = try await parts.source.batch(transfer: transfer, number: number)
        guard let expected = course.plan?.batches.first(where: { $0.number == number }),
            expected.digest == batch.info.digest
        else {
            throw TidelockError(
                .hashMismatch, "Batch \(number) is not the one that was planned.", hint: "Start the run again.")
        }
        _ = try await parts.destination.stage(transfer: transfer, fence: course.fence, batch)
        return .staged(number)
    }

    private func commit(_ plan: PlanSummary, course: RunCourse) async throws -> CommitResult {
        progress(.committing)
        return try await parts.destination.commit(
            transfer: transfer,
            CommitTransfer(
                fence: course.fence, batches: plan.batches, expectedRoots: plan.expectedRoots, deletes: plan.deletes,
                confirmations: confirmations))
    }

    /// Ends by itself only when the lease is lost.
    private func keepLease(_ course: RunCourse) async -> RunMachine.Event? {
        do {
            while true {
                try await parts.clock.sleep(for: .seconds(Limits.leaseRenewalSeconds))
                _ = try await parts.destination.renew(transfer: transfer, fence: course.fence)
            }
        } catch let error as TidelockError where error.code == .fenced {
            return .failed(error)
        } catch {
            // A renewal that did not get through costs nothing as long as the work itself does.
            return nil
        }
    }
}

/// What a run has learnt on its way.
private struct RunCourse: Sendable {
    var opened: RunOpened?
    var plan: PlanSummary?
    var lease: LeaseGrant? { opened?.lease }
    private var stagedOperations = 0

    init() {}

    var fence: Int64 { lease?.fence ?? 0 }

    var held: DestinationState {
        guard let opened else { preconditionFailure("plans are made after the transfer was opened") }
        return opened.held
    }

    mutating func staged(_ number: Int) -> (operations: Int, total: Int) {
        stagedOperations += plan?.batches.first { $0.number == number }?.operations ?? 0
        return (stagedOperations, plan?.batches.reduce(0) { $0 + $1.operations } ?? 0)
    }
}

/// How a run of one direction begins, and how it is given up.
public protocol RunOpening: Sendable {
    /// Opens the transfer at both sides; false when there is nothing to do.
    func open() async throws -> Bool

    /// What the opening found. Only after `open` answered true.
    func result() async -> RunOpened?

    /// Frees what the transfer left at both sides. May be called twice, and before `open`.
    func abandon(transfer: String) async throws
}

/// What both sides said when a transfer was opened.
public struct RunOpened: Sendable {
    public var held: DestinationState
    public var lease: LeaseGrant?

    public init(held: DestinationState, lease: LeaseGrant?) {
        self.held = held
        self.lease = lease
    }
}

/// Where a run is.
public enum RunProgress: Sendable, Equatable {
    case opening
    case comparing
    case planning(examined: Int)
    case transferring(done: Int, of: Int)
    case committing
}
