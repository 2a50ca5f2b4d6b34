import ContentModel
import HookHost
import SyncEngine
import Testing

@Suite struct FingerprintTests {
    private let posts = try! Kind("content/posts")  // a valid name
    private let users = try! Kind("content/users")  // a valid name

    private func fingerprints(
        _ files: [String: String], config: String = "{}", _ context: RunContext = .push()
    ) async throws -> (posts: Digest, users: Digest) {
        let run = try await HookFixture(files).host(config: config).pin(for: context)
        return (run.filters(for: posts).fingerprint, run.filters(for: users).fingerprint)
    }

    private let filterPosts = "app.on('sync.content.before', function(items) end, { models = { 'posts' } })"
    private let filterUsers = "app.on('sync.content.before', function(items) end, { models = { 'users' } })"

    @Test func itIsTheSameWheneverTheFilesAreTheSame() async throws {
        let files = ["a.lua": filterPosts, "b.lua": filterUsers]
        #expect(try await fingerprints(files) == fingerprints(files))
    }

    @Test func itChangesOnlyForTheKindsOfAChangedFile() async throws {
        let before = try await fingerprints(["a.lua": filterPosts, "b.lua": filterUsers])
        let after = try await fingerprints(["a.lua": filterPosts + " -- edited", "b.lua": filterUsers])
        #expect(before.posts != after.posts)
        #expect(before.users == after.users)
    }

    @Test func observersDoNotCount() async throws {
        let before = try await fingerprints(["a.lua": filterPosts])
        let after = try await fingerprints([
            "a.lua": filterPosts, "b.lua": "app.on('sync.push.finished', function() end)",
        ])
        #expect(before == after)
    }

    @Test func modulesCountForTheFilesThatReachThem() async throws {
        let files = [
            "a.lua": "local u = require 'lib.one'\n" + filterPosts, "b.lua": filterUsers,
            "lib/one.lua": "return require('lib.two')", "lib/two.lua": "return {}", "lib/three.lua": "return {}",
        ]
        let before = try await fingerprints(files)
        let reached = try await fingerprints(files.merging(["lib/two.lua": "return { 1 }"]) { $1 })
        #expect(before.posts != reached.posts)
        #expect(before.users == reached.users)
        #expect(try await fingerprints(files.merging(["lib/three.lua": "return { 1 }"]) { $1 }) == before)
    }

    @Test func filesThatShareAModuleCountForEachOther() async throws {
        let files = [
            "a.lua": "require('lib.x').value = 1\n" + filterUsers, "b.lua": "local x = require 'lib.x'\n" + filterPosts,
            "lib/x.lua": "return {}",
        ]
        let before = try await fingerprints(files)
        let after = try await fingerprints(
            files.merging(["a.lua": "require('lib.x').value = 2\n" + filterUsers]) { $1 })
        #expect(before.posts != after.posts)
    }

    @Test func aRequireThatCannotBeReadCountsAsAllModules() async throws {
        let files = [
            "a.lua": "local n = 'one' local u = require('lib.' .. n)\n" + filterPosts, "lib/one.lua": "return {}",
        ]
        let before = try await fingerprints(files)
        #expect(before.posts != (try await fingerprints(files.merging(["lib/one.lua": "return { 1 }"]) { $1 })).posts)
    }

    @Test func configurationCountsWhereItIsRead() async throws {
        let files = ["a.lua": "local c = app.config\n" + filterPosts, "b.lua": filterUsers]
        let before = try await fingerprints(files, config: #"{"a":1}"#)
        let after = try await fingerprints(files, config: #"{"a":2}"#)
        #expect(before.posts != after.posts)
        #expect(before.users == after.users)
    }

    @Test func factsOfTheRunCountWhereTheyAreRead() async throws {
        let reading = "app.on('sync.content.before', function(items, ctx) items[1].to = ctx.target.name end)"
        let staging = try await fingerprints(["a.lua": reading], .push(to: "staging"))
        #expect(try await fingerprints(["a.lua": reading], .push(to: "edge")).posts != staging.posts)
        #expect(try await fingerprints(["a.lua": reading], .push("run-2", to: "staging", mode: .mirror)) == staging)
        let plain = try await fingerprints(["a.lua": filterPosts], .push(to: "staging"))
        #expect(try await fingerprints(["a.lua": filterPosts], .push(to: "edge")) == plain)
    }

    @Test func optionsAndOrderCount() async throws {
        func options(_ text: String) async throws -> Digest {
            try await fingerprints(["a.lua": "app.on('sync.content.before', function() end, { \(text) })"]).posts
        }
        #expect(try await options("name = 'x'") != options("name = 'y'"))
        #expect(try await options("on_error = 'skip_item'") != options("on_error = 'abort'"))
    }

    @Test func volatileResultsAreGoodForOneRun() async throws {
        let files = [
            "a.lua": "app.on('sync.content.before', function() end, { volatile = true })", "b.lua": filterUsers,
        ]
        let first = try await fingerprints(files, .push("run-1"))
        #expect(try await fingerprints(files, .push("run-1")) == first)
        #expect(try await fingerprints(files, .push("run-2")).posts != first.posts)
    }

    @Test func handlersForOtherTargetsDoNotCount() async throws {
        let only = "app.on('sync.content.before', function() end, { targets = { 'staging' } })"
        #expect(try await fingerprints(["a.lua": only], .push(to: "edge")).posts == FilterSet.none.fingerprint)
    }
}
