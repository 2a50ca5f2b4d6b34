internal import ContentModel
internal import ContentStore
internal import RemotePeer
internal import SyncEngine
internal import SyncProtocol

/// What a target says it holds of us, beside what we believe.
struct TargetComparison: Encodable {
    struct Row: Encodable {
        var kind: String
        /// Nothing is missing or of another version that nobody can explain.
        var equal: Bool
        /// Rows that should be there as we sent them, and rows that are.
        var believed: Int
        var held: Int
        /// Rows of ours that were edited there, and that a rollback took back there.
        var edited: Int
        var reverted: Int
        /// Rows that are there otherwise than here because of a decision, by what it was.
        var parked = 0
        var kept = 0
        var takenOver = 0
        var heldBack = 0
        /// Rows that we had sent and that are gone there, and those of another version than we sent last.
        var missing = 0
        var otherVersions = 0
        /// The digests differ although the lists do not: one side changed meanwhile, or the target counts otherwise.
        var unsettled = false
    }

    var target: String
    var instance: InstanceIdentity
    var kinds: [Row]
    /// The first of the items that are missing or of another version.
    var differences: [StreamFindings.Difference]

    /// Asks the target, and compares rows only where digests differ or rows were found to differ before.
    ///
    /// Takes no lease, and no item is changed on either side.
    static func make(_ instance: Instance, target name: String, scope: Scope) async throws -> TargetComparison {
        let target = try await instance.target(name).target
        // Of a model that is misspelt there would be nothing to compare, which looks as if all were well.
        if let unknown = try await instance.store.unknownSelection(in: scope) { throw unknown }
        let nonce = instance.random.bytes(16).hex
        return try await instance.withPeer(target) { peer in
            let own = try scope.kinds(among: try await instance.store.kinds()).map(\.kind)
            let told = try await peer.held(ReadHeld(scope: scope, kinds: own.map(\.name), nonce: nonce))
            let first = try await sides(told, instance.store, nonce: nonce)
            guard first.contains(where: \.needsLists) else { return TargetComparison(name, told, first) }
            let comparison = StreamComparison(
                of: instance.store, with: peer, transfer: instance.newRunID(), initiator: instance.store.identity,
                scope: scope, nonce: nonce, isExact: first.contains(where: \.findings.isUnexplained))
            let held = try await comparison.perform()
            return TargetComparison(name, held, try await sides(held, instance.store, nonce: nonce))
        }
    }

    /// One kind as both sides tell of it.
    fileprivate struct Sides {
        var theirs: KindState
        var ours: KindStanding
        var findings: StreamFindings
        var hasEqualRoots: Bool

        var needsLists: Bool { !hasEqualRoots || findings.isUnexplained }
    }

    private static func sides(_ state: DestinationState, _ store: Store, nonce: String) async throws -> [Sides] {
        let kinds = try state.kinds.map { try Kind($0.kind) }
        let standings = try await store.standing(of: kinds, toward: state.destination.id)
        let findings = try await store.findings(of: kinds, toward: state.destination.id)
        return zip(state.kinds, zip(standings, findings)).map { theirs, known in
            Sides(
                theirs: theirs, ours: known.0, findings: known.1,
                hasEqualRoots: theirs.root == known.0.root.masked(by: nonce))
        }
    }

    private init(_ name: String, _ state: DestinationState, _ sides: [Sides]) {
        target = name
        instance = state.destination
        kinds = sides.map(Row.init)
        differences = Array(sides.flatMap(\.findings.differences).prefix(StreamFindings.listedDifferences))
    }
}

extension TargetComparison.Row {
    fileprivate init(_ sides: TargetComparison.Sides) {
        let (theirs, findings) = (sides.theirs, sides.findings)
        self.init(
            kind: theirs.kind, equal: sides.hasEqualRoots && !findings.isUnexplained,
            believed: sides.ours.held + findings.missing, held: theirs.held, edited: theirs.edited,
            reverted: theirs.reverted)
        (parked, kept) = (theirs.decided?.parked ?? 0, theirs.decided?.kept ?? 0)
        (takenOver, heldBack) = (findings.takenOver, findings.heldBack)
        (missing, otherVersions) = (findings.missing, findings.otherVersions)
        unsettled = !sides.hasEqualRoots
    }

    fileprivate func line(_ target: String) -> String {
        let holds = "\(kind): \(target) holds \(held) items of ours"
        let notes = [
            (edited, "edited there"), (reverted, "taken back there"), (parked, "parked there"),
            (kept, "kept or merged there"), (takenOver, "taken over by another source"),
            (heldBack, "held back by handlers"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let told = notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))"
        guard !equal else { return "✓ \(holds), as we believe\(told)" }
        let wrong = [
            missing > 0 ? "\(missing) missing" : nil,
            otherVersions > 0 ? "\(otherVersions) of another version than was sent last" : nil,
            unsettled ? "their digests differ" : nil,
        ].compactMap { $0 }
        return "✗ \(holds), we believe \(believed); \(wrong.joined(separator: ", "))\(told)"
    }
}

extension TargetComparison {
    private static let shownDifferences = 20

    var lines: [String] {
        var lines = kinds.map { $0.line(target) }
        lines += differences.prefix(Self.shownDifferences).map { "    \($0.sentence)" }
        let more = kinds.reduce(0) { $0 + $1.missing + $1.otherVersions } - Self.shownDifferences
        if more > 0 { lines.append("    … and \(more) more; --json lists them") }
        return lines
    }

    /// Nil where everything is there as it was sent, or otherwise for a known reason.
    var failure: TidelockError? {
        let wrong = kinds.filter { !$0.equal }
        guard !wrong.isEmpty else { return nil }
        return TidelockError(
            .rootMismatch,
            "Target '\(target)' does not hold what we believe: \(wrong.map(\.kind).joined(separator: ", ")).",
            hint: wrong.contains { $0.missing + $0.otherVersions > 0 }
                ? "The next push sends what is missing or of another version; 'tidelock plan \(target)' shows it."
                : "Something was changed while it was asked, perhaps by a run: ask again.")
    }
}

extension StreamFindings.Difference {
    fileprivate var sentence: String {
        switch sort {
        case .missing: "\(kind)/\(id.printable) is not there any more"
        case .otherVersion: "\(kind)/\(id.printable) is there in another version than was sent last"
        }
    }
}
