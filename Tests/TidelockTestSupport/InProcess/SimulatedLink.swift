internal import ContentModel
internal import ContentStore
public import SyncEngine
public import SyncProtocol
internal import Synchronization

/// The way to an instance over a network on which everything goes wrong that can.
///
/// What happens to a call depends on the seed, the round, the name of the call and how often it was made, and on
/// nothing else, so that batches which travel at the same time meet the same fate whichever leaves first.
public final class SimulatedLink: Peer, BlobSource, BlobDestination {
    /// What may happen to one call.
    public enum Mishap: String, Sendable, CaseIterable {
        /// It never arrives; its sender hears that nobody could be reached.
        case dropsRequest
        /// It is carried out, and its sender hears the same.
        case dropsAnswer
        /// It is carried out twice, and the second answer is the one that arrives.
        case duplicates
        /// It arrives only after others that were sent later; its sender has long given it up.
        case arrivesLate
        /// It is carried out, and once more after others.
        case arrivesAgain
        /// A batch arrives without its end; of anything else the answer does not arrive.
        case truncates
        case rateLimits, findsDatabaseBusy, shutsDown
        /// It is refused for good, and not carried out. Only a first attempt is: after another one nobody could say so.
        case refusesToken, refusesSize, findsOtherBatch
        /// The store of the instance fails at some point of the work.
        case findsDiskFull
        /// Every handler that the instance calls for it raises.
        case failsInHandler
        /// So much time passes before it arrives that every lease has expired.
        case expiresLease
        case clockGoesBack, clockGoesForward
        /// Somebody takes the lease away before it arrives.
        case resetsLock
        /// The process that answers has been started again before it arrives.
        case restartsResponder
        /// The process that answers dies at one of its calls to its store.
        case killsResponder

        /// How a responder says that it cannot, or will not.
        fileprivate func refusal(isFirst: Bool) -> ErrorCode? {
            switch self {
            case .rateLimits: .rateLimited
            case .findsDatabaseBusy: .databaseBusy
            case .shutsDown: .shuttingDown
            case .refusesToken where isFirst: .badToken
            case .refusesSize where isFirst: .tooLarge
            case .findsOtherBatch where isFirst: .batchConflict
            default: nil
            }
        }
    }

    /// The process that answers, and where it dies.
    private struct Process {
        let responder: LocalInstance
        let point = CrashPoint()

        init(_ instance: TestInstance) {
            responder = instance.restarted(dyingAt: point)
        }
    }

    private struct State {
        var process: Process
        /// Of 100 calls so many meet with a mishap.
        var mishaps = 0
        /// How often a call that may be repeated is repeated.
        var retries = 0
        var round: UInt64 = 0
        var made: [String: UInt64] = [:]
        var late: [Late] = []
        var calls: [String] = []
        var payloads: [[UInt8]] = []
        var tally: [String: Int] = [:]
    }

    private typealias Late = @Sendable (LocalInstance) async -> Void
    private typealias Body<Answer> = @Sendable (LocalInstance, _ isCut: Bool) async throws -> Answer

    private let instance: TestInstance
    private let seed: UInt64
    /// Called after everything that was carried out.
    private let watch: @Sendable () async -> Void
    private let state: Mutex<State>

    public init(to instance: TestInstance, seed: UInt64, watch: @escaping @Sendable () async -> Void) {
        self.instance = instance
        self.seed = seed
        self.watch = watch
        state = Mutex(State(process: Process(instance)))
    }

    /// The calls of this round, each with what happened to it.
    public var calls: [String] { state.withLock(\.calls) }

    /// Every batch that travelled in this round, as it stood on the wire.
    public var payloads: [[UInt8]] { state.withLock(\.payloads) }

    /// How often which mishap happened.
    public var tally: [String: Int] { state.withLock(\.tally) }

    /// Begins a round in which of 100 calls about `mishaps` go wrong.
    public func begin(round: Int, mishaps: Int, retries: Int) {
        state.withLock {
            $0.round = UInt64(round)
            $0.mishaps = mishaps
            $0.retries = retries
            $0.made = [:]
            $0.calls = []
            $0.payloads = []
        }
    }

