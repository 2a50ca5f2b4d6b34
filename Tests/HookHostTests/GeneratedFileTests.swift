import ContentModel
import Foundation
import HookCatalog
import HookHost
import Testing

/// The generated files of this repository, compared with what the catalogue gives now.
@Suite struct GeneratedFileTests {
    private static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test(arguments: [
        (EditorTypes.path, EditorTypes.definitions), (Reference.path, Reference.page),
    ])
    func isCurrent(path: String, text: String) throws {
        let committed = try String(contentsOf: Self.repository.appending(path: path), encoding: .utf8)
        let difference = LineDifference(committed, text)
        #expect(
            difference.isEmpty,
            "\(path) is stale; copy what 'tidelock hooks types' writes: \(difference.excerpt(context: 0).prefix(20))")
    }

    @Test(arguments: [EditorTypes.definitions, Reference.page])
    func saysOnTheFirstLineThatItIsGenerated(text: String) {
        #expect(text.prefix { $0 != "\n" }.contains(GeneratedFile.mark))
    }

    @Test(arguments: EventName.allCases)
    func literalNamesGiveTypedArguments(event: EventName) throws {
        let overload = try #require(
            EditorTypes.definitions.split(separator: "\n").first {
                $0.hasPrefix("---@overload fun(event: \"\(event.rawValue)\",")
            })
        for argument in event.declaration.arguments { #expect(overload.contains("\(argument.name): ")) }
        #expect(Reference.page.contains("## `\(event.rawValue)`"))
    }

    @Test(arguments: HostFunction.allCases)
    func everyFunctionIsExplained(function: HostFunction) {
        #expect(Reference.page.contains("## `\(function.rawValue)("))
        if function.rawValue.hasPrefix("app.") {
            #expect(EditorTypes.definitions.contains("\nfunction \(function.rawValue)("))
        }
    }

    @Test func definitionsAreLua() async throws {
        // In a machine of ours 'app' cannot be changed, so that only the compiler has a say here.
        let text = "local app, mock, describe, it, before_each, expect, fire\n" + EditorTypes.definitions
        let fixture = try HookFixture(["a.lua": "local function never()\n\(text)\nend"])
        let status = try await fixture.host().status
        #expect(status.rejected == nil)
    }

    @Test func serverSettingsAreJSON() throws {
        let settings = JSONValue(try JSONDocument(validating: EditorTypes.serverSettings))
        #expect(settings["runtime.version"] == "Lua 5.4")
        #expect(settings["runtime.builtin"]?["io"] == "disable")
    }

    @Test(arguments: EventName.allCases)
    func skeletonsLoadAndDoNothing(event: EventName) async throws {
        let skeleton = HandlerSkeleton(event)
        let fixture = try HookFixture(["\(skeleton.name).lua": skeleton.text])
        let check = try await HookHost.check(
            folder: fixture.hooks, configuration: HookHostConfiguration(), services: fixture.services(),
            workers: HookFixture.workers)
        #expect(check.problems.isEmpty, "\(skeleton.text)")
        #expect(check.handlers.map(\.event) == [event.rawValue])
    }
}
