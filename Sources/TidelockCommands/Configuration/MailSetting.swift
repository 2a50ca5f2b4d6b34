internal import ContentModel
internal import CurlHTTP
internal import Foundation
internal import HookHost
internal import LuaRuntime

/// What the configuration says about mail: one of two ways to send it, and who it is from.
struct MailSetting: Sendable {
    enum Transport: Sendable {
        case smtp(SMTPServer)
        /// A path; a relative one begins at the instance. The usual folder if there is none.
        case drop(String?)
    }

    var transport: Transport
    var from: MailAddress?
}

extension MailSetting {
    /// As handlers need it.
    func hookSettings(in folder: InstanceFolder) -> MailSettings {
        switch transport {
        case .smtp(let server): MailSettings(.smtp(server), from: from)
        case .drop(nil): MailSettings(.drop(folder.storage.appending(path: "mail").path), from: from)
        case .drop(let path?):
            MailSettings(.drop(path.hasPrefix("/") ? path : folder.url.appending(path: path).path), from: from)
        }
    }
}

/// The words for `mail.security`.
private enum MailSecurity: String, CaseIterable {
    case none, starttls, tls

    var meaning: SMTPServer.Security {
        switch self {
        case .none: .none
        case .starttls: .startTLS
        case .tls: .tls
        }
    }
}

extension SettingsReader {
    /// `mail`; `nil` if there is none.
    func mail(_ table: SettingTable) throws -> MailSetting? {
        guard table.value["mail"] != .nil else { return nil }
        let mail = try table.table("mail")
        let common = ["transport", "from", "fromName"]
        switch try mail.text("transport") {
        case "smtp":
            try mail.allow(common + ["host", "port", "security", "user", "password", "certificateAuthorities"])
            return MailSetting(transport: .smtp(try server(mail)), from: try sender(mail))
        case "drop":
            try mail.allow(common + ["folder"])
            return MailSetting(transport: .drop(try mail.text("folder")), from: try sender(mail))
        case nil: throw mail.missing("transport")
        default: throw mail.wrong("transport", "it must be \"smtp\" or \"drop\"")
        }
    }

    private func server(_ mail: SettingTable) throws -> SMTPServer {
        guard let host = try mail.text("host"), !host.isEmpty else { throw mail.missing("host") }
        var server = SMTPServer(
            host: host, port: try mail.integer("port", in: 1...65_535), security: try security(mail),
            login: try login(mail))
        server.certificateAuthorities = try mail.text("certificateAuthorities")
        guard server.login == nil || server.security != .none || ["localhost", "127.0.0.1", "::1"].contains(host)
        else {
            throw mail.wrong("security", "a password would cross the network in the clear")
        }
        return server
    }

    private func security(_ mail: SettingTable) throws -> SMTPServer.Security {
        guard let word = try mail.text("security") else { return .startTLS }
        guard let security = MailSecurity(rawValue: word) else {
            throw mail.wrong("security", "it must be \"none\", \"starttls\" or \"tls\"")
        }
        return security.meaning
    }

    private func login(_ mail: SettingTable) throws -> MailLogin? {
        switch (try mail.text("user"), try mail.text("password")) {
        case (nil, nil): return nil
        case (let user?, let password?): return MailLogin(user: user, password: password)
        case (nil, _): throw mail.missing("user")
        case (_, nil): throw mail.missing("password")
        }
    }

    private func sender(_ mail: SettingTable) throws -> MailAddress? {
        let name = try mail.text("fromName")
        guard let text = try mail.text("from") else {
            if name != nil { throw mail.missing("from") }
            return nil
        }
        guard let addresses = try? MailAddress.list(text), addresses.count == 1 else {
            throw mail.wrong("from", "it must be one address, such as site@example.com")
        }
        return MailAddress(addresses[0].address, name: name ?? addresses[0].name)
    }
}
