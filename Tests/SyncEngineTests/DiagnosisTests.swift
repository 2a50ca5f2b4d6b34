import ContentModel
import SyncEngine
import SyncProtocol
import Testing

/// What a diagnosis makes of facts. Every cause has to be named by the step that it is about, and nothing else.
@Suite struct DiagnosisTests {
    private typealias Step = Diagnosis.Step

    // MARK: Facts

    private static let storage = StorageCondition(freeBytes: 5_000_000_000, uploads: .writable)

    private static let target = DiagnosisFacts.Addressed(
        label: "'production' (cms.example.com)", isEncrypted: true, allowsPush: true, allowsPull: true)

    private static let here = DiagnosisFacts.Here(
        identity: InstanceIdentity(id: "aa", name: "staging"), version: "1.0.0", runInProgress: nil,
        hooks: HookStatus(.ok), condition: InstanceCondition(lease: nil, storage: storage))

    private static let certificate = ShownCertificate(
        subject: "CN = cms", issuer: "CN = authority", names: "DNS:cms.example.com", until: 1_800_000_000)

    private static let check = TargetCheck(
        version: "1.0.1", instance: InstanceIdentity(id: "bb", name: "Production"), isSyncing: false,
        hooks: HookStatus(.ok), clockDifference: ClockDifference(milliseconds: 40), latency: .milliseconds(3))

    private static let condition = ConditionAnswer(key: KeyFacts(rights: [.push, .pull]), lease: nil, storage: storage)

    private static let answer = Reach.answered(
        Reach.Answer(from: .tidelock(version: "1.0.1"), address: "192.0.2.7", clockDifference: nil))

    /// Everything in order.
    private static let good = DiagnosisFacts(
        target: .success(target), here: here, reach: answer, certificate: certificate, check: .success(check),
        condition: .success(condition))

    /// Good facts with a change.
    private func facts(_ change: (inout DiagnosisFacts) -> Void) -> DiagnosisFacts {
        var facts = Self.good
        change(&facts)
        return facts
    }

    /// Facts that end with a first request that was not answered.
    private func unreached(_ step: Step, _ error: TidelockError, isEncrypted: Bool = true) -> DiagnosisFacts {
        var target = Self.target
        target.isEncrypted = isEncrypted
        return DiagnosisFacts(target: .success(target), here: Self.here, reach: .failed(step, error))
    }

    /// Facts with a check, or what told about the condition, that failed.
    private func refused(_ code: ErrorCode, atCondition: Bool = false) -> DiagnosisFacts {
        facts { facts in
            let error = TidelockError(code, "It was refused.", hint: "Do something.")
            facts.condition = nil
            if atCondition { facts.condition = .failure(error) } else { facts.check = .failure(error) }
        }
    }

    private func condition(_ change: (inout ConditionAnswer) -> Void) -> DiagnosisFacts {
        facts { facts in
            var condition = Self.condition
            change(&condition)
            facts.condition = .success(condition)
        }
    }

    // MARK: What is expected

    /// One step is a problem, whatever comes before it is in order. Answers the problem.
    @discardableResult
    private func expectCause(
        _ step: Step, _ code: ErrorCode, _ facts: DiagnosisFacts, at location: SourceLocation = #_sourceLocation
    ) -> TidelockError? {
        let diagnosis = Diagnosis(facts)
        let cause = diagnosis.cause
        #expect(cause?.step == step && cause?.error.code == code, "\(diagnosis)", sourceLocation: location)
        for finding in diagnosis.findings where finding.step < step {
            #expect(finding.isOK, "\(finding)", sourceLocation: location)
        }
        return cause?.error
    }

    private func outcome(_ step: Step, _ facts: DiagnosisFacts) -> Diagnosis.Outcome? {
        Diagnosis(facts).findings.first { $0.step == step }?.outcome
    }

    private func words(_ step: Step, _ facts: DiagnosisFacts) -> String? {
        if case .ok(let words, _)? = outcome(step, facts) { words } else { nil }
    }