    /// Everything that is still on its way arrives.
    public func deliverLate() async {
        while let next = state.withLock({ $0.late.isEmpty ? nil : ($0.late.removeFirst(), $0.process) }) {
            await next.0(next.1.responder)
            await watch()
        }
    }
}

// MARK: Calls

extension SimulatedLink {
    private func call<Answer: Sendable>(
        _ name: String, _ body: @escaping Body<Answer>
    ) async throws -> Answer {
        var attempt = 0
        while true {
            do {
                return try await send(name, body, isFirst: attempt == 0)
            } catch let error as TidelockError where error.code.traits.isRetryable && error.code != .leaseHeld {
                guard attempt < state.withLock(\.retries) else { throw error }
                attempt += 1
            }
        }
    }

    private func send<Answer: Sendable>(
        _ name: String, _ body: @escaping Body<Answer>, isFirst: Bool
    ) async throws -> Answer {
        let (mishap, fate) = mishap(of: name)
        if let refusal = mishap?.refusal(isFirst: isFirst) {
            throw TidelockError(refusal, "The simulated peer refuses.")
        }
        switch mishap {
        case .dropsRequest: throw Self.unreachable
        case .arrivesLate:
            keep(body)
            throw Self.unreachable
        case .dropsAnswer:
            _ = try await carryOut(body)
            throw Self.unreachable
        case .duplicates:
            _ = try await carryOut(body)
            return try await carryOut(body)
        case .arrivesAgain:
            keep(body)
            return try await carryOut(body)
        case .truncates: return try await carryOut(body, isCut: true)
        case .findsDiskFull:
            let fault = StoreFault(call: 1 + Int(fate % 6), error: TidelockError(.diskFull, "The disk is full."))
            defer { if fault.isOver { count("storeFailed") } }
            return try await StoreFault.$current.withValue(fault) { try await carryOut(body) }
        case .failsInHandler:
            return try await ScriptedHooks.$areRaising.withValue(true) { try await carryOut(body) }
        case .expiresLease: instance.clock.advance(by: .seconds(2 * Limits.leaseSeconds))
        case .clockGoesBack: instance.clock.advance(by: .seconds(-3_600))
        case .clockGoesForward: instance.clock.advance(by: .seconds(Limits.transferSeconds + 1))
        case .resetsLock: try await instance.store.resetLease()
        case .restartsResponder: state.withLock { $0.process = Process(instance) }
        case .killsResponder:
            let point = state.withLock(\.process.point)
            // Most answers take a few calls to the store, and some take many.
            point.arm(call: 1 + Int(fate % (fate % 3 == 0 ? 24 : 4)), isCarriedOut: fate & 64 == 0)
            defer { point.disarm() }
            return try await carryOut(body)
        default: break
        }
        return try await carryOut(body)
    }

    private func count(_ name: String) { state.withLock { $0.tally[name, default: 0] += 1 } }

    /// What happens to a call, and a random number that says more of it.
    private func mishap(of name: String) -> (Mishap?, fate: UInt64) {
        state.withLock { state in
            state.made[name, default: 0] += 1
            // Not Swift's own hashing, which is another in every process.
            let called = name.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
            let fate = SeededRandom(seed: called &+ state.round &* 7_919 &+ state.made[name, default: 0] &* 104_729)
            let isLucky = Int(fate.next() % 100) >= state.mishaps
            let mishap = isLucky ? nil : Mishap.allCases[Int(fate.next() % UInt64(Mishap.allCases.count))]
            state.calls.append(mishap.map { "\(name) \($0)" } ?? name)
            if let mishap { state.tally[mishap.rawValue, default: 0] += 1 }
            return (mishap, fate.next())
        }
    }

    private func keep<Answer>(_ body: @escaping Body<Answer>) {
        state.withLock { state in
            // Nobody hears what becomes of it, which is how it is with a request whose sender has gone.
            state.late.append { responder in _ = try? await body(responder, false) }
        }
    }

    private func carryOut<Answer>(_ body: Body<Answer>, isCut: Bool = false) async throws -> Answer {
        if state.withLock({ $0.late.count > 1 }) { await deliverLate() }
        let process = state.withLock(\.process)
        let answer: Result<Answer, any Error>
        do {
            answer = .success(try await body(process.responder, isCut))
        } catch {
            answer = .failure(process.point.hasCrashed ? Self.unreachable : error)
        }
        if process.point.hasCrashed { startAgain(after: process) }
        await watch()
        return try answer.get()
    }

