internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import RemotePeer
internal import SyncEngine
internal import SyncProtocol

struct TargetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "targets", abstract: "List, add and remove the instances this one exchanges content with.",
        subcommands: [List.self, Add.self, Remove.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the targets.")
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        private struct Row: Encodable {
            var name: String
            var uri: String
            var push: Bool
            var pull: Bool
            var configured: Bool
            /// Why it cannot be used as things are, such as a key that is not set.
            var error: RunReport.Failure?

            init(_ target: ListedTarget) {
                (name, uri, configured) = (target.name, target.uri, target.isConfigured)
                (push, pull) = (target.allowsPush, target.allowsPull)
                if case .failure(let failure) = target.target { error = RunReport.Failure(failure) }
            }
        }

        func run() async throws {
            let rows = try await Instance.open(location).listedTargets().map { Row($0) }
            if output.json { return try Output.json(rows) }
            guard !rows.isEmpty else {
                return try Output.line("no targets; 'tidelock targets add NAME URI --key KEY' adds one")
            }
            try Output.table(
                [["NAME", "URI", "PUSH", "PULL"]]
                    + rows.map { [$0.name, $0.uri, $0.push ? "yes" : "no", $0.pull ? "yes" : "no"] })
            for row in rows {
                if let error = row.error { Complaint.warn("target '\(row.name)' cannot be used: \(error.message)") }
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add a target, or replace the one of that name.")
        @Argument(help: "What to call it.") var name: String
        @Argument(help: "Its address, such as https://cms.example.com.") var uri: String
        @Option(help: "The sync key of the target.") var key: String?
        @Option(help: "An environment variable that holds the key; it is read anew for every command.") var keyEnv:
            String?
        @Flag(help: "Never push to it.") var noPush = false
        @Flag(help: "Never pull from it.") var noPull = false
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let instance = try await Instance.open(location)
            try check(instance)
            let stored: TargetRecord.Key
            switch (key, keyEnv) {
            case (let key?, nil): stored = .stored(try SyncKey(key))
            case (nil, let variable?): stored = .variable(variable)
            default: throw ValidationError("Give the key with either --key or --key-env.")
            }
            try await instance.store.saveTarget(
                TargetRecord(name: name, uri: uri, key: stored, allowsPush: !noPush, allowsPull: !noPull))
            try output.tell("target '\(name)' is \(uri)", asJSON: ["name": name, "uri": uri])
        }

        private func check(_ instance: Instance) throws {
            guard !name.isEmpty, name.utf8.count <= 64, name.printable == name, !name.contains(" ") else {
                throw TidelockError(
                    .invalidName, "'\(name.printable)' cannot be a target's name.",
                    hint: "Use letters, digits and dashes.")
            }
            guard !instance.settings.targets.contains(where: { $0.name == name }) else {
                throw TidelockError(
                    .usage, "Target '\(name)' stands in \(instance.folder.configuration.path).",
                    hint: "Change it there.")
            }
            guard let url = URL(string: uri), ["http", "https"].contains(url.scheme?.lowercased()), url.host() != nil,
                url.query() == nil, url.user() == nil
            else {
                throw TidelockError(
                    .badSetting, "'\(uri.printable)' cannot be a target's address.",
                    hint: "Give scheme, host and, if needed, port: https://cms.example.com:7100.")
            }
            try Target.checkAddress(uri, of: name)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "remove", abstract: "Forget a target.")
        @Argument(help: "Its name.") var name: String
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let instance = try await Instance.open(location)
            try await requireStored(instance)
            try await instance.store.removeTarget(name: name)
            try output.tell("removed target '\(name)'", asJSON: ["name": name])
        }

        private func requireStored(_ instance: Instance) async throws {
            guard try await !instance.store.targets().contains(where: { $0.name == name }) else { return }
            _ = try await instance.listedTarget(name)
            throw TidelockError(
                .usage, "Target '\(name.printable)' stands in \(instance.folder.configuration.path).",
                hint: "Remove it there.")
        }
    }
}

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Show the sync key of this instance, or generate a new one.",
        subcommands: [Show.self, Generate.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print the key that others need to reach this instance.")
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let instance = try await Instance.open(location)
            guard let key = instance.settings.keys.first else {
                throw TidelockError(
                    .missingSetting, "\(instance.folder.configuration.path) sets no sync.syncKey.",
                    hint: "'tidelock keys generate' makes a key.")
            }
            try await instance.store.append(AuditEntry(.keyShow))
            try output.tell(key.key.secret, asJSON: ["key": key.key.secret])
        }
    }

    struct Generate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "generate", abstract: "Print a new random key. Nothing is stored.",
            discussion: """
                To replace a key without refusing a request: add the new one to sync.keys, give it to the other \
                instances, check that they get through, and take the old one out.
                """)
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let key = generateKey()
            try output.tell(key, asJSON: ["key": key])
        }
    }
}

struct APIKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apikeys", abstract: "Manage the keys of the content API and of assets.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "add", abstract: "Make a key and print it once.")
        @Argument(help: "What the key is for.") var name: String
        @Flag(help: "The key may also add and remove assets, not only read.") var write = false
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let store = try await Instance.open(location).store
            let key = try await store.addAPIKey(name: name, right: write ? .write : .read)
            try output.tell(key, asJSON: ["name": name, "key": key])
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys by name.")
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let keys = try await Instance.open(location).store.apiKeys()
            if output.json { return try Output.json(keys) }
            try Output.table(
                [["NAME", "MAY", "CREATED"]] + keys.map { [$0.name, $0.right.rawValue, moment($0.created)] })
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "remove", abstract: "Make a key worthless.")
        @Argument(help: "Its name.") var name: String
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await Instance.open(location).store.removeAPIKey(name: name)
            try output.tell("removed API key '\(name)'", asJSON: ["name": name])
        }
    }
}
