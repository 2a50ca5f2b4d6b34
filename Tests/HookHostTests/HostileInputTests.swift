import ContentModel
import Foundation
import HookHost
import LuaRuntime
import SyncEngine
import Synchronization
import Testing

/// Servers that harm those who ask them, and names that lead where nobody should go.
@Suite struct HostileServerTests {
    /// Runs the statements in an observer, which may ask the server on `port`.
    private func fetch(
        _ statements: String, port: Int, allowing hosts: [String] = [],
        adjust: (inout HookHostConfiguration) -> Void = { _ in }
    ) async throws -> [String] {
        let fixture = try HookFixture([
            "a.lua": """
            local url = "http://127.0.0.1:\(port)/"
            app.on("sync.push.finished", function(target)
            \(statements)
            end)
            """
        ])
        let host = try await fixture.host(allowing: ["127.0.0.1:\(port)"] + hosts, adjust: adjust)
        defer { host.stop() }
        try await host.observe(.pushFinished)
        return fixture.log.messages
    }

    @Test func redirectsAreNotFollowed() async throws {
        let inside = try LoopbackServer()
        let statuses = ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"]
        for status in statuses {
            let server = try LoopbackServer(status: "\(status)\r\nLocation: http://127.0.0.1:\(inside.port)/secret")
            let messages = try await fetch(
                "local r = app.http.get(url) app.log(r.status .. ' ' .. r.headers.location)", port: server.port)
            #expect(messages == ["\(status.prefix(3)) http://127.0.0.1:\(inside.port)/secret"])
        }
        #expect(inside.received.isEmpty)
    }

    @Test func aRedirectThatAScriptFollowsIsCheckedLikeAnyOther() async throws {
        let server = try LoopbackServer(status: "302 Found\r\nLocation: http://169.254.169.254/latest/")
        let error = try await failure {
            try await fetch("app.http.get(app.http.get(url).headers.location)", port: server.port)
        }
        #expect(error.message.contains("169.254.169.254 is neither a configured target nor in the list"))
    }

    @Test func namesThatLeadIntoThePrivateNetworkAreRefusedOnceResolved() async throws {
        let inside = try LoopbackServer()
        for name in ["localhost", "ip6-localhost", "LOCALHOST"] {
            let error = try await failure {
                try await fetch(
                    "app.http.get('http://\(name):\(inside.port)/')", port: 1, allowing: [name.lowercased()])
            }
            #expect(error.message.contains("app.http.get: "))
        }
        #expect(inside.received.isEmpty)
    }

    @Test func hugeAnswersAreCut() async throws {
        let server = try LoopbackServer(body: String(repeating: "x", count: 3 << 20))
        let error = try await failure {
            try await fetch("app.log(#app.http.get(url).body)", port: server.port) { $0.limits.responseBytes = 1 << 20 }
        }
        #expect(error.message.contains("more than 1048576 bytes"))
    }

    @Test func anAnswerThatIsMoreThanItLooksDoesNotEndTheProcess() async throws {
        let body = "[" + String(repeating: "[],", count: 500_000) + "[]]"
        let server = try LoopbackServer(body: body)
        let error = try await failure {
            try await fetch(
                "local hoard = {} while true do hoard[#hoard + 1] = app.http.get(url).json end", port: server.port)
        }
        #expect([.hookLimit, .hookFailed].contains(error.code))
    }

    @Test func headersWithoutEndAreCut() async throws {
        let lines = (1...5_000).map { "X-\($0): \(String(repeating: "y", count: 40))" }.joined(separator: "\r\n")
        let server = try LoopbackServer(status: "200 OK\r\n\(lines)")
        let error = try await failure { try await fetch("app.http.get(url)", port: server.port) }
        #expect(error.message.contains("a header of more than"))
    }

    @Test func aServerThatNeverAnswersEndsWithTheHandlersTime() async throws {
        let server = try SilentServer()
        let error = try await failure {
            try await fetch("app.http.get(url)", port: server.port) { $0.limits.observer.wall = .milliseconds(200) }
        }
        #expect([.hookLimit, .hookFailed].contains(error.code))
        #expect(error.message.contains("hooks/a.lua:3"))
    }

