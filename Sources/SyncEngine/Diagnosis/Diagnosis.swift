public import ContentModel
internal import SyncProtocol

/// Why a sync with a target would not start: every step on the way to it, with what was found there.
///
/// A value made from facts alone. It has a finding for each step in their order.
public struct Diagnosis: Sendable {
    /// What has to be in order, the first first. The raw values are stable.
    public enum Step: String, Sendable, CaseIterable, Comparable {
        case configuration, name, connection, encryption, server, clock, key, rights, version, identity, lock, hooks
        case disk, uploads, schedules

        public static func < (left: Step, right: Step) -> Bool { left.position < right.position }

        private var position: Int { Step.allCases.firstIndex(of: self)! }  // every case is among all of them
    }

    public enum Outcome: Sendable {
        case ok(String, hint: String? = nil)
        case problem(TidelockError)
        /// Something before it is a problem; with what is known all the same.
        case notReached(String? = nil)
    }

    public struct Finding: Sendable {
        public var step: Step
        public var outcome: Outcome
    }

    public var findings: [Finding]

    public init(_ facts: DiagnosisFacts) {
        let judge = DiagnosisJudge(facts: facts)
        findings = Step.allCases.map { Finding(step: $0, outcome: judge.outcome(of: $0)) }
    }

    /// The first problem: those after it may follow from it. Nil when everything is in order.
    public var cause: (step: Step, error: TidelockError)? {
        for finding in findings {
            if case .problem(let error) = finding.outcome { return (finding.step, error) }
        }
        return nil
    }

    /// Free space, in bytes, that one batch needs: the largest holds one item, which is written to the log that the
    /// store writes ahead and then to its place.
    public static let leastFreeBytes = Int64(2 * Limits.itemBytes)

    /// Free space, in bytes, below which a warning is due: a window of batches, written as often.
    public static let plentyFreeBytes = Int64(Limits.window) * leastFreeBytes
}