    // MARK: In order

    @Test func whereNothingIsWrongEveryStepIsOK() {
        let diagnosis = Diagnosis(Self.good)
        #expect(diagnosis.cause == nil)
        #expect(diagnosis.findings.map(\.step) == Step.allCases)
        for finding in diagnosis.findings { #expect(finding.isOK, "\(finding)") }
    }

    @Test func whatWasFoundIsTold() {
        #expect(words(.configuration, Self.good) == "'production' (cms.example.com), to push and pull")
        #expect(words(.name, Self.good) == "resolved, 192.0.2.7 answers")
        #expect(
            words(.encryption, Self.good)
                == "the certificate of CN = cms, for DNS:cms.example.com, issued by CN = authority, good until 2027-01-15T08:00:00Z"
        )
        #expect(words(.version, Self.good) == "1.0.0 here, 1.0.1 there")
        #expect(words(.identity, Self.good) == "staging (aa) here, Production (bb) there")
        #expect(words(.clock, Self.good) == "the other side's is the same to a second")
    }

    @Test func withoutEncryptionThatIsSaid() {
        let facts = facts { facts in
            var target = Self.target
            target.isEncrypted = false
            facts.target = .success(target)
            facts.certificate = nil
        }
        #expect(words(.encryption, facts) == "not used: the address begins with http://")
        #expect(Diagnosis(facts).cause == nil)
    }

    // MARK: On the way

    @Test func anUnknownTarget() {
        let error = TidelockError(.unknownTarget, "There is no target 'x'.")
        let diagnosis = Diagnosis(DiagnosisFacts(target: .failure(error), here: Self.here))
        #expect(diagnosis.cause?.step == .configuration)
        for finding in diagnosis.findings.dropFirst() { #expect(finding.isNotReached, "\(finding)") }
    }

    @Test func aTargetThatIsSwitchedOff() {
        expectCause(
            .configuration, .permissionDenied,
            facts { facts in
                var target = Self.target
                (target.allowsPush, target.allowsPull) = (false, false)
                facts.target = .success(target)
            })
    }

    @Test(arguments: [Diagnosis.Step.configuration, .name, .connection, .encryption, .server])
    func aRequestThatIsNotAnsweredIsAboutTheStepItGotTo(step: Diagnosis.Step) {
        let facts = unreached(step, TidelockError(.targetUnreachable, "GET failed.", hint: "Look."))
        let error = expectCause(step, .targetUnreachable, facts)
        #expect(error?.message == "GET failed." && error?.hint == "Look.")
        for finding in Diagnosis(facts).findings where finding.step > step {
            #expect(finding.isNotReached, "\(finding)")
        }
    }

    @Test func aCertificateThatIsRefusedIsDescribed() {
        var facts = unreached(.encryption, TidelockError(.tlsFailed, "The certificate expired.", hint: "Renew it."))
        facts.certificate = Self.certificate
        let error = expectCause(.encryption, .tlsFailed, facts)
        #expect(
            error?.message == "The certificate expired. The server shows the certificate of CN = cms, "
                + "for DNS:cms.example.com, issued by CN = authority, good until 2027-01-15T08:00:00Z.")
        #expect(error?.hint == "Renew it.")
    }

    @Test func anotherServerAtTheAddress() {
        let error = TidelockError(.targetUnreachable, "It answered with HTTP status 200, but not as Tidelock does.")
        let facts = facts { facts in
            facts.reach = .answered(Reach.Answer(from: .stranger(error), address: "192.0.2.7", clockDifference: nil))
            (facts.check, facts.condition) = (nil, nil)
        }
        expectCause(.server, .targetUnreachable, facts)
        for finding in Diagnosis(facts).findings where finding.step > .server {
            #expect(finding.isNotReached, "\(finding)")
        }
    }

    // MARK: What the target refuses

