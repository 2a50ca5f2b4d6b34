import Foundation
import LuaRuntime
import Testing

/// Scripts that try to outlive a limit, to reach what they must not, or to take the process down.
///
/// One per file. Its first line says how it must end: `-- expect: kind[: part of the message]`, with alternatives
/// separated by `|`. If the file registers `f`, that is called too.
@Suite struct AttackTests {
    struct Attack: CustomTestStringConvertible, Sendable {
        var name: String
        var text: String
        var testDescription: String { name }

        var expectations: [String] {
            let line = text.prefix { $0 != "\n" }.dropFirst("-- expect: ".count)
            return line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
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
        #expect(Self.attacks.count > 80)
    }

    @Test(arguments: attacks)
    func endsAsExpected(_ attack: Attack) async throws {
        let ending = try await self.ending(of: attack)
        #expect(attack.expectations.contains { matches(ending, $0) }, "ended as \(ending)")
        let fresh = try await LuaHarness("on('f', function(items) items[1].a = nil return 'alive' end)")
        let outcome = try await fresh.call("f", [#"{"a":1}"#])
        #expect(outcome.returned == .text("alive"))
        #expect(outcome.changes == [.replaced(Array("{}".utf8))])
    }

    /// "ok", or "kind: message".
    private func ending(of attack: Attack) async throws -> String {
        do {
            let isAboutTime = attack.expectations.contains { $0.hasPrefix("cpuLimit") }
            var limits = isAboutTime ? LuaLimits.tight : .wide
            if attack.expectations == ["wallLimit"] { limits.wall = .milliseconds(50) }
            let slow = LuaHostFunction("slow", whileLoading: true) { _ in
                usleep(1000)
                return []
            }
            let lua = try await LuaHarness(attack.text, limits: limits, library: [slow])
            guard lua.has("f") else { return "ok" }
            try await lua.call("f", [#"{"a":1}"#, #"{"b":2}"#], context: LuaContext(marks: ["veto"]))
            return "ok"
        } catch let error as LuaError {
            return "\(error.kind): \(error.message)"
        }
    }

    private func matches(_ ending: String, _ expectation: String) -> Bool {
        let parts = expectation.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        guard ending == parts[0] || ending.hasPrefix(parts[0] + ":") else { return false }
        return parts.count == 1 || ending.contains(parts[1])
    }
}
