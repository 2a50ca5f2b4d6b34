internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make an instance: configuration, hooks, storage and a sync key of its own.")

    @Argument(help: "The folder of the instance; made if it is not there.")
    var folder: String?

    @Option(help: "What people call the instance.")
    var name: String?

    @Option(help: "The port that 'tidelock serve' listens on.")
    var port = 7100

    @Flag(help: "Give an instance that was copied an identity of its own.")
    var newIdentity = false

    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        if newIdentity { return try await renew() }
        guard let folder else { throw ValidationError("Name the folder: tidelock init DIR") }
        guard (0...65_535).contains(port) else { throw ValidationError("A port is a number from 0 to 65535.") }
        let url = URL(filePath: folder, directoryHint: .isDirectory).standardizedFileURL
        let instance = InstanceFolder(url: url)
        guard !FileManager.default.fileExists(atPath: instance.configuration.path) else {
            throw TidelockError(
                .usage, "\(url.path) is an instance already; nothing was changed.",
                hint: "Edit its \(InstanceFolder.configurationName), or choose another folder.")
        }
        try InstanceTemplate(name: name ?? url.lastPathComponent, port: port).write(into: instance)
        let opened = try await Instance.open(instance)
        try output.tell(
            "made instance '\(opened.settings.name)' in \(url.path)",
            "its sync key is in \(instance.environment.path); 'tidelock -C \(folder) keys show' prints it",
            asJSON: ["name": opened.settings.name, "id": opened.store.identity.id, "folder": url.path])
    }

    private func renew() async throws {
        let path = folder ?? location.directory ?? "."
        let instance = try await Instance.open(LocationOptions.parse(["-C", path]))
        let old = instance.store.identity.id
        guard try !ServingLock.isHeld(in: instance.folder.storage) else {
            throw TidelockError(
                .runInProgress, "A server runs on this instance; its identity stays.",
                hint: "Stop 'tidelock serve' first.")
        }
        let lock = try instance.takeLock(run: "new identity")
        defer { withExtendedLifetime(lock) {} }
        let id = try await instance.store.renewIdentity()
        instance.log("notice", "The identity was renewed: \(old) became \(id).")
        try output.tell(
            "instance '\(instance.settings.name)' was \(old) and is now \(id)",
            "what was agreed with others under the old id counts no more; the next run looks at everything",
            asJSON: ["name": instance.settings.name, "id": id, "former": old, "folder": instance.folder.url.path])
    }
}

/// The files of a new instance.
struct InstanceTemplate {
    var name: String
    var port: Int

    func write(into folder: InstanceFolder) throws {
        let files = FileManager.default
        do {
            try files.createDirectory(at: folder.hooks, withIntermediateDirectories: true)
            try files.createDirectory(
                at: folder.storage, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.storage.path)
            try writeKey(to: folder.environment)
            try example.write(to: folder.hooks.appending(path: "example.lua"), atomically: true, encoding: .utf8)
            try configuration.write(to: folder.configuration, atomically: true, encoding: .utf8)
        } catch let error as TidelockError {
            throw error
        } catch {
            throw TidelockError(
                .storageFailed, "\(folder.url.path) cannot be written: \(error.localizedDescription)", underlying: error
            )
        }
    }

    /// A key that is there already is kept: others may know it.
    private func writeKey(to file: URL) throws {
        if FileManager.default.fileExists(atPath: file.path) { return }
        let text =
            "# The key that others need to reach this instance. Keep it secret.\nTIDELOCK_SYNC_KEY=\(generateKey())\n"
        // Made with its final permissions, so that nobody can read it in between.
        guard
            FileManager.default.createFile(
                atPath: file.path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw TidelockError(.storageFailed, "\(file.path) cannot be written.") }
    }

    private var configuration: String {
        """
        -- Configuration of this instance. Only env(name, default) can be called here; .env beside this file is read too.
        return {
          name = \(luaQuoted(name)),
          server = { host = "127.0.0.1", port = \(port) },
          sync = { syncKey = env("TIDELOCK_SYNC_KEY") },

          -- Other instances can also be added with 'tidelock targets add NAME URI --key KEY'.
          -- targets = {
          --   production = { uri = "https://cms.example.com", syncKey = env("PRODUCTION_SYNC_KEY"), pull = false },
          -- },

          -- Runs that the server starts by the clock, in UTC. Without jobs they move everything; jobs may also name a
          -- file, as in jobs = "jobs/nightly.lua".
          -- schedules = {
          --   nightly = { cron = "0 2 * * *", target = "production" },
          --   news = { every = "10m", target = "edge", jobs = {{ name = "content", syncSettings = { models = { "news" } } }} },
          -- },

          -- What handlers read as app.config, and hosts that app.http may reach besides the targets.
          -- hooks = { config = { site = "https://example.com" }, hosts = { "hooks.example.com" } },

          -- How handlers send mail (app.mailer.mail). security is "starttls", "tls" or "none". For development,
          -- mail = { transport = "drop", from = "site@example.com" } writes mails into storage/mail instead.
          -- mail = {
          --   transport = "smtp", host = "smtp.example.com", port = 587, security = "starttls",
          --   user = "site", password = env("SMTP_PASSWORD"), from = "site@example.com", fromName = "Site",
          -- },
        }

        """
    }

    private var example: String {
        """
        -- Handlers: every *.lua file in this folder is loaded, and loaded again when it changes.
        -- Remove the dashes to keep a field from leaving this instance:

        -- app.on("sync.content.before", function(items, ctx)
        --   for _, item in ipairs(items) do
        --     item._internalNotes = nil
        --   end
        -- end, { name = "strip-internal", models = { "articles" } })

        """
    }

    private func luaQuoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: "\\\(scalar.value)"
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

/// Twenty random bytes as hex, as the documentation recommends.
func generateKey() -> String {
    SystemRandom().bytes(20).hex
}
