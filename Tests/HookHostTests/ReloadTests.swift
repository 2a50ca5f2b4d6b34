import ContentModel
import Foundation
import HookHost
import LuaRuntime
import SyncEngine
import Testing

@testable import struct HookHost.HookHostConfiguration

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
}

/// Saving while events fire: nothing is lost, nothing is mixed.
@Suite struct ReloadUnderLoadTests {
    /// `TIDELOCK_RELOADS` asks for more.
    private static let reloads = ProcessInfo.processInfo.environment["TIDELOCK_RELOADS"].flatMap(Int.init) ?? 500

    private func filterFile(_ name: String, _ version: Int) -> String {
        "app.on('sync.content.before', function(items)\n"
            + "for _, item in ipairs(items) do item.\(name) = \(version) end end)"
    }

    /// A folder whose files are exchanged together: `current` is a link that leads to one version or the next.
    private func deploy(_ version: Int, to fixture: HookFixture) throws {
        try fixture.write(".versions/\(version)/a.lua", filterFile("a", version))
        try fixture.write(".versions/\(version)/b.lua", filterFile("b", version))
        let hooks = fixture.hooks.path
        try FileManager.default.createSymbolicLink(
            atPath: hooks + "/.next", withDestinationPath: ".versions/\(version)")
        try #require(rename(hooks + "/.next", hooks + "/current") == 0)
    }