    /// Somebody starts the process again.
    private func startAgain(after dead: Process) {
        state.withLock { state in
            guard state.process.point === dead.point else { return }
            state.process = Process(instance)
            state.tally["responderCrashed", default: 0] += 1
        }
    }

    private func record(_ batches: [EncodedBatch]) {
        state.withLock { $0.payloads += batches.map(\.payload) }
    }

    fileprivate static var unreachable: TidelockError {
        TidelockError(.targetUnreachable, "The simulated network lost it.")
    }
}

// MARK: Peer

extension SimulatedLink {
    /// A call whose answer is lost when it is cut.
    private func plain<Answer: Sendable>(
        _ name: String, _ body: @escaping @Sendable (LocalInstance) async throws -> Answer
    ) async throws -> Answer {
        try await call(name) { responder, isCut in
            let answer = try await body(responder)
            if isCut { throw Self.unreachable }
            return answer
        }
    }

    public func open(_ request: OpenTransfer) async throws -> TransferOpened {
        record(request.inline?.batches ?? [])
        return try await plain("open") { try await $0.open(request) }
    }

    public func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        try await plain("plan") { try await $0.plan(transfer: transfer, request) }
    }

    public func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        try await call("batch \(number)") { [self] responder, isCut in
            let batch = try await responder.batch(transfer: transfer, number: number)
            record([batch])
            guard isCut else { return batch }
            // Whoever receives it computes the digest from what arrived.
            let rest = Array(batch.payload.dropLast())
            let info = BatchInfo(
                number: number, digest: sha256(rest).hex, operations: batch.info.operations, bytes: rest.count)
            return EncodedBatch(info: info, payload: rest)
        }
    }

    public func acknowledge(transfer: String, _ result: CommitResult) async throws {
        try await plain("acknowledge") { try await $0.acknowledge(transfer: transfer, result) }
    }

    public func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        try await plain("list \(request.kind)") { try await $0.list(transfer: transfer, request) }
    }

    public func survey(transfer: String, _ request: SurveySchema) async throws -> SchemaPage {
        try await plain("survey") { try await $0.survey(transfer: transfer, request) }
    }

    public func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        record([batch])
        return try await call("stage \(batch.info.number)") { responder, isCut in
            var batch = batch
            if isCut { batch.payload.removeLast() }
            return try await responder.stage(transfer: transfer, fence: fence, batch)
        }
    }

    public func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
        try await plain("commit") { try await $0.commit(transfer: transfer, request) }
    }

    public func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        try await plain("renew") { try await $0.renew(transfer: transfer, fence: fence) }
    }

    public func state(transfer: String) async throws -> TransferState {
        try await plain("state") { try await $0.state(transfer: transfer) }
    }

    public func rollback(transfer: String, _ request: RollBackTransfer) async throws -> RollbackResult {
        try await plain("rollback") { try await $0.rollback(transfer: transfer, request) }
    }

    public func abandon(transfer: String) async throws {
        try await plain("abandon") { try await $0.abandon(transfer: transfer) }
    }
}

// MARK: Files

extension SimulatedLink {
    public func blobs(transfer: String, after: String?) async throws -> BlobPage {
        try await plain("blobs") { try await $0.blobs(transfer: transfer, after: after) }
    }

    public func bytes(transfer: String, of parts: [BlobPart]) async throws -> [UInt8] {
        try await plain("bytes \(Self.name(of: parts))") { try await $0.bytes(transfer: transfer, of: parts) }
    }

    public func missing(
        transfer: String, fence: Int64, _ blobs: [PlannedBlob]
    ) async throws -> [MissingBlobs.Missing] {
        try await plain("missing") { try await $0.missing(transfer: transfer, fence: fence, blobs) }
    }

    public func append(
        transfer: String, fence: Int64, _ bytes: [UInt8], of parts: [BlobPart]
    ) async throws -> [Int64] {
        try await plain("append \(Self.name(of: parts))") {
            try await $0.append(transfer: transfer, fence: fence, bytes, of: parts)
        }
    }

    private static func name(of parts: [BlobPart]) -> String {
        parts.map { "\($0.sha256.prefix(4))+\($0.offset)" }.joined(separator: " ")
    }
}
