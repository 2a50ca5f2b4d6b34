import ContentModel
import Foundation
import HookCatalog
import HookHost
import LuaRuntime
import SyncEngine
import Testing

/// Handlers that try to outlive a limit, to reach what they must not, or to take the host down.
///
/// One per file, which is loaded beside handlers that behave. Its first line names the events to fire, one after the
/// other, and says how the last one must end: `-- sync.push.finished expect: kind[: part of the message]`, with
/// alternatives separated by `|`. Kinds are `ok`, `failed`, `limit` and `refused`, and `logged` for what must stand in
/// the log; `load` instead of an event is a file that must be `rejected`.
@Suite struct HostAttackTests {
    struct Attack: CustomTestStringConvertible, Sendable {
        var name: String
        var text: String
        var events: [String]
        var expectations: [String]
        var testDescription: String { name }

        init(name: String, text: String) {
            self.name = name
            self.text = text
            let line = text.prefix { $0 != "\n" }.dropFirst(3)
            let separator = line.range(of: "expect:")
            events = line[..<(separator?.lowerBound ?? line.endIndex)].split(separator: " ").map(String.init)
            expectations = line[(separator?.upperBound ?? line.endIndex)...].split(separator: "|").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
    }

    static let attacks: [Attack] = {
        guard let folder = Bundle.module.url(forResource: "Attacks", withExtension: nil),
            let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        else { return [] }
        return files.filter { $0.pathExtension == "lua" }.sorted { $0.path < $1.path }.map { file in
            Attack(name: file.lastPathComponent, text: (try? String(contentsOf: file, encoding: .utf8)) ?? "")
        }
    }()

    @Test func attacksAreFound() {
        #expect(Self.attacks.count > 50)
    }

    @Test(arguments: attacks)
    func endsAsExpectedAndTheHostLivesOn(_ attack: Attack) async throws {
        let fixture = try HookFixture(Bystanders.files)
        let host = try await fixture.host(allowing: ["allowed.test", "localhost"]) { configuration in
            configuration.limits.gate.cpu = .milliseconds(100)
            configuration.limits.filter.cpu = .milliseconds(100)
            configuration.limits.filter.load = .milliseconds(200)
            configuration.limits.filter.wall = .seconds(60)
            configuration.limits.observer.cpu = .milliseconds(200)
        }
        try await Bystanders.answer(host, fixture)
        try fixture.write("attack.lua", attack.text)
        let ending = try await ending(of: attack, on: host)
        await host.drain()
        let log = fixture.log.records
        #expect(attack.expectations.contains { matches(ending, log, $0) }, "ended as \(ending)")
        #expect(ending.utf8.count < 20_000)
        for record in log { expectReadable(record) }
        try fixture.remove("attack.lua")
        #expect(await host.reload().rejected == nil)
        try await Bystanders.answer(host, fixture)
        host.stop()
    }

    /// What is shown to people is short and on one line, whoever wrote it.
    private func expectReadable(_ record: LogRecord) {
        #expect(record.message.utf8.count < 20_000)
        #expect(record.channel.utf8.count < 1_000)
        for text in [record.message, record.channel] {
            #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control })
        }
    }

    /// "ok", or "kind: message".
    private func ending(of attack: Attack, on host: HookHost) async throws -> String {
        if let problem = await host.reload().rejected { return "rejected: \(problem)" }
        let run = try await host.pin(for: .push())
        var ending = "ok"
        for event in attack.events {
            do {
                try await fire(event, on: host, run)
                ending = "ok"
            } catch let error as TidelockError {
                ending = "\(error.code.kind): \(error.message)"
            }
        }
        await run.release()
        return ending
    }

    private func fire(_ event: String, on host: HookHost, _ run: any RunHooks) async throws {
        switch EventName(rawValue: event) {
        case .contentBefore: _ = try await run.filter(try OutgoingItem.numbered(5), of: try Kind("content/posts"))
        case .requestBefore: try await host.admit(Bystanders.request)
        case .pushFinished: try await host.observe(.pushFinished, by: "attack")
        default: throw TidelockError(.usage, "Nobody fires '\(event)'.")
        }
    }

    private func matches(_ ending: String, _ log: [LogRecord], _ expectation: String) -> Bool {
        let parts = expectation.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        if parts[0] == "logged" { return ending == "ok" && log.contains { $0.message.contains(parts[1]) } }
        guard ending == parts[0] || ending.hasPrefix(parts[0] + ":") else { return false }
        return parts.count == 1 || ending.contains(parts[1])
    }
}

extension ErrorCode {
    fileprivate var kind: String {
        switch self {
        case .hookLimit: "limit"
        case .hookRefused: "refused"
        case .hookFailed: "failed"
        default: rawValue
        }
    }
}

/// Handlers that do nothing wrong, in the same folder as one that does.
enum Bystanders {
    static let files = [
        "normal.lua": """
        app.on("sync.push.finished", function()
          app.kv.set("mine", "kept")
          app.log("alive")
        end, { name = "normal" })
        app.on("sync.content.before", function(items)
          for _, item in ipairs(items) do item.secret = nil end
        end, { name = "normal", priority = 10 })
        app.on("sync.request.before", function(request, ctx)
          if request.path ~= "/allowed" then ctx.deny("not this") end
        end, { name = "normal", priority = 10 })
        """,
        "lib/one.lua": "require 'lib.two'", "lib/two.lua": "require 'lib.one'", "lib/kept.lua": "return {}",
    ]

    static let request = IncomingRequest(method: "GET", path: "/allowed", remoteAddress: "203.0.113.9", headers: [])

    /// Asks each of them once and looks at the answers.
    static func answer(_ host: HookHost, _ fixture: HookFixture) async throws {
        let before = fixture.log.messages.count { $0 == "alive" }
        try await host.observe(.pushFinished, by: "normal")
        #expect(fixture.log.messages.count { $0 == "alive" } == before + 1)
        #expect(try await host.filter(#"{"_id":"1","secret":2,"n":[1]}"#) == #"{"_id":"1","n":[1]}"#)
        try await host.admit(request)
        var other = request
        other.path = "/other"
        await #expect(throws: TidelockError.self) { try await host.admit(other) }
    }
}
