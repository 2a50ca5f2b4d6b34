import ContentModel
import Foundation
import Testing
import TidelockTestSupport

/// Why a sync does not start, found out by the real tool.
@Suite("Looking for what keeps a sync from starting", .story)
struct DoctorTests {
    private struct Answer: Decodable {
        struct Step: Decodable {
            var step: String
            var result: String
            var found: String?
            var hint: String?
            var code: String?
        }

        var target: String
        var ok: Bool
        var cause: String?
        var steps: [Step]
        var error: Report.Failure?

        subscript(step: String) -> Step? { steps.first { $0.step == step } }
    }

    private func examine(_ instance: RealInstance) async throws -> (answer: Answer, exit: Int32) {
        let ending = try await instance.attempt("doctor", "production", "--json")
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(ending.output.utf8)) else {
            throw CommandFailed(arguments: ["doctor"], ending: ending)
        }
        return (answer, ending.status)
    }

    /// The step is named as the cause; its sentence and its hint hold these words. Answers what was said.
    @discardableResult
    private func expectCause(
        _ step: String, exit: Int32, of instance: RealInstance, _ words: String...,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let (answer, status) = try await examine(instance)
        #expect(answer.cause == step && !answer.ok && status == exit, "\(answer) \(status)", sourceLocation: location)
        let found = "\(answer[step]?.found ?? "") \(answer[step]?.hint ?? "")"
        for word in words { #expect(found.contains(word), "\(found)", sourceLocation: location) }
        #expect(answer[step]?.code != nil, "\(answer)", sourceLocation: location)
        let isSame = answer.error?.code == answer[step]?.code && answer.error?.message == answer[step]?.found
        #expect(isSame && answer.error?.hint == answer[step]?.hint, "\(answer)", sourceLocation: location)
        return answer
    }

    private func target(_ uri: String, of site: Site, _ options: String...) async throws {
        let key = try await site.destination.run("keys", "show").trimmingCharacters(in: .newlines)
        let words = ["targets", "add", "production", uri, "--key", key] + options
        let ending = try await site.source.start(words).ending()
        guard ending.status == 0 else { throw CommandFailed(arguments: words, ending: ending) }
    }

    // MARK: In order

    @Test func nothingIsInTheWay() async throws {
        let site = try await Site.make(articles: 2)
        let (answer, exit) = try await examine(site.source)
        #expect(exit == 0 && answer.ok && answer.cause == nil && answer.error == nil, "\(answer)")
        #expect(answer.steps.count == 15 && answer.steps.allSatisfy { $0.result == "ok" }, "\(answer)")
        #expect(answer["identity"]?.found?.hasPrefix("staging (") == true, "\(answer)")
        let text = try await site.source.run("doctor", "production")
        #expect(text.split(separator: "\n").count == 15 && text.hasPrefix("✓ configuration  'production'"), "\(text)")
        // Nothing was changed by looking, and the sync does start.
        #expect(try await site.push().isGood)
    }

    @Test func aScheduleThatCannotBegin() async throws {
        let site = try await Site.make()
        try await target("http://127.0.0.1:\(site.server.port)", of: site, "--no-pull")
        try site.source.configure(
            "return {", "return {\n  schedules = { nightly = { every = \"1h\", target = \"production\" } },")
        let (good, exit) = try await examine(site.source)
        #expect(exit == 0 && good["schedules"]?.found == "nightly can begin", "\(good)")
        try site.source.configure("every = \"1h\"", "every = \"1h\", direction = \"pull\"")
        let answer = try await expectCause(
            "schedules", exit: 78, of: site.source, "Schedule 'nightly' of ", "tidelock.lua", "pull")
        #expect(answer.steps.filter { $0.result != "ok" }.map(\.step) == ["schedules"], "\(answer)")
    }

    // MARK: On the way

    @Test func anUnknownTarget() async throws {
        let site = try await Site.make()
        try await site.source.run("targets", "remove", "production")
        try await site.source.run(
            "targets", "add", "productions", "http://127.0.0.1:1", "--key", "the-key-of-nobody-at-all")
        let answer = try await expectCause(
            "configuration", exit: 66, of: site.source, "Did you mean 'productions'?")
        #expect(answer["connection"]?.result == "not_reached" && answer["disk"]?.result == "not_reached", "\(answer)")
    }

    @Test func aTargetThatIsSwitchedOff() async throws {
        let site = try await Site.make()
        try await target("http://127.0.0.1:\(site.server.port)", of: site, "--no-push", "--no-pull")
        try await expectCause("configuration", exit: 77, of: site.source, "neither a push nor a pull")
    }

    @Test func aNameThatDoesNotExist() async throws {
        let site = try await Site.make()
        try await target("http://nonexistent.invalid", of: site)
        try await expectCause("name", exit: 69, of: site.source, "nonexistent.invalid could not be resolved")
    }

    @Test func aServerThatDoesNotRun() async throws {
        let site = try await Site.make()
        #expect(await site.server.stop() == 0)
        let answer = try await expectCause(
            "connection", exit: 69, of: site.source, "the server refused the connection", "listens on this port")
        #expect(answer["name"]?.result == "ok" && answer["server"]?.result == "not_reached", "\(answer)")
    }

    @Test func anotherServerAtThePort() async throws {
        let site = try await Site.make()
        let pages = try PageServer()
        try await target("http://127.0.0.1:\(pages.port)", of: site)
        let answer = try await expectCause(
            "server", exit: 69, of: site.source, "not as Tidelock does", "something else")
        #expect(answer["connection"]?.result == "ok" && answer["key"]?.result == "not_reached", "\(answer)")
        // Whoever it is, nobody showed him a token.
        #expect(pages.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    // MARK: Certificates

    /// A target `production` that leads to a server with this certificate, which is trusted.
    private func site(with certificate: Certificate) async throws -> (site: Site, server: TLSServer) {
        let site = try await Site.make()
        let server = try TLSServer(certificate)
        try site.source.configure(
            "return {", "return {\n  http = { certificateAuthorities = \"\(certificate.path)\" },")
        try await target("https://localhost:\(server.port)", of: site)
        return (site, server)
    }

    @Test func anExpiredCertificate() async throws {
        let (site, server) = try await site(with: Certificate(for: "DNS:localhost", validity: .past))
        let answer = try await expectCause(
            "encryption", exit: 69, of: site.source, "the certificate of localhost expired", "CN = test",
            "good until 2021-01-01T00:00:00Z", "renew")
        #expect(answer["connection"]?.result == "ok" && answer["server"]?.result == "not_reached", "\(answer)")
        withExtendedLifetime(server) {}
    }

    @Test func aCertificateForAnotherHost() async throws {
        let (site, server) = try await site(with: Certificate(for: "DNS:other.example"))
        try await expectCause(
            "encryption", exit: 69, of: site.source, "another host name than localhost", "DNS:other.example")
        withExtendedLifetime(server) {}
    }

    @Test func aCertificateOfAnUnknownAuthority() async throws {
        let site = try await Site.make()
        let server = try TLSServer(Certificate(for: "DNS:localhost"))
        try await target("https://localhost:\(server.port)", of: site)
        try await expectCause("encryption", exit: 69, of: site.source, "not among the trusted ones", "PEM file")
    }

    @Test func aGoodCertificateIsDescribed() async throws {
        let (site, server) = try await site(with: Certificate(for: "DNS:localhost"))
        let answer = try await expectCause("server", exit: 69, of: site.source)
        #expect(answer["encryption"]?.result == "ok", "\(answer)")
        #expect(answer["encryption"]?.found?.contains("issued by CN = test, good until") == true, "\(answer)")
        withExtendedLifetime(server) {}
    }

    // MARK: Clock and key

    @Test(arguments: [600, -600] as [Int64])
    func aClockThatIsTenMinutesOff(seconds: Int64) async throws {
        let site = try await Site.make()
        let key = try await site.destination.run("keys", "show").trimmingCharacters(in: .newlines)
        let server = try SkewedServer(secondsAhead: seconds, key: try SyncKey(key))
        try await target("http://127.0.0.1:\(server.port)", of: site)
        let answer = try await expectCause(
            "clock", exit: 77, of: site.source, seconds > 0 ? "10 min ahead of ours" : "10 min behind ours", "NTP")
        #expect(answer["key"]?.result == "ok" && answer["uploads"]?.result == "ok", "\(answer)")
    }

    @Test func aWrongKey() async throws {
        let site = try await Site.make()
        try await site.source.target(site.destination, at: site.server.port, key: "not-the-key-of-anybody")
        let answer = try await expectCause("key", exit: 77, of: site.source, "keys show")
        #expect(answer["server"]?.result == "ok" && answer["clock"]?.result == "ok", "\(answer)")
        #expect(answer["rights"]?.result == "not_reached", "\(answer)")
        let text = try await site.source.attempt("doctor", "production")
        #expect(text.status == 77 && text.output.contains("✗ key ") && text.output.contains("Try: "), "\(text)")
        #expect(!text.output.contains("not-the-key"))
    }

    @Test func aKeyThatMayNotPush() async throws {
        let site = try await Site.make()
        try site.destination.configure(
            "sync = { syncKey = env(\"TIDELOCK_SYNC_KEY\") }",
            "sync = { keys = { { key = env(\"TIDELOCK_SYNC_KEY\"), rights = { \"pull\" } } } }")
        try await expectCause("rights", exit: 77, of: site.source, "does not allow to push")
        try await target("http://127.0.0.1:\(site.server.port)", of: site, "--no-push")
        #expect(try await examine(site.source).answer.ok)
    }

    @Test func aCopiedInstance() async throws {
        let site = try await Site.make()
        #expect(await site.server.stop() == 0)
        let copy = RealInstance(name: "copy", folder: Story.current.folder.appending(path: "copy"))
        try FileManager.default.copyItem(at: site.destination.folder, to: copy.folder)
        let server = try await TestServer(site.destination)
        try await copy.target(site.destination, at: server.port)
        try await expectCause("identity", exit: 78, of: copy, "--new-identity")
    }

    // MARK: Locks and handlers

    @Test func aRunAtWork() async throws {
        let (site, gate, push) = try await Site.heldAtItsCommit()
        try await expectCause("lock", exit: 75, of: site.source, "process \(push.process) on ")
        let other = try await RealInstance.make("other")
        try await other.target(site.destination, at: site.server.port)
        try await expectCause("lock", exit: 75, of: other, "staging is writing to target", "lock reset")
        gate.open()
        #expect(try Report(await push.ending()).isGood)
        for instance in [site.source, other] { #expect(try await examine(instance).answer.ok) }
    }

    @Test func handlersThatCannotBeLoadedHere() async throws {
        let site = try await Site.make()
        try site.source.hook("bad.lua", "app.on(\"sync.content.before\", function()\n  if then\nend)\n")
        try await expectCause("hooks", exit: 70, of: site.source, "hooks/bad.lua:2", "of this instance")
    }

    @Test func handlersThatCannotBeLoadedThere() async throws {
        let site = try await Site.make()
        #expect(await site.server.stop() == 0)
        try site.destination.hook("bad.lua", "if then\n")
        let server = try await TestServer(site.destination)
        try await site.source.target(site.destination, at: server.port)
        let answer = try await expectCause("hooks", exit: 70, of: site.source, "hooks/bad.lua:1")
        #expect(answer["server"]?.result == "ok" && answer["key"]?.result == "ok", "\(answer)")
    }

    // MARK: Space and uploads

    /// Nobody may make files in the kernel's own file system, not even the administrator.
    @Test func aFolderForUploadsThatTakesNoFiles() async throws {
        let site = try await Site.make()
        for (instance, owner) in [(site.destination, "of target"), (site.source, "of this instance")] {
            let folder = instance.storage.appending(path: "uploads")
            try FileManager.default.createSymbolicLink(at: folder, withDestinationURL: URL(filePath: "/sys/kernel"))
            try await expectCause("uploads", exit: 74, of: site.source, "storage/uploads, cannot be used", owner)
        }
    }

    /// A site whose server sees a file system of its own in the place of a folder.
    private func site(mounting name: String, _ options: String) async throws -> (site: Site, server: TestServer) {
        let site = try await Site.make()
        #expect(await site.server.stop() == 0)
        let folder = site.destination.folder.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let server = try await TestServer(
            site.destination, within: PrivateMount(folder: folder.path, options: options).words)
        try await site.source.target(site.destination, at: server.port)
        return (site, server)
    }

    @Test(.enabled(if: PrivateMount.isPermitted, "file systems may not be mounted here"))
    func aReadOnlyFileSystem() async throws {
        let (site, server) = try await site(mounting: "storage/uploads", "ro,size=1m")
        try await expectCause("uploads", exit: 74, of: site.source, "its file system is read-only", "of target")
        await server.stop()
    }

    @Test(.enabled(if: PrivateMount.isPermitted, "file systems may not be mounted here"))
    func aFullDisk() async throws {
        let (site, server) = try await site(mounting: "storage", "size=24m")
        try await expectCause("disk", exit: 74, of: site.source, "The disk of target", "are needed for a batch")
        await server.stop()
    }
}
