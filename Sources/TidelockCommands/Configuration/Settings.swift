internal import ContentModel
internal import Foundation
internal import LuaRuntime
internal import SyncProtocol

/// What `tidelock.lua` says, checked.
struct Settings: Sendable {
    var name: String
    var host = "127.0.0.1"
    var port = 7100
    var allow: [CIDR] = []
    var trustedProxies: [CIDR] = []
    var keys: [AcceptedKey] = []
    var targets: [Target] = []
    var schedules: [ScheduledRun] = []
    var isAPIPublic = false
    var hookConfiguration = JSONDocument.emptyObject
    var hookHosts: [String] = []
    var hookSecrets: [String: String] = [:]
    var mail: MailSetting?
    var certificateAuthorities: String?
    var isDebugging = false
}

/// Reads settings from the table that the configuration file returned. Every member is looked at: an unknown one is
/// an error, because a mistyped setting that is ignored is a setting that does not protect.
struct SettingsReader {
    let file: String

    func read(_ value: LuaValue) throws -> Settings {
        let table = SettingTable(value: value, path: "", file: file)
        try table.allow(["name", "server", "sync", "targets", "schedules", "api", "hooks", "mail", "http", "debug"])
        var settings = Settings(name: try table.text("name") ?? "unnamed")
        try readServer(table.table("server"), into: &settings)
        settings.keys = try keys(table.table("sync"))
        settings.targets = try targets(table)
        settings.schedules = try schedules(table)
        try readRest(table, into: &settings)
        return settings
    }

    private func readServer(_ server: SettingTable, into settings: inout Settings) throws {
        try server.allow(["host", "port", "allow", "trustedProxies"])
        settings.host = try server.text("host") ?? settings.host
        settings.port = try server.integer("port", in: 0...65_535) ?? settings.port
        settings.allow = try server.texts("allow").map { try CIDR($0) }
        settings.trustedProxies = try server.texts("trustedProxies").map { try CIDR($0) }
    }

    private func readRest(_ table: SettingTable, into settings: inout Settings) throws {
        let api = try table.table("api")
        try api.allow(["public"])
        settings.isAPIPublic = try api.boolean("public") ?? false
        let hooks = try table.table("hooks")
        try hooks.allow(["config", "hosts", "secrets"])
        settings.hookConfiguration = try hooks.document("config") ?? .emptyObject
        settings.hookHosts = try hooks.texts("hosts")
        settings.hookSecrets = try hooks.table("secrets").namedTexts()
        settings.mail = try mail(table)
        let http = try table.table("http")
        try http.allow(["certificateAuthorities"])
        settings.certificateAuthorities = try http.text("certificateAuthorities")
        settings.isDebugging = try table.boolean("debug") ?? false
    }

    /// `sync.syncKey` is the simple form, `sync.keys` the full one; both may be given while a key is being replaced.
    private func keys(_ sync: SettingTable) throws -> [AcceptedKey] {
        try sync.allow(["syncKey", "keys"])
        var keys: [AcceptedKey] = []
        if let simple = try sync.key("syncKey") { keys.append(AcceptedKey(key: simple)) }
        for entry in try sync.tables("keys") {
            try entry.allow(["key", "rights", "kinds", "allow", "expires"])
            guard let key = try entry.key("key") else { throw entry.missing("key") }
            let rights = try entry.texts("rights").map { name in
                guard let right = Right(rawValue: name) else {
                    throw entry.wrong("rights", "'\(name.printable)' is not a right; rights are read, push and pull")
                }
                return right
            }
            let kinds = try entry.texts("kinds")
            for name in kinds where (try? Kind(name)) == nil {
                throw entry.wrong("kinds", "'\(name.printable)' is not a kind; kinds are \(Kind.forms)")
            }
            let allow = try entry.texts("allow").map { try CIDR($0) }
            keys.append(
                AcceptedKey(
                    key: key, rights: rights.isEmpty ? Set(Right.allCases) : Set(rights),
                    kinds: kinds.isEmpty ? nil : Set(kinds), allow: allow.isEmpty ? nil : allow,
                    expires: try entry.integer("expires", in: 0...Int(Int32.max) * 4).map { Int64($0) }))
        }
        return keys
    }

    private func targets(_ table: SettingTable) throws -> [Target] {
        try table.namedTables("targets").map { name, entry in
            try entry.allow(["uri", "syncKey", "push", "pull"])
            guard let uri = try entry.text("uri") else { throw entry.missing("uri") }
            guard let key = try entry.key("syncKey") else { throw entry.missing("syncKey") }
            return Target(
                name: name, uri: uri, key: key, allowsPush: try entry.boolean("push") ?? true,
                allowsPull: try entry.boolean("pull") ?? true)
        }
    }
}
