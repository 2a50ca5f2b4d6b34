import TidelockTestSupport

extension Site {
    /// A push of five articles that has opened its transfer and staged its batch, and stays before the commit until the
    /// gate is opened.
    static func heldAtItsCommit() async throws -> (site: Site, gate: Gate, push: RunningTool) {
        var site = try await Site.make(articles: 5)
        let gate = Gate()
        let proxy = try RecordingProxy(to: site.server.port)
        proxy.spoil { bytes, _ in if bytes.holds("/commit HTTP/1.1") { gate.pass() } }
        try await site.source.target(site.destination, at: proxy.port)
        let push = try site.source.start(["push", "production", "--json"])
        try await eventually("the push is at its commit") { gate.isWaitedFor }
        site.proxy = proxy
        return (site, gate, push)
    }
}
