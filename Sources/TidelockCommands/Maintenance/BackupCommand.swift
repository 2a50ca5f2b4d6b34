internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write a consistent copy of the store and its files, also while a server runs or a run is at work.")

    @Argument(help: "The file to write. Files of assets go into a folder beside it, FILE.blobs.") var file: String
    @Flag(help: "Replace the file and the folder if they exist. Files of assets that are there already are kept.")
    var force = false
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let place = URL(filePath: file).standardizedFileURL
        let report = try await instance.auditing(.backup, target: place.path) {
            try await instance.store.backup(to: place, replacing: force)
        }
        await instance.audit(AuditEntry(.backup, target: report.file))
        instance.log("info", "A backup was written, up to change \(report.sequence).", channel: "store")
        if output.json { try Output.json(report) } else { try print(report) }
        // What there is to copy was copied, and whoever counts on the rest has to know.
        if report.files?.missing ?? 0 > 0 { throw ExitCode(ErrorCode.blobMissing.traits.exitStatus) }
    }

    private func print(_ report: BackupReport) throws {
        try Output.line(
            "wrote \(report.file): \(ByteText.of(report.bytes)), up to change \(report.sequence), checked")
        guard let files = report.files else { return }
        try Output.line(
            "wrote \(files.folder): \(files.count) files of assets, \(ByteText.of(files.bytes)), \(files.copied) of them new, checked"
        )
        guard files.missing > 0 else { return }
        Complaint.warn(
            "\(files.missing) files of assets are missing or damaged in the store, and so not in the backup; 'tidelock verify --deep' names them"
        )
    }
}
