internal import ContentModel
internal import SyncProtocol

/// Judges facts, one step at a time.
struct DiagnosisJudge {
    typealias Outcome = Diagnosis.Outcome

    let facts: DiagnosisFacts

    func outcome(of step: Diagnosis.Step) -> Outcome {
        if let refusal, refusal.step == step { return .problem(refusal.error) }
        return switch step {
        case .configuration: configuration
        case .name: name
        case .connection: connection
        case .encryption: encryption
        case .server: server
        case .clock: clock
        case .key: key
        case .rights: rights
        case .version: version
        case .identity: identity
        case .lock: lock
        case .hooks: hooks
        case .disk: disk
        case .uploads: uploads
        case .schedules: schedules
        }
    }

    // MARK: What is known

    var target: DiagnosisFacts.Addressed? { try? facts.target.get() }
    var label: String { target?.label ?? "there" }
    var checked: TargetCheck? { try? facts.check?.get() }
    var there: ConditionAnswer? { try? facts.condition?.get() }

    /// Why the target did not answer a signed request, and the step this is about. What an unsigned request found
    /// in order before is not doubted because of it.
    var refusal: (step: Diagnosis.Step, error: TidelockError)? {
        if case .failure(let error)? = facts.check {
            let step = Diagnosis.Step(of: error.code)
            return (step < .clock ? .key : step, error)
        }
        // An older version does not know the question, which keeps no run from starting.
        if case .failure(let error)? = facts.condition, error.code != .notFound {
            return (max(Diagnosis.Step(of: error.code), .rights), error)
        }
        return nil
    }

    /// What is to be said of a step that only the target's own words would settle.
    func untold(_ known: String? = nil) -> Outcome {
        guard case .failure(let error)? = facts.condition, error.code == .notFound else { return .notReached(known) }
        return .notReached([known, "the version over there does not tell"].compactMap { $0 }.joined(separator: "; "))
    }
}

// MARK: - On the way to the target

extension DiagnosisJudge {
    private var configuration: Outcome {
        switch facts.target {
        case .failure(let error): return .problem(error)
        case .success(let target):
            let directions = [(target.allowsPush, "push"), (target.allowsPull, "pull")].filter(\.0).map(\.1)
            guard !directions.isEmpty else {
                return .problem(
                    TidelockError(
                        .permissionDenied, "Target \(target.label) allows neither a push nor a pull.",
                        hint: "Its settings say so; change them if that is wrong."))
            }
            // An address that cannot be one is found out when it is used.
            if case .failed(.configuration, let error)? = facts.reach { return .problem(error) }
            return .ok("\(target.label), to \(directions.joined(separator: " and "))")
        }
    }

    private var name: Outcome {
        reached(.name) { answer in answer.map { "resolved, \($0.address) answers" } ?? "resolved" }
    }

    private var connection: Outcome { reached(.connection) { _ in "accepted" } }

    private var encryption: Outcome {
        guard let target, target.isEncrypted else {
            return reached(.encryption) { _ in "not used: the address begins with http://" }
        }
        let outcome = reached(.encryption) { _ in facts.certificate?.words ?? "agreed upon" }
        guard case .problem(var error) = outcome, let certificate = facts.certificate else { return outcome }
        error.message += " The server shows \(certificate.words)."
        return .problem(error)
    }

    /// Decides about a step that the first request passes before anybody can answer it.
    private func reached(_ step: Diagnosis.Step, _ words: (Reach.Answer?) -> String) -> Outcome {
        switch facts.reach {
        case nil: return .notReached()
        case .answered(let answer): return .ok(words(answer))
        case .failed(let failed, _) where failed > step: return .ok(words(nil))
        case .failed(let failed, let error): return failed == step ? .problem(error) : .notReached()
        }
    }

    private var server: Outcome {
        switch facts.reach {
        case nil: return .notReached()
        case .failed(let step, let error): return step == .server ? .problem(error) : .notReached()
        case .answered(let answer):
            switch answer.from {
            case .tidelock(let version): return .ok("a Tidelock, version \(version.printable)")
            case .refusing(let error): return .ok("a Tidelock, which refuses to say more: \(error.code.rawValue)")
            case .stranger(let error): return .problem(error)
            }
        }
    }

    private var clock: Outcome {
        if let difference = checked?.clockDifference {
            if let problem = difference.problem(of: label) { return .problem(problem) }
            return .ok("the other side's is \(difference.sentence)")
        }
        guard let difference = unsignedDifference else { return .notReached() }
        return .ok(
            "the other side's is \(difference.sentence), as an answer without a signature says",
            hint: difference.problem(of: label)?.message)
    }

    /// What the head of an answer says counts only where no signed one does. Anybody on the way can write it, and why
    /// the key was refused must not hide behind it: a target that refuses a token for its time says so itself.
    private var unsignedDifference: ClockDifference? {
        guard case .answered(let answer)? = facts.reach, facts.check != nil else { return nil }
        return answer.clockDifference
    }
}