    @Test func manyHandlersThatWaitForSilenceLeaveTheGatesAlone() async throws {
        let server = try SilentServer()
        let fixture = try HookFixture(
            Bystanders.files.merging([
                "a.lua": "app.on('sync.push.finished', function() app.http.get('http://127.0.0.1:\(server.port)/') end)"
            ]) { $1 })
        var configuration = HookHostConfiguration(allowedHosts: ["127.0.0.1"])
        configuration.limits.observer.wall = .milliseconds(500)
        let waiting = LuaWorkers(count: 2)
        let host = try HookHost(
            folder: fixture.hooks, configuration: configuration, services: fixture.services(),
            workers: HookFixture.workers, observerWorkers: waiting)
        await host.start()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask { (try? await host.observe(.pushFinished, by: "a")) == nil }
            }
            for _ in 0..<100 {
                group.addTask { (try? await host.admit(Bystanders.request)) != nil }
            }
            for await isAsExpected in group { #expect(isAsExpected) }
        }
        host.stop()
        waiting.shutdown()
    }

    /// A run that a handler starts may not start runs for ever.
    @Test func runsThatStartOneAnotherEnd() async throws {
        let fixture = try HookFixture([
            "a.lua": "app.on('sync.push.finished', function() app.sync.run('staging') end)"
        ])
        var services = fixture.services()
        let control = CountingControl()
        services.sync = control
        let host = try HookHost(
            folder: fixture.hooks, configuration: HookHostConfiguration(), services: services,
            workers: HookFixture.workers)
        await host.start()
        var observation = Observation.pushFinished
        for depth in 0...5 {
            observation.depth = depth
            do {
                try await host.observe(observation)
                #expect(depth < 3)
            } catch let error as TidelockError {
                #expect(depth >= 3)
                #expect(error.message.contains("more than 3 in a row are refused"))
            }
        }
        #expect(control.depths == [1, 2, 3])
        host.stop()
    }
}

/// Folders that somebody prepared.
@Suite struct HostileFolderTests {
    private func rejection(_ fixture: HookFixture) async throws -> String {
        try #require(try await fixture.host().status.rejected).description
    }

    @Test(arguments: [
        "\u{1B}Lua", "\u{FEFF}\u{1B}Lua", "#!/usr/bin/lua\n\u{1B}Lua", "\u{FEFF}#!/usr/bin/lua\n\u{1B}Lua", "#\n\u{1B}",
    ])
    func compiledCodeIsRefusedWhateverStandsBeforeIt(text: String) async throws {
        for path in ["a.lua", "lib/one.lua"] {
            let fixture = try HookFixture([path: text, "z.lua": path == "a.lua" ? "" : "require 'lib.one'"])
            let problem = try await rejection(fixture)
            #expect(problem.contains("binary chunk refused") || problem.contains("unexpected symbol"), "\(problem)")
        }
    }

    @Test func compiledCodeWithBytesChangedIsRefused() async throws {
        var generator = SystemRandomNumberGenerator()
        let fixture = try HookFixture()
        for _ in 0..<50 {
            let noise = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
            try Data(Array("\u{1B}Lua\u{54}\u{0}\u{19}".utf8) + [0x93, 0x0D, 0x0A, 0x1A, 0x0A] + noise)
                .write(to: fixture.hooks.appendingPathComponent("a.lua"))
            #expect(try await rejection(fixture).contains("binary chunk refused"))
        }
    }

    @Test func deviceFilesPipesAndSocketsAreNotRead() async throws {
        let fixture = try HookFixture(["ok.lua": ""])
        let hooks = fixture.hooks.path
        try FileManager.default.createDirectory(atPath: hooks + "/lib", withIntermediateDirectories: true)
        mkfifo(hooks + "/lib/pipe.lua", 0o600)
        #expect(try await rejection(fixture).contains("hooks/lib/pipe.lua: it is not a regular file."))
        try fixture.remove("lib/pipe.lua")
        for path in ["/dev/zero", "/etc/passwd", "/proc/self/environ"] {
            try FileManager.default.createSymbolicLink(atPath: hooks + "/lib/out.lua", withDestinationPath: path)
            #expect(try await rejection(fixture).contains("leads out of hooks/"))
            try fixture.remove("lib/out.lua")
        }
        try FileManager.default.createSymbolicLink(atPath: hooks + "/away", withDestinationPath: "/etc")
        #expect(try await rejection(fixture).contains("leads out of hooks/"))
    }

