internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write a consistent copy of the store, also while a server runs or a run is at work.")

    @Argument(help: "The file to write.") var file: String
    @Flag(help: "Replace the file if it exists.") var force = false
    @OptionGroup var location: LocationOptions
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        let instance = try await Instance.open(location)
        let place = URL(filePath: file).standardizedFileURL
        let report = try await instance.auditing(.backup, target: place.path) {
            try await instance.store.backup(to: place, replacing: force)
        }
        await instance.audit(AuditEntry(.backup, target: report.file))
        instance.log("info", "A backup was written, up to change \(report.sequence).", channel: "store")
        if json { return try Output.json(report) }
        try Output.line(
            "wrote \(report.file): \(ByteText.of(report.bytes)), up to change \(report.sequence), checked")
    }
}
