internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import ServiceLifecycle
internal import SyncEngine

struct GarbageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Free what nothing needs any more: old undo, abandoned transfers, old runs and records.")

    @Flag(help: "Only say what would be freed.") var dryRun = false
    @Flag(help: "Then write the file anew without its free space; nobody else can write meanwhile.") var vacuum = false
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        var freed: GarbageReport
        var space: StoreSpace
    }

    func run() async throws {
        let instance = try await Instance.openInAnyCase(location)
        let freed = try await instance.store.collectGarbage(isDryRun: dryRun, looksForOrphans: true)
        if !dryRun {
            await instance.noteFreed(freed)
            if vacuum { try await instance.store.compact() } else { try await instance.store.releaseSpace() }
        }
        let answer = Answer(freed: freed, space: try await instance.store.space())
        if freed.orphanedBodies > 0 { Complaint.warn(freed.defect) }
        if output.json { return try Output.json(answer) }
        try print(answer)
    }

    private func print(_ answer: Answer) throws {
        let lines = answer.freed.lines
        try Output.line(lines.isEmpty ? "nothing to free" : dryRun ? "would free:" : "freed:")
        for line in lines { try Output.line("  \(line)") }
        let space = answer.space
        try Output.line(
            "the store's file has \(ByteText.of(space.fileBytes)), \(ByteText.of(space.freeBytes)) of them free inside"
                + (space.freeBytes > space.fileBytes / 4 ? "; --vacuum gives those back to the disk" : ""))
    }
}

extension GarbageReport {
    /// One line for each thing that was freed.
    fileprivate var lines: [String] {
        let amounts = [
            (undoRuns, "runs' undo, \(undoRows) rows"), (abandonedTransfers, "transfers that nobody touched any more"),
            (stagedRows, "rows that were staged and never committed"), (plans, "plans"),
            (planRows, "operations and batches of plans"), (transfers, "transfers, known no longer"),
            (runs, "runs, listed no longer"), (tokens, "tokens that have expired"), (logRecords, "records of the log"),
            (auditRecords, "records of the audit log"),
            (files, "files that no asset names, \(ByteText.of(fileBytes))"),
            (orphanedBodies, "bodies that belonged to nothing"),
        ]
        return amounts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    }

    fileprivate var defect: String {
        "\(orphanedBodies) bodies belonged to no item, no undo and no transfer. That is a defect of Tidelock; no content is affected."
    }
}

extension Instance {
    /// Tells the log what was freed, unless that was only the tokens that every request leaves, and the audit log of
    /// what can no longer be taken back.
    fileprivate func noteFreed(_ freed: GarbageReport) async {
        var told = freed
        told.tokens = 0
        if !told.isEmpty { log("info", "Freed: \(told.lines.joined(separator: "; ")).", channel: "store") }
        if freed.orphanedBodies > 0 { log("error", freed.defect, channel: "store") }
        guard freed.undoRuns > 0 else { return }
        // A server does this by itself, and is then its own caller.
        let principal = Principal.current == Principal() ? .here : Principal.current
        await audit(
            AuditEntry(.collect, by: principal, counts: ["runs": freed.undoRuns, "undoRows": freed.undoRows]))
    }
}

/// Frees once an hour what costs little to find.
struct GarbagePump: Service {
    let instance: Instance
    let responder: LocalInstance

    private static let pause = Duration.seconds(3_600)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await collect()
                // Servers that were started together do not all work at the same moment.
                let delay = Duration.seconds(Int(instance.random.bytes(1).first ?? 0))
                try? await instance.clock.sleep(for: Self.pause + delay)
            }
        }
    }

    private func collect() async {
        do {
            try await responder.forgetUntouched()
            await instance.noteFreed(try await instance.store.collectGarbage(looksForOrphans: false))
        } catch is CancellationError {
            // The server stops; the next one goes on.
        } catch {
            instance.log("warning", "Old data could not be freed: \(error)", channel: "store")
        }
    }
}