    @Test func aFileOfAGigabyteIsNotRead() async throws {
        let fixture = try HookFixture(["a.lua": "x = 1"])
        truncate(fixture.hooks.appendingPathComponent("a.lua").path, 1 << 30)
        #expect(try await rejection(fixture) == "hooks/a.lua: it is larger than 1 MiB.")
    }

    @Test func aFolderThatIsTooLargeAsAWholeIsNotRead() async throws {
        let fixture = try HookFixture()
        for number in 1...65 {
            let path = fixture.hooks.appendingPathComponent("a\(number).lua").path
            #expect(FileManager.default.createFile(atPath: path, contents: Data()))
            truncate(path, 1 << 20)
        }
        #expect(try await rejection(fixture).contains("larger than 64 MiB"))
    }

    @Test func linksThatLeadToOneAnotherEnd() async throws {
        let fixture = try HookFixture(["deep/ok.lua": ""])
        for name in ["one", "two"] {
            try FileManager.default.createSymbolicLink(
                atPath: fixture.hooks.path + "/deep/" + name, withDestinationPath: ".")
        }
        #expect(try await rejection(fixture).contains("leads back into its own folder"))
    }

    /// Each of them names the next, so that whoever asks what depends on what has a long way to go.
    @Test func tenThousandModulesAreLoaded() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            for i = 1, 9998 do require("lib.m" .. i) end
            app.on("sync.content.before", function(items) items[1].seen = true end)
            """
        ])
        let lib = fixture.hooks.appendingPathComponent("lib")
        try FileManager.default.createDirectory(at: lib, withIntermediateDirectories: true)
        for number in 1...9_998 {
            let text = "-- require 'lib.m\(number + 1)'\nreturn \(number)"
            let path = lib.appendingPathComponent("m\(number).lua").path
            try #require(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
        }
        let host = try await fixture.host {
            $0.limits.filter.memory = 512 << 20
            $0.limits.filter.load = .seconds(60)
            $0.limits.filter.wall = .seconds(60)
        }
        #expect(host.status.rejected == nil)
        #expect(host.status.files.count == 9_999)
        let run = try await host.pin(for: .push())
        let item = try OutgoingItem(#"{"_id":"1"}"#)
        let outcomes = try await run.filter([item], of: try Kind("content/posts"))
        #expect(outcomes[0].text(of: item) == #"{"_id":"1","seen":true}"#)
        await run.release()
    }

    @Test func entryFilesKeepTheirKeysApart() async throws {
        let file = """
            app.on("sync.push.finished", function()
              app.log(tostring(app.kv.get("x")))
              app.kv.set("x", "mine")
            end)
            """
        let fixture = try HookFixture(["a.lua": file, "b.lua": file, "hooks/a.lua": file])
        let host = try await fixture.host()
        try await host.observe(.pushFinished)
        #expect(fixture.log.messages == ["nil", "nil", "nil"])
        try await host.observe(.pushFinished)
        #expect(fixture.log.messages.suffix(3) == ["mine", "mine", "mine"])
    }
}

/// A server that lets others connect and never says a word.
private final class SilentServer: Sendable {
    let port: Int
    private let listener: Int32

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        port = try LoopbackServer.listen(listener)
    }

    deinit { close(listener) }
}

/// Runs nothing, and remembers how deep the runs were.
private final class CountingControl: SyncControl {
    private let seen = Mutex<[Int]>([])

    var depths: [Int] { seen.withLock { $0 } }

    func run(_ request: ScriptedRun, depth: Int) async throws -> JSONDocument {
        seen.withLock { $0.append(depth) }
        return .emptyObject
    }

    func check(_ target: ScriptedTarget) async throws -> JSONDocument { .emptyObject }
}
