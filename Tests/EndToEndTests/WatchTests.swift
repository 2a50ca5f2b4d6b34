import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Following the source", .story)
struct WatchTests {
    @Test func anEditArrivesWithoutACommandAndASignalEndsTheWatch() async throws {
        let site = try await Site.make(articles: 3)
        let watch = try site.source.start(["push", "production", "--watch", "--debounce", "0"])
        try await eventually("what is there arrives: \(watch.errors)") {
            try await site.destination.content().count == 3
        }
        try await site.source.put("content/articles", try JSONDocument(validating: #"{"_id":"new"}"#))
        try await eventually("an edit arrives: \(watch.errors)") {
            try await site.destination.content()["content/articles/new"] != nil
        }
        try await eventually("both runs are told") { watch.output.split(separator: "\n").count >= 2 }
        watch.send(SIGINT)
        let ending = await watch.ending()
        #expect(ending.status == 0, "\(ending)")
    }

    @Test func aFailureIsToldOnceAndSurvived() async throws {
        let site = try await Site.make(articles: 1)
        let port = site.server.port
        await site.server.stop()
        let watch = try site.source.start(["push", "production", "--watch", "--debounce", "0", "--timeout", "1"])
        try await eventually("the failure is told") { watch.errors.contains("production") }
        let server = try await TestServer(site.destination, port: port)
        try await eventually("the content arrives after all", within: .seconds(60)) {
            try await site.destination.content().count == 1
        }
        #expect(watch.errors.split(separator: "\n").filter { $0.hasPrefix("tidelock: production") }.count == 1)
        watch.send(SIGINT)
        #expect(await watch.ending().status == 0)
        await server.stop()
    }

    @Test func aWatchWhoseLastPushFailedSaysSoByItsStatus() async throws {
        let site = try await Site.make(articles: 1)
        await site.server.stop()
        let watch = try site.source.start(["push", "production", "--watch", "--timeout", "1", "--json"])
        try await eventually("the failure is told") { watch.output.contains("failed") }
        watch.send(SIGTERM)
        let ending = await watch.ending()
        #expect(ending.status == 69, "\(ending)")
    }
}
