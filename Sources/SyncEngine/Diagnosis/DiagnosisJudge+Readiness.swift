internal import ContentModel
internal import SyncProtocol

// MARK: - Whether both sides agree

extension DiagnosisJudge {
    var key: Outcome {
        guard facts.check != nil else { return .notReached() }
        if let refusal, refusal.step < .key { return .notReached() }
        return .ok("accepted")
    }

    var rights: Outcome {
        guard let target, let key = there?.key else { return untold() }
        let wanted = [(target.allowsPush, Right.push), (target.allowsPull, .pull)].filter(\.0).map(\.1)
        let missing = wanted.filter { !key.rights.contains($0) }.map(\.rawValue)
        guard missing.isEmpty else {
            return .problem(
                TidelockError(
                    .permissionDenied,
                    "The sync key of target \(label) does not allow to \(missing.joined(separator: " or to ")).",
                    hint: "Give it that right in sync.keys over there, or switch the direction off for this target."))
        }
        return .ok(words(key), hint: key.kinds.map { _ in "A run has to name what it moves, as with --models." })
    }

    private func words(_ key: KeyFacts) -> String {
        var words = "the key may " + key.rights.map(\.rawValue).joined(separator: ", ")
        if let kinds = key.kinds {
            let more = kinds.count > 5 ? " and \(kinds.count - 5) more" : ""
            words += "; only \(kinds.prefix(5).map(\.printable).joined(separator: ", "))\(more)"
        }
        if let expires = key.expires { words += "; until \(utc(expires))" }
        return words
    }

    var version: Outcome {
        guard let checked else { return .notReached() }
        return .ok("\(facts.here.version) here, \(checked.version.printable) there")
    }

    var identity: Outcome {
        guard let checked else { return .notReached() }
        let (ours, theirs) = (facts.here.identity, checked.instance)
        return .ok(
            "\(ours.name.printable) (\(ours.id)) here, \(theirs.name.printable) (\(theirs.id.printable)) there")
    }
}

// MARK: - Whether both sides can begin

extension DiagnosisJudge {
    var lock: Outcome {
        let here = facts.here
        if let run = here.runInProgress { return .problem(run) }
        if let target, target.allowsPull, let lease = here.condition.lease, !lease.isOwn {
            return .problem(held(lease, "this instance", hint: "'tidelock lock reset' takes the lock from it."))
        }
        guard let target, let there else { return untold("free here") }
        guard let lease = there.lease, target.allowsPush else { return .ok("free on both sides") }
        guard lease.isOwn else {
            return .problem(
                held(lease, "target \(label)", hint: "'tidelock lock reset' over there takes the lock from it."))
        }
        return .ok("held by a run of this instance, which the next one supersedes")
    }

    private func held(_ lease: HeldLease, _ place: String, hint: String) -> TidelockError {
        TidelockError(
            .leaseHeld,
            "\(lease.holder.printable) is writing to \(place), since \(utc(lease.since)) and until \(utc(lease.expires)) unless it goes on.",
            hint: "Wait until its run has ended. \(hint)")
    }

    var hooks: Outcome {
        let here = facts.here.hooks
        if here.status == .failed { return .problem(unloaded(here, "of this instance")) }
        guard let there = checked?.hooks else { return .notReached("loaded here") }
        switch there.status {
        case .ok: return .ok("loaded on both sides")
        case .stale:
            return .ok(
                "loaded on both sides; the newest over there are not, \(shown(there.error))",
                hint: "Repair the file over there; 'tidelock hooks check' lists all problems.")
        case .failed: return .problem(unloaded(there, "of target \(label)"))
        }
    }

    private func unloaded(_ hooks: HookStatus, _ owner: String) -> TidelockError {
        TidelockError(
            .hookLoadFailed, "The handlers \(owner) could not be loaded: \(shown(hooks.error)).",
            hint: "Repair the file; 'tidelock hooks check' lists all problems.")
    }

    /// File, line and reason; what is quoted of the file stays away.
    private func shown(_ error: String?) -> String {
        let line = error?.split(separator: "\n").first.map(String.init) ?? "nobody knows why"
        return line.hasSuffix(".") ? String(line.dropLast()) : line
    }

    var disk: Outcome {
        let here = facts.here.condition.storage.freeBytes
        if let problem = shortage(here, "of this instance") { return .problem(problem) }
        guard let there = there?.storage.freeBytes else { return untold("\(ByteText.of(here)) free here") }
        if let problem = shortage(there, "of target \(label)") { return .problem(problem) }
        let isScarce = min(here, there) < Diagnosis.plentyFreeBytes
        return .ok(
            "\(ByteText.of(here)) free here, \(ByteText.of(there)) there",
            hint: isScarce ? "That may be too little for a large run; free some space." : nil)
    }

    private func shortage(_ free: Int64, _ owner: String) -> TidelockError? {
        guard free < Diagnosis.leastFreeBytes else { return nil }
        return TidelockError(
            .diskFull,
            "The disk \(owner) is full: \(ByteText.of(free)) are free, \(ByteText.of(Diagnosis.leastFreeBytes)) are needed for a batch.",
            hint: "Free some space there; 'tidelock gc --vacuum' gives back what the store no longer needs.")
    }

    /// A folder counts where something is written to it: here by pulls, over there by pushes.
    var uploads: Outcome {
        let writes = (here: target?.allowsPull ?? true, there: target?.allowsPush ?? true)
        let here = facts.here.condition.storage.uploads
        if writes.here, let problem = obstacle(here, "of this instance") { return .problem(problem) }
        guard writes.there else { return .ok("writable here") }
        guard let there = there?.storage.uploads else { return untold(writes.here ? "writable here" : nil) }
        if let problem = obstacle(there, "of target \(label)") { return .problem(problem) }
        return .ok(writes.here ? "writable on both sides" : "writable there")
    }

    /// They keep nobody from starting a run by hand, and come last.
    var schedules: Outcome {
        let known = facts.here.schedules
        if let problem = known.problem { return .problem(problem) }
        let more = known.names.count > 5 ? " and \(known.names.count - 5) more" : ""
        let names = known.names.prefix(5).map(\.printable).joined(separator: ", ")
        let words = known.names.isEmpty ? "none leads there" : "\(names)\(more) can begin"
        return checked == nil ? .notReached(words) : .ok(words)
    }

    private func obstacle(_ folder: UploadFolder, _ owner: String) -> TidelockError? {
        let (why, hint) =
            switch folder {
            case .writable: ("", "")
            case .notPermitted: ("it may not be written to", "Give the folder to the user that Tidelock runs as.")
            case .readOnly: ("its file system is read-only", "Mount the file system so that it can be written to.")
            case .full: ("there is no room for another file", "Free some space, or raise the quota.")
            case .notAFolder: ("something else has its place", "Make it a folder, or a link to one.")
            case .unusable: ("the system lets no file be made in it", "Try to make one by hand to see why.")
            }
        guard folder != .writable else { return nil }
        return TidelockError(
            folder == .full ? .diskFull : .storageFailed,
            "The folder for uploads \(owner), storage/uploads, cannot be used: \(why).", hint: hint)
    }
}