    @Test(arguments: [
        (ErrorCode.unknownKey, Diagnosis.Step.key), (.badSignature, .key), (.addressRefused, .key),
        (.badResponseSignature, .key), (.rateLimited, .key), (.expiredToken, .clock), (.permissionDenied, .rights),
        (.versionMismatch, .version), (.sameInstance, .identity), (.wrongAudience, .identity),
        (.hookLoadFailed, .hooks), (.hookRefused, .hooks), (.databaseBusy, .disk),
        // A server that was found to be there is not doubted because a second request fails.
        (.targetUnreachable, .key), (.timeout, .key), (.internalFailure, .key),
    ])
    func aRefusalIsAboutOneStep(code: ErrorCode, step: Diagnosis.Step) throws {
        let diagnosis = Diagnosis(refused(code))
        #expect(diagnosis.findings.filter(\.isProblem).map(\.step) == [step], "\(diagnosis)")
        #expect(diagnosis.cause?.error.hint == "Do something.")
        let key = try #require(diagnosis.findings.first { $0.step == .key })
        #expect(key.isOK == (step > .key))
    }

    @Test func aConditionThatIsRefusedIsAboutTheRights() {
        expectCause(.rights, .permissionDenied, refused(.permissionDenied, atCondition: true))
        expectCause(.rights, .targetUnreachable, refused(.targetUnreachable, atCondition: true))
    }

    @Test func anOlderVersionThatDoesNotKnowTheQuestionIsNoProblem() {
        let facts = refused(.notFound, atCondition: true)
        #expect(Diagnosis(facts).cause == nil)
        guard case .notReached(let known)? = outcome(.disk, facts) else { return #expect(Bool(false)) }
        #expect(known == "5.0 GB free here; the version over there does not tell")
    }

    @Test(arguments: [
        (ErrorCode.targetUnreachable, false, false), (.tlsFailed, false, false), (.notFound, false, false),
        (.unknownKey, true, false), (.internalFailure, true, false), (.permissionDenied, true, true),
        (.hookLoadFailed, true, true),
    ])
    func aCheckThatFailsProvesSomethingAllTheSame(code: ErrorCode, isReachable: Bool, isKeyAccepted: Bool) {
        #expect(code.provesReachable == isReachable && code.provesKeyAccepted == isKeyAccepted)
    }

    // MARK: Clocks

    private static let differences: [(Int64, String)] = [
        (600_000, "10 min ahead of ours"), (-600_000, "10 min behind ours"), (31_000, "31 s ahead of ours"),
        (-90_000, "90 s behind ours"), (7_200_000, "2 h ahead of ours"), (259_200_000, "3 days ahead of ours"),
    ]

    @Test(arguments: differences)
    func clocksThatDiffer(milliseconds: Int64, sentence: String) {
        let facts = facts { facts in
            var check = Self.check
            check.clockDifference = ClockDifference(milliseconds: milliseconds)
            facts.check = .success(check)
        }
        let error = expectCause(.clock, .expiredToken, facts)
        #expect(
            error?.message
                == "The clock of target 'production' (cms.example.com) is \(sentence), and 30 s are tolerated.")
    }

    private static let tolerable: [(Int64, String)] = [
        (0, "the same to a second"), (499, "the same to a second"), (30_000, "30 s ahead of ours"),
        (-2_000, "2 s behind ours"),
    ]

    @Test(arguments: tolerable)
    func clocksThatAgreeWellEnough(milliseconds: Int64, sentence: String) {
        let difference = ClockDifference(milliseconds: milliseconds)
        #expect(difference.isTolerable && difference.sentence == sentence)
    }

    @Test(arguments: [Int64.min, Int64.max])
    func absurdClocksAreOnlyFarOff(there: Int64) {
        let difference = ClockDifference(there: there, here: 1_800_000_000_000)
        #expect(!difference.isTolerable)
        #expect(difference.sentence.contains("days"))
    }

