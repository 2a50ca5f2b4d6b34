internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine
internal import SyncProtocol

/// What the configuration of a running server says, read again when it or `.env` has changed: a key can be replaced, and
/// a schedule be changed, while the server runs.
///
/// A file that cannot be read any more leaves the last good settings in force, and is told once, in the log and on
/// standard error.
actor LiveSettings {
    private let instance: Instance
    private var stamp: [FileStamp?] = []
    private var known: Settings

    init(_ instance: Instance) {
        self.instance = instance
        known = instance.settings
    }

    func current() async -> Settings {
        let present = [instance.folder.configuration, instance.folder.environment].map { FileStamp(ofFile: $0.path) }
        guard present != stamp else { return known }
        stamp = present
        do {
            let settings = try await ConfigurationFile.settings(of: instance.folder, workers: instance.workers)
            // Whoever read later knows better.
            guard stamp == present else { return known }
            let before = known
            known = settings
            await tell(keys: settings.keys, before: before.keys)
        } catch {
            let problem = "cannot be read any more, the last good settings stay: \(error.forLog)"
            instance.log("error", "The configuration \(problem)", channel: "server")
            Complaint.warn("the configuration \(problem)")
        }
        return known
    }

    private func tell(keys: [AcceptedKey], before: [AcceptedKey]) async {
        guard Set(keys) != Set(before) else { return }
        let facts = ["accepted": keys.count, "before": before.count]
        await instance.audit(AuditEntry(.keyChange, by: .here, counts: facts))
    }
}