    @Test func everyEventIsHandledOnceByOneVersion() async throws {
        let fixture = try HookFixture()
        try deploy(0, to: fixture)
        let host = try await fixture.host {
            $0.pollInterval = .milliseconds(5)
            $0.debounce = .milliseconds(1)
        }
        let last = 1_000
        try await withWatching(host) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<4 {
                    group.addTask { try await self.fire(100, as: worker, on: host) }
                }
                for version in 1...last {
                    try deploy(version, to: fixture)
                    if version > 1 { try fixture.remove(".versions/\(version - 2)") }
                    await Task.yield()
                }
                try await group.waitForAll()
            }
            let expected = try await fixture.host().status.generation
            try await eventually("the last version is loaded") { host.status.generation == expected }
        }
        #expect(host.status.rejected == nil)
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","a":\#(last),"b":\#(last)}"#)
    }

    private func fire(_ count: Int, as worker: Int, on host: HookHost) async throws {
        for number in 0..<count {
            let text = try await host.filter(#"{"_id":"\#(worker)-\#(number)"}"#)
            let document = try JSONDocument(validating: Array(text.utf8))
            let versions = (document.integer("a"), document.integer("b"))
            #expect(versions.0 != nil)
            #expect(versions.0 == versions.1, "a mixture: \(text)")
        }
    }

    /// Observers keep count of what they saw; the counts of all generations together are the events.
    @Test func observersSeeEveryEventOnceWhileFilesAreSaved() async throws {
        func file(_ version: Int) -> String {
            "app.on('sync.push.finished', function(target, ctx) app.log(ctx.delivery_id) end) -- \(version)"
        }
        let fixture = try HookFixture(["a.lua": file(0)])
        let host = try await fixture.host {
            $0.pollInterval = .milliseconds(5)
            $0.debounce = .milliseconds(1)
        }
        try await withWatching(host) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        for number in 0..<250 {
                            var observation = Observation.pushFinished
                            observation.delivery = "d-\(worker)-\(number)"
                            try await host.observe(observation, by: "a")
                        }
                    }
                }
                for version in 1...1_000 {
                    // Every third save is broken, which must concern no event.
                    try fixture.write("a.lua", version.isMultiple(of: 3) ? "app.on(" : file(version))
                    await Task.yield()
                }
                try fixture.write("a.lua", file(1_001))
                try await group.waitForAll()
            }
            try await eventually("the last text is loaded") { host.status.rejected == nil }
        }
        let seen = fixture.log.messages.filter { $0.hasPrefix("d-") }
        #expect(seen.count == 1_000)
        #expect(Set(seen).count == 1_000)
    }

    @Test func halfWrittenFilesAreNotLoaded() async throws {
        let fixture = try HookFixture(["a.lua": filterFile("a", 1)])
        let host = try await fixture.host { $0.pollInterval = .milliseconds(10) }
        let path = fixture.hooks.appendingPathComponent("a.lua").path
        try await withWatching(host) {
            let pieces = ["app.on('sync.content.before',", " function(items)", " items[1].a = 2", " end)"]
            let file = try #require(fopen(path, "w"))
            for piece in pieces.dropLast() {
                fputs(piece, file)
                fflush(file)
                try await eventually("half of the file is refused") { host.status.rejected != nil }
                #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","a":1}"#)
            }
            fputs(pieces[pieces.count - 1], file)
            fclose(file)
            try await eventually("the whole file is loaded") { host.status.rejected == nil }
        }
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","a":2}"#)
    }

    @Test func editorsThatReplaceTheFileAreNoticed() async throws {
        let fixture = try HookFixture(["a.lua": filterFile("a", 0)])
        let host = try await fixture.host { $0.pollInterval = .seconds(3_600) }
        let hooks = fixture.hooks.path
        try await withWatching(host) {
            for version in 1...20 {
                let before = host.status.generation
                try fixture.write("a.lua~", "a copy that nobody loads")
                try #require(rename(hooks + "/a.lua", hooks + "/a.lua~") == 0)
                try fixture.write(".a.lua.swp", filterFile("a", version))
                try #require(rename(hooks + "/.a.lua.swp", hooks + "/a.lua") == 0)
                try await eventually("version \(version) is loaded") {
                    host.status.generation != before && host.status.handlers.count == 1
                }
            }
        }
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","a":20}"#)
    }

    @Test func filesAndFoldersThatComeAndGoAreNoticed() async throws {
        let fixture = try HookFixture(["a.lua": filterFile("a", 0)])
        let host = try await fixture.host { $0.pollInterval = .seconds(3_600) }
        try await withWatching(host) {
            for _ in 1...20 {
                try fixture.write("sub/deep/b.lua", filterFile("b", 1))
                try await eventually("the new folder is loaded") { host.status.handlers.count == 2 }
                try fixture.remove("sub")
                try await eventually("its removal is noticed") { host.status.handlers.count == 1 }
            }
            try FileManager.default.moveItem(at: fixture.hooks, to: fixture.instance.appendingPathComponent("away"))
            try await eventually("the folder's own removal is noticed") { host.status.rejected != nil }
            #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","a":0}"#)
            try FileManager.default.moveItem(at: fixture.instance.appendingPathComponent("away"), to: fixture.hooks)
            try await eventually("its return is noticed") { host.status.rejected == nil }
        }
    }

    @Test(arguments: ["while true do end", "while true do pcall(function() while true do end end) end"])
    func aFileThatLoopsAtLoadStopsNothing(text: String) async throws {
        let fixture = try HookFixture(["a.lua": filterFile("a", 1)])
        let host = try await fixture.host {
            $0.pollInterval = .seconds(3_600)
            $0.limits.filter.load = .milliseconds(50)
        }
        try await withWatching(host) {
            try fixture.write("a.lua", text)
            try await eventually("the loop is refused") { host.status.rejected != nil }
            #expect(host.status.rejected?.file == "hooks/a.lua")
            #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","a":1}"#)
            try fixture.write("a.lua", filterFile("a", 2))
            try await eventually("the repaired file is loaded") { host.status.rejected == nil }
        }
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","a":2}"#)
    }

    @Test func withoutNoticesOfTheSystemPollingNoticesEverything() async throws {
        let fixture = try HookFixture(["a.lua": filterFile("a", 0)])
        let host = try await fixture.host {
            $0.pollInterval = .milliseconds(10)
            $0.usesNotices = false
        }
        try await withWatching(host) {
            for version in 1...10 {
                try fixture.write("a.lua", filterFile("a", version))
                let expected = try await fixture.host().status.generation
                try await eventually("version \(version) is loaded") { host.status.generation == expected }
            }
            try fixture.write("sub/b.lua", filterFile("b", 1))
            try await eventually("a new folder is loaded") { host.status.handlers.count == 2 }
            try fixture.remove("sub")
            try await eventually("its removal is noticed") { host.status.handlers.count == 1 }
        }
    }

    @Test func memoryStaysFlatOverManyReloads() async throws {
        let fixture = try HookFixture(["a.lua": filterFile("a", 0), "lib/one.lua": "return {}"])
        let host = try await fixture.host()
        func reload(_ count: Int) async throws {
            for version in 0..<count {
                try fixture.write("a.lua", "require 'lib.one'\n" + filterFile("a", version))
                #expect(await host.reload().rejected == nil)
                // Machines of the generations before are to end, pinned ones too.
                if version.isMultiple(of: 10) { _ = try await host.filter(#"{"_id":"1"}"#) }
                if version.isMultiple(of: 7) { try await host.admit(Bystanders.request) }
            }
        }
        try await reload(100)
        let before = residentBytes()
        try await reload(Self.reloads)
        let growth = residentBytes() - before
        print("\(Self.reloads) reloads: \(growth >> 10) KiB more")
        #expect(growth < 32 << 20)
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","a":\#(Self.reloads - 1)}"#)
        host.stop()
    }
}

/// Runs `work` while the host watches its folder.
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
