internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that everything in the store fits together, and that a target holds what we believe.")

    @Argument(help: "Also ask this target what it holds of us. Nothing is changed there.") var target: String?
    @Flag(help: "Also read and hash every item and every file of an asset, and check the file.") var deep = false
    @Flag(help: "Compute digests anew that are wrong. Nothing else is touched.") var repair = false
    @Option(help: "Ask the target about these models only, separated by commas.") var models: String?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard models == nil || target != nil else {
            throw ValidationError("--models is about what a target holds; name one.")
        }
    }

    private struct Answer: Encodable {
        var ok: Bool
        var store: VerificationReport
        var target: TargetComparison?
    }

    func run() async throws {
        let instance = try await Instance.open(location)
        var store = try await instance.store.verify(isDeep: deep)
        if repair, store.problems.contains(where: \.isRepairable) {
            let repaired = try await instance.auditing(.repair) { try await instance.store.repairDigests() }
            await instance.audit(AuditEntry(.repair, counts: ["digests": repaired]))
            store = try await instance.store.verify(isDeep: deep)
            store.repaired = repaired
            instance.log("notice", "\(repaired) digests were computed anew.", channel: "store")
        }
        let names = models?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        let comparison = try await target.asyncMap {
            try await TargetComparison.make(instance, target: $0, scope: Scope(models: names))
        }
        let failure = store.failure ?? comparison?.failure
        if output.json {
            try Output.json(Answer(ok: failure == nil, store: store, target: comparison))
        } else {
            for line in store.lines + (comparison?.lines ?? []) { try Output.line(line) }
        }
        guard let failure else { return }
        Complaint.write(failure)
        throw ExitCode(failure.code.traits.exitStatus)
    }
}

extension Optional {
    fileprivate func asyncMap<Value>(_ transform: (Wrapped) async throws -> Value) async rethrows -> Value? {
        guard let self else { return nil }
        return try await transform(self)
    }
}

extension VerificationReport {
    fileprivate var lines: [String] {
        var lines = problems.map { problem in
            let item = problem.kind.map { kind in problem.id.map { "\(kind)/\($0.printable): " } ?? "\(kind): " }
            return "✗ \(item ?? "")\(problem.what)"
        }
        if problemCount > problems.count { lines.append("  … and \(problemCount - problems.count) more") }
        if repaired > 0 { lines.append("computed \(repaired) digests anew") }
        lines.append(
            "checked \(items) items, \(tombstones) tombstones, \(bodies) bodies, \(digestTrees) digest trees, \(files) files\(isDeep ? ", and every byte" : "")"
        )
        return lines
    }

    fileprivate var failure: TidelockError? {
        guard problemCount > 0 else { return nil }
        let onlyDigests = problems.allSatisfy(\.isRepairable)
        return TidelockError(
            .damagedStore, "\(problemCount) things in the store are not as they must be.",
            hint: onlyDigests
                ? "'tidelock verify --repair' computes the digests anew."
                : "Restore a backup, or put the items again that are named.")
    }
}
