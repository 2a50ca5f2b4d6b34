import Foundation
import LuaRuntime
import Testing

/// Scripts that try to outlive a limit, to reach what they must not, or to take the process down.
///
/// One per file. Its first line says how it must end: `-- expect: kind[: part of the message]`, with alternatives
/// separated by `|`. If the file registers `f`, that is called too.
///
/// How long each took to be stopped is not judged here, where other work may hold it up; `scripts/attacks` collects
/// that from the file that `TIDELOCK_ATTACK_TIMES` names.
@Suite struct AttackTests {
    struct Attack: CustomTestStringConvertible, Sendable {
        var name: String
        var text: String
        var testDescription: String { name }

        init(name: String, text: String) {
            self.name = name
            self.text = text
        }

        init(_ name: String, _ ending: String, _ program: String) {
            self.init(name: name, text: "-- expect: \(ending)\n\(program)")
        }

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
        #expect(Self.attacks.count > 170)
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

    /// Programs that are too large to keep as files.
    private static let generated = [
        Attack("parentheses", "runtime: C stack overflow", "return " + repeated("(", 1_000_000)),
        Attack("constructors", "runtime: C stack overflow", "return " + repeated("{", 1_000_000)),
        Attack("concatenations", "runtime: C stack overflow", "return 1" + repeated(" .. 1", 200_000)),
        Attack("negations", "runtime: C stack overflow", "return " + repeated("not ", 1_000_000)),
        Attack("blocks", "runtime: C stack overflow", repeated("do ", 1_000_000)),
        Attack("functions", "runtime: C stack overflow", "return " + repeated("function() return ", 100_000)),
        Attack("labels", "runtime: C stack overflow", numbered(50_000) { "::l\($0)::\n" }),
        Attack("locals", "syntax: too many local variables", numbered(300) { "local a\($0)\n" }),
        Attack("upvalues", "syntax: too many upvalues", upvalues),
        Attack("arguments", "syntax: too many registers", "type(" + repeated("1, ", 300) + "1)"),
        Attack("constants", "ok", "return #{" + numbered(300_000) { "\($0).5," } + "}"),
        Attack("text", "ok", "return #'" + repeated("x", 8_000_000) + "'"),
        Attack("members", "runtime: attempt to index", "local a = {} return a" + repeated(".b", 300_000)),
        Attack("calls", "runtime: undeclared global", "return f" + repeated("()", 300_000)),
        Attack("lines", "runtime: far down", repeated("\n", 3_000_000) + "error('far down')"),
        Attack("comment", "syntax: unfinished long comment", "--[" + repeated("=", 3_000_000) + "[x"),
    ]

    @Test(arguments: generated)
    func largeProgramsEndAsExpected(_ attack: Attack) async throws {
        let ending = try await self.ending(of: attack)
        #expect(attack.expectations.contains { matches(ending, $0) }, "ended as \(ending)")
    }

    private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    private static func numbered(_ count: Int, _ text: (Int) -> String) -> String {
        (1...count).map(text).joined()
    }

    private static let upvalues =
        numbered(150) { "local a\($0) = 1\n" } + "local function f()\n" + numbered(150) { "local b\($0) = 1\n" }
        + "return function() return 0 " + numbered(150) { "+ a\($0) + b\($0) " } + "end end\nf()"

    /// "ok", or "kind: message".
    private func ending(of attack: Attack) async throws -> String {
        let isAboutTime = attack.expectations.contains { $0.hasPrefix("cpuLimit") }
        var limits = isAboutTime ? LuaLimits.tight : .wide
        if attack.expectations == ["wallLimit"] { limits.wall = .milliseconds(50) }
        limits.cpuPerDocument = .zero
        let slow = LuaHostFunction("slow", whileLoading: true) { _ in
            usleep(1000)
            return []
        }
        do {
            let lua = try await LuaHarness(attack.text, limits: limits, library: [slow])
            guard lua.has("f") else { return "ok" }
            try await lua.call("f", [#"{"a":1}"#, #"{"b":2}"#], context: LuaContext(marks: ["veto"]))
            return "ok"
        } catch let error as LuaError {
            AttackTimes.note(error, of: attack.name, limits)
            return "\(error.kind): \(error.message)"
        }
    }

    private func matches(_ ending: String, _ expectation: String) -> Bool {
        let parts = expectation.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        guard ending == parts[0] || ending.hasPrefix(parts[0] + ":") else { return false }
        return parts.count == 1 || ending.contains(parts[1])
    }
}

/// A list, in a file, of how long beyond their limit attacks ran.
private enum AttackTimes {
    private static let path = ProcessInfo.processInfo.environment["TIDELOCK_ATTACK_TIMES"]

    /// Adds a line: kind of limit, microseconds beyond it, most memory in KiB, name.
    static func note(_ error: LuaError, of attack: String, _ limits: LuaLimits) {
        guard let path, let usage = error.usage else { return }
        let excess: Duration
        switch error.kind {
        case .cpuLimit: excess = usage.cpu - limits.cpu
        case .wallLimit: excess = usage.wall - limits.wall
        case .memoryLimit: excess = .zero
        default: return
        }
        let microseconds = Int(excess / .microseconds(1))
        let line = "\(error.kind) \(microseconds) \(usage.peakMemory >> 10) \(attack)\n"
        guard let file = fopen(path, "a") else { return }
        fputs(line, file)
        fclose(file)
    }
}