    /// With a wrong key nobody signs anything, but the first answer tells the time.
    @Test func theDateOfAnUnsignedAnswerIsAHintThatHidesNoWrongKey() {
        let late = facts { facts in
            facts.reach = .answered(
                Reach.Answer(
                    from: .tidelock(version: "1"), address: "::1",
                    clockDifference: ClockDifference(milliseconds: 600_000)))
        }
        #expect(Diagnosis(late).cause == nil)
        var refused = late
        refused.check = .failure(TidelockError(.unknownKey, "No."))
        expectCause(.key, .unknownKey, refused)
        guard case .ok(_, let hint?)? = outcome(.clock, refused) else { return #expect(Bool(false)) }
        #expect(hint.contains("10 min ahead"))
    }

    // MARK: Rights

    @Test(arguments: [[Right.read], [.pull], [.read, .pull]])
    func aKeyThatMayNotPush(rights: [Right]) {
        let error = expectCause(.rights, .permissionDenied, condition { $0.key.rights = rights })
        #expect(error?.message.contains("to push") == true)
    }

    @Test func aTargetThatIsOnlyPulledFromNeedsNoRightToPush() {
        var facts = condition { $0.key.rights = [.pull] }
        var target = Self.target
        target.allowsPush = false
        facts.target = .success(target)
        #expect(Diagnosis(facts).cause == nil)
        #expect(words(.rights, facts) == "the key may pull")
    }

    @Test func aKeyForSomeKindsIsTold() {
        let facts = condition { $0.key = KeyFacts(rights: [.push, .pull], kinds: ["content/posts"], expires: 0) }
        #expect(words(.rights, facts) == "the key may push, pull; only content/posts; until 1970-01-01T00:00:00Z")
    }

    // MARK: Locks

    private func lease(isOwn: Bool) -> HeldLease {
        HeldLease(holder: "edge", since: 1_800_000_000, expires: 1_800_000_060, isOwn: isOwn)
    }

    @Test func aRunAtWorkHere() {
        let error = TidelockError(.runInProgress, "Run r is at work.")
        expectCause(.lock, .runInProgress, facts { $0.here.runInProgress = error })
    }

    @Test func somebodyElseWritingThere() {
        let error = expectCause(.lock, .leaseHeld, condition { $0.lease = lease(isOwn: false) })
        #expect(
            error?.message == "edge is writing to target 'production' (cms.example.com), since 2027-01-15T08:00:00Z "
                + "and until 2027-01-15T08:01:00Z unless it goes on.")
    }

    @Test func ourOwnLeaseIsSuperseded() {
        let facts = condition { $0.lease = lease(isOwn: true) }
        #expect(Diagnosis(facts).cause == nil)
        #expect(words(.lock, facts)?.contains("supersedes") == true)
    }

    @Test func somebodyWritingHereIsInTheWayOfAPullOnly() {
        var facts = facts { $0.here.condition.lease = lease(isOwn: false) }
        expectCause(.lock, .leaseHeld, facts)
        var target = Self.target
        target.allowsPull = false
        facts.target = .success(target)
        #expect(Diagnosis(facts).cause == nil)
    }

    // MARK: Handlers, space, uploads

    @Test func handlersThatCannotBeLoadedHere() {
        let error = expectCause(
            .hooks, .hookLoadFailed,
            facts { $0.here.hooks = HookStatus(.failed, error: "hooks/a.lua:2: syntax error\n  2 | if") })
        #expect(error?.message == "The handlers of this instance could not be loaded: hooks/a.lua:2: syntax error.")
    }

