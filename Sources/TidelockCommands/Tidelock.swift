internal import ArgumentParser
internal import ContentModel
internal import Foundation
internal import SyncEngine

/// The command line: parses, runs one command, and ends with the exit status of the error table.
public enum Tidelock {
    /// What `--version` and the check endpoint tell.
    static let version = "0.1.0"

    public static func run() async {
        // A closed pipe on standard output (as with `| head`) ends a write with an error, not the process.
        signal(SIGPIPE, SIG_IGN)
        MemorySettings.apply()
        var command: any ParsableCommand
        do {
            command = try RootCommand.parseAsRoot()
        } catch {
            end(misused: error)
        }
        do {
            if let asynchronous = command as? any AsyncParsableCommand {
                try await Principal.$current.withValue(.here) {
                    var command = asynchronous
                    try await command.run()
                }
            } else {
                try command.run()
            }
        } catch let error as ExitCode {
            exit(error.rawValue)
        } catch let error where RootCommand.exitCode(for: error) == .success {
            // Help that somebody asked for comes this way too.
            RootCommand.exit(withError: error)
        } catch let error as ValidationError {
            end(misused: error)
        } catch {
            end(TidelockError(wrapping: error))
        }
    }

    private static func end(_ error: TidelockError) -> Never {
        FailureAnswer.write(error, arguments: CommandLine.arguments)
        Complaint.write(error)
        exit(error.code.traits.exitStatus)
    }

    /// Help and the version, when somebody asked for them, come this way too.
    private static func end(misused error: any Error) -> Never {
        if RootCommand.exitCode(for: error) != .success {
            let arguments = Array(CommandLine.arguments.dropFirst())
            if let unknown = UnknownCommand.complaint(arguments, of: RootCommand.self) { end(unknown) }
            let failure = TidelockError(.usage, RootCommand.message(for: error))
            FailureAnswer.write(failure, arguments: CommandLine.arguments)
        }
        RootCommand.exit(withError: error)
    }
}

struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidelock",
        abstract: "Keeps the content of several instances of a site in step, scripted with Lua handlers.",
        version: Tidelock.version,
        groupedSubcommands: [
            CommandGroup(name: "Instance:", subcommands: [InitCommand.self, ServeCommand.self, StatusCommand.self]),
            CommandGroup(
                name: "Content:",
                subcommands: [
                    KindsCommand.self, ListCommand.self, GetCommand.self, PutCommand.self, RemoveCommand.self,
                    ImportCommand.self, ExportCommand.self, AssetCommand.self, LokalizeCommand.self,
                ]),
            CommandGroup(
                name: "Sync:",
                subcommands: [
                    PlanCommand.self, ApplyCommand.self, PushCommand.self, PullCommand.self, RunFileCommand.self,
                    ItemCommand.self, CheckCommand.self, RunsCommand.self, RollbackCommand.self, ConflictsCommand.self,
                    DriftCommand.self,
                    LogCommand.self,
                    DocumentsCommand.self, LockCommand.self,
                ]),
            CommandGroup(
                name: "Operating:",
                subcommands: [
                    HealthCommand.self, DoctorCommand.self, AuditCommand.self, BackupCommand.self, VerifyCommand.self,
                    GarbageCommand.self,
                ]),
            CommandGroup(
                name: "Configuration:",
                subcommands: [TargetsCommand.self, KeysCommand.self, APIKeysCommand.self, HooksCommand.self]),
        ])

    @OptionGroup var location: LocationOptions
}

/// Tells a person on standard error what went wrong; the hint stands on a line of its own.
enum Complaint {
    static func write(_ error: TidelockError) {
        var text = "tidelock: \(error.message)\n"
        if let hint = error.hint { text += "Try: \(hint)\n" }
        FileHandle.standardError.write(Data(text.utf8))
    }

    /// One of several failures: says which target it is about.
    static func write(_ error: TidelockError, of target: String) {
        var error = error
        error.message = "\(target): \(error.message)"
        write(error)
    }

    static func warn(_ sentence: String) {
        FileHandle.standardError.write(Data("tidelock: \(sentence)\n".utf8))
    }
}
