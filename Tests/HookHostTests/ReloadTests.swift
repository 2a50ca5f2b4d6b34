import ContentModel
import Foundation
import HookHost
import SyncEngine
import Testing

@Suite struct ReloadTests {
    private func setting(_ value: Int) -> String {
        "app.on('sync.content.before', function(items) items[1].v = \(value) end)"
    }

    @Test func aBrokenFileNeverReplacesWhatWorks() async throws {
        let fixture = try HookFixture(["a.lua": setting(1)])
        let host = try await fixture.host()
        let before = host.status
        try fixture.write("a.lua", "app.on(")
        let after = await host.reload()
        #expect(after.generation == before.generation)
        #expect(after.rejected?.file == "hooks/a.lua")
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","v":1}"#)
        #expect(fixture.log.records.last?.type == "error")
        #expect(fixture.log.records.last?.message.contains("the handlers loaded before stay in force") == true)

        try fixture.write("a.lua", setting(2))
        #expect(await host.reload().rejected == nil)
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","v":2}"#)
    }

    @Test func anErrorInOneFileRejectsAllFiles() async throws {
        let fixture = try HookFixture(["a.lua": setting(1)])
        let host = try await fixture.host()
        try fixture.write("a.lua", setting(2))
        try fixture.write("b.lua", "error('half')")
        await host.reload()
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","v":1}"#)
    }

    @Test func aRunStaysOnTheGenerationItBeganWith() async throws {
        let fixture = try HookFixture(["a.lua": setting(1)])
        let host = try await fixture.host()
        let run = try await host.pin(for: .push())
        try fixture.write("a.lua", setting(2))
        await host.reload()
        let item = try OutgoingItem(#"{"_id":"1"}"#)
        let outcomes = try await run.filter([item], of: try Kind("content/posts"))
        #expect(outcomes[0].text(of: item) == #"{"_id":"1","v":1}"#)
        #expect(run.generation != host.status.generation)
        await run.release()
    }

    @Test func aFileThatVanishesTakesItsHandlersAlong() async throws {
        let fixture = try HookFixture(["a.lua": setting(1), "b.lua": "app.on('sync.push.finished', function() end)"])
        let host = try await fixture.host()
        try fixture.remove("a.lua")
        let status = await host.reload()
        #expect(status.handlers.map(\.name) == ["b"])
        #expect(status.rejected == nil)
        let run = try await host.pin(for: .push())
        #expect(run.filters(for: try Kind("content/posts")).isEmpty)
    }

    @Test func aFolderThatVanishesLeavesItsHandlersInForce() async throws {
        let fixture = try HookFixture(["a.lua": setting(1)])
        let host = try await fixture.host()
        try FileManager.default.removeItem(at: fixture.hooks)
        #expect(await host.reload().rejected?.message.contains("is gone") == true)
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","v":1}"#)
        try fixture.write("a.lua", setting(1))
        #expect(await host.reload().rejected == nil)
    }

    @Test func savedFilesAreNoticed() async throws {
        let fixture = try HookFixture(["a.lua": setting(1)])
        let host = try await fixture.host { $0.pollInterval = .seconds(3_600) }
        let first = host.status.generation
        try await withWatching(host) {
            try fixture.write("a.lua", setting(2))
            try await eventually("a changed file is loaded") { host.status.generation != first }
            try fixture.write("deep/er/b.lua", "app.on('sync.push.finished', function() end)")
            try await eventually("a file in a new folder is loaded") { host.status.handlers.count == 2 }
            try fixture.write("deep/er/b.lua", "app.on(")
            try await eventually("a broken file in a new folder is noticed") { host.status.rejected != nil }
            try fixture.remove("deep/er/b.lua")
            try await eventually("a removed file is noticed") { host.status.rejected == nil }
        }
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","v":2}"#)
    }

    @Test func aFolderMadeLaterIsNoticed() async throws {
        let fixture = try HookFixture()
        try FileManager.default.removeItem(at: fixture.hooks)
        let host = try await fixture.host { $0.pollInterval = .seconds(3_600) }
        try await withWatching(host) {
            try fixture.write("a.lua", setting(1))
            try await eventually("the new folder is loaded") { host.status.handlers.count == 1 }
        }
    }

    @Test func pollingNoticesWhatNobodyReported() async throws {
        let fixture = try HookFixture(["a.lua": setting(1)])
        // A link to a folder elsewhere inside is not watched.
        try fixture.write(".versions/1/b.lua", setting(1))
        try FileManager.default.createSymbolicLink(
            atPath: fixture.hooks.appendingPathComponent("more").path, withDestinationPath: ".versions/1")
        let host = try await fixture.host { $0.pollInterval = .milliseconds(20) }
        let first = host.status.generation
        try await withWatching(host) {
            try fixture.write(".versions/1/b.lua", setting(2))
            try await eventually("the change is found") { host.status.generation != first }
        }
    }

    @Test func manySavesEndWithTheLastText() async throws {
        let fixture = try HookFixture(["a.lua": setting(0)])
        let host = try await fixture.host { $0.pollInterval = .seconds(3_600) }
        try await withWatching(host) {
            for value in 1...200 { try fixture.write("a.lua", value.isMultiple(of: 3) ? "app.on(" : setting(value)) }
            let expected = try await fixture.host().status.generation
            try await eventually("the last text is loaded") {
                host.status.generation == expected && host.status.rejected == nil
            }
        }
    }

    private func withWatching(_ host: HookHost, _ work: () async throws -> Void) async throws {
        let watching = Task { await host.run() }
        do {
            try await work()
            watching.cancel()
        } catch {
            watching.cancel()
            throw error
        }
        await watching.value
    }
}
