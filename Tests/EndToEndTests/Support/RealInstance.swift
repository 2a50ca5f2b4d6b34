import ContentModel
import Foundation
import TidelockTestSupport

/// One instance of a story, worked on with the real tool.
struct RealInstance: Sendable {
    let name: String
    let folder: URL

    /// The tool that was built with these tests, or the one that `TIDELOCK_TOOL` names.
    static let tool: URL = {
        let environment = ProcessInfo.processInfo.environment
        return environment["TIDELOCK_TOOL"].map { URL(filePath: $0) }
            ?? URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "tidelock")
    }()

    /// Makes an instance without handlers in the folder of the story.
    static func make(_ name: String) async throws -> RealInstance {
        let instance = RealInstance(name: name, folder: Story.current.folder.appending(path: name))
        try await runTool("init", instance.folder.path, "--name", name)
        try FileManager.default.removeItem(at: instance.hooks)
        try FileManager.default.createDirectory(at: instance.hooks, withIntermediateDirectories: true)
        return instance
    }

    var hooks: URL { folder.appending(path: "hooks") }
    var storage: URL { folder.appending(path: "storage") }

    // MARK: Commands

    /// Starts a command in this instance.
    func start(_ arguments: [String], input: String? = nil) throws -> RunningTool {
        try RunningTool(Self.tool, ["-C", folder.path] + arguments, input: input.map { Array($0.utf8) })
    }

    /// Runs a command to its end, however that is.
    func attempt(_ arguments: String..., input: String? = nil) async throws -> RunningTool.Ending {
        try await start(arguments, input: input).ending()
    }

    /// Runs a command that must succeed, and answers its standard output.
    @discardableResult
    func run(_ arguments: String..., input: String? = nil) async throws -> String {
        let ending = try await start(arguments, input: input).ending()
        guard ending.status == 0, !ending.isOverdue else { throw CommandFailed(arguments: arguments, ending: ending) }
        return ending.output
    }

    /// Runs a command that prints JSON.
    func json<Value: Decodable>(_ type: Value.Type = Value.self, _ arguments: String...) async throws -> Value {
        let ending = try await start(arguments + ["--json"]).ending()
        guard ending.status == 0, let value = try? JSONDecoder().decode(Value.self, from: Data(ending.output.utf8))
        else {
            throw CommandFailed(arguments: arguments, ending: ending)
        }
        return value
    }

    // MARK: Files

    /// Writes a handler file; nil removes it.
    func hook(_ file: String, _ text: String?) throws {
        let url = hooks.appending(path: file)
        guard let text else { return try FileManager.default.removeItem(at: url) }
        try text.write(to: url, atomically: true, encoding: .utf8)
    }

    /// Bytes of everything in its folder. Files that come and go meanwhile count or do not.
    var bytesOnDisk: Int {
        get throws {
            let files = FileManager.default
            return try files.subpathsOfDirectory(atPath: folder.path).reduce(0) { sum, path in
                let facts = try? files.attributesOfItem(atPath: folder.appending(path: path).path)
                guard let facts, facts[.type] as? FileAttributeType == .typeRegular else { return sum }
                return sum + (facts[.size] as? Int ?? 0)
            }
        }
    }

    /// Replaces a text in the configuration.
    func configure(_ old: String, _ new: String) throws {
        let file = folder.appending(path: "tidelock.lua")
        let text = try String(contentsOf: file, encoding: .utf8)
        guard text.contains(old) else { throw CocoaError(.fileReadCorruptFile) }
        try text.replacing(old, with: new).write(to: file, atomically: true, encoding: .utf8)
    }
}

/// Runs the tool outside of any instance; it must succeed.
@discardableResult
func runTool(_ arguments: String...) async throws -> String {
    let ending = try await RunningTool(RealInstance.tool, arguments, in: Story.current.folder).ending()
    guard ending.status == 0 else { throw CommandFailed(arguments: arguments, ending: ending) }
    return ending.output
}

/// A command that should have succeeded.
struct CommandFailed: Error, CustomStringConvertible {
    var arguments: [String]
    var ending: RunningTool.Ending

    var description: String {
        let words = arguments.joined(separator: " ")
        let overdue = ending.isOverdue ? " after it was killed for taking too long" : ""
        return
            "'tidelock \(words)' ended with \(ending.status)\(overdue)\n\(ending.output.suffix(2_000))\(ending.errors.suffix(2_000))"
    }
}