    @Test func handlersThatAreStaleThereAreToldAndNoProblem() {
        let facts = facts { facts in
            var check = Self.check
            check.hooks = HookStatus(.stale, error: "hooks/a.lua:2: syntax error")
            facts.check = .success(check)
        }
        #expect(Diagnosis(facts).cause == nil)
        guard case .ok(let words, let hint?)? = outcome(.hooks, facts) else { return #expect(Bool(false)) }
        #expect(words.contains("hooks/a.lua:2") && hint.contains("hooks check"))
    }

    @Test(arguments: [0, 1, Diagnosis.leastFreeBytes - 1])
    func aFullDisk(bytes: Int64) {
        let here = expectCause(.disk, .diskFull, facts { $0.here.condition.storage.freeBytes = bytes })
        #expect(here?.message.hasPrefix("The disk of this instance is full: ") == true)
        let there = expectCause(.disk, .diskFull, condition { $0.storage.freeBytes = bytes })
        #expect(there?.message.hasPrefix("The disk of target 'production' (cms.example.com) is full: ") == true)
    }

    @Test func enoughSpaceIsEnough() {
        for (bytes, isScarce) in [(Diagnosis.leastFreeBytes, true), (Diagnosis.plentyFreeBytes, false)] {
            let facts = condition { $0.storage.freeBytes = bytes }
            #expect(Diagnosis(facts).cause == nil)
            guard case .ok(_, let hint)? = outcome(.disk, facts) else { return #expect(Bool(false)) }
            #expect((hint != nil) == isScarce)
        }
    }

    @Test(arguments: [
        (UploadFolder.notPermitted, ErrorCode.storageFailed), (.readOnly, .storageFailed), (.full, .diskFull),
        (.notAFolder, .storageFailed), (.unusable, .storageFailed),
    ])
    func aFolderForUploadsThatTakesNoFiles(folder: UploadFolder, code: ErrorCode) {
        for facts in [
            facts { $0.here.condition.storage.uploads = folder }, condition { $0.storage.uploads = folder },
        ] {
            let error = expectCause(.uploads, code, facts)
            #expect(error?.message.contains("storage/uploads") == true && error?.hint != nil)
        }
    }

    @Test func aScheduleThatCannotBegin() {
        let problem = TidelockError(.badSetting, "Schedule 'nightly' cannot begin.", hint: "Do something.")
        let error = expectCause(.schedules, .badSetting, facts { $0.here.schedules.problem = problem })
        #expect(error?.message == problem.message && error?.hint == problem.hint)
        #expect(words(.schedules, Self.good) == "none leads there")
        let known = facts { $0.here.schedules.names = ["nightly", "news"] }
        #expect(words(.schedules, known) == "nightly, news can begin")
    }

    @Test func aFolderForUploadsCountsOnlyWhereSomethingIsWrittenToIt() throws {
        var facts = condition { $0.storage.uploads = .full }
        facts.here.condition.storage.uploads = .full
        var target = try facts.target.get()
        target.allowsPush = false
        facts.target = .success(target)
        #expect(expectCause(.uploads, .diskFull, facts)?.message.contains("of this instance") == true)
        (target.allowsPush, target.allowsPull) = (true, false)
        facts.target = .success(target)
        #expect(expectCause(.uploads, .diskFull, facts)?.message.contains("of target") == true)
        facts.here.condition.storage.uploads = .writable
        (target.allowsPush, target.allowsPull) = (false, true)
        facts.target = .success(target)
        #expect(Diagnosis(facts).cause == nil)
    }

    @Test func whatIsWrongHereIsToldAlsoWhenTheTargetIsNotReached() {
        var facts = unreached(.connection, TidelockError(.targetUnreachable, "refused"))
        facts.here.condition.storage.freeBytes = 0
        facts.here.hooks = HookStatus(.failed, error: "broken")
        let problems = Diagnosis(facts).findings.filter(\.isProblem).map(\.step)
        #expect(problems == [.connection, .hooks, .disk])
    }
}

extension Diagnosis.Finding {
    fileprivate var isOK: Bool { if case .ok = outcome { true } else { false } }
    fileprivate var isProblem: Bool { if case .problem = outcome { true } else { false } }
    fileprivate var isNotReached: Bool { if case .notReached = outcome { true } else { false } }
}
