internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "log", abstract: "Print the log, newest last.")

    @Option(help: "Only this channel, such as sync or hooks.") var channel: String?
    @Option(help: "Only this type, such as error.") var type: String?
    @OptionGroup var length: RecordOptions
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let store = try await Instance.openInAnyCase(location).store
        let records = try await store.log(channel: channel, type: type, limit: length.limit)
        if output.json { return try Output.json(records) }
        for record in records {
            try Output.line("\(moment(record.timestamp)) \(record.type) [\(record.channel)] \(record.message)")
        }
    }
}

struct LockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Show or reset the lock.", subcommands: [Status.self, Reset.self],
        defaultSubcommand: Status.self)

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Say who works on this instance, and who writes to it.",
            discussion: "--json prints 'run' and 'lease', each only when somebody has it.")
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        private struct Answer: Encodable {
            var run: SyncLock.Holder?
            var lease: LeaseHolder?
        }

        func run() async throws {
            let instance = try await Instance.openInAnyCase(location)
            let answer = Answer(
                run: try SyncLock.holder(in: instance.folder.storage), lease: try await instance.store.leaseHolder())
            if output.json { return try Output.json(answer) }
            if let run = answer.run {
                try Output.line(
                    "run \(run.run) is at work: process \(run.pid) on \(run.host), since \(moment(run.started))")
            }
            if let lease = answer.lease {
                try Output.line(
                    "\(lease.holder) writes here with transfer \(lease.transfer), since \(moment(lease.since)), until \(moment(lease.expires)) unless renewed"
                )
            }
            if answer.run == nil, answer.lease == nil { try Output.line("free: no run is at work, nobody writes here") }
        }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset",
            abstract: "Free the lock and take the right to write from whoever has it. Safe at any moment.",
            discussion: "--json prints 'lockFile', and the 'lease' that was taken away.")
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        private struct Answer: Encodable {
            /// Whether a lock file was removed.
            var lockFile: Bool
            var lease: LeaseHolder?
        }

        func run() async throws {
            let instance = try await Instance.openInAnyCase(location)
            let hadFile = SyncLock.reset(in: instance.folder.storage)
            let reset = try await instance.auditing(.lockReset) { try await instance.store.resetLease() }
            if !reset.isComplete {
                Complaint.warn(
                    "the disk is full: the audit log does not tell of this reset, and what was staged may stay for now")
            }
            instance.log("notice", "The lock was reset.")
            if output.json { return try Output.json(Answer(lockFile: hadFile, lease: reset.lease)) }
            switch (hadFile, reset.lease) {
            case (false, nil): try Output.line("there was nothing to reset")
            case (_, let lease?):
                try Output.line("reset; transfer \(lease.transfer) of \(lease.holder) can no longer commit")
            case (true, nil): try Output.line("reset; the lock file was removed")
            }
        }
    }
}
