import Foundation
import TidelockTestSupport

/// `tidelock serve` of one instance.
final class TestServer: Sendable {
    let instance: RealInstance
    let port: Int
    let tool: RunningTool

    /// Starts it and waits until it answers.
    ///
    /// - Parameter surroundings: words of a command that replaces itself by the one that follows them
    init(_ instance: RealInstance, port: Int = 0, within surroundings: [String] = []) async throws {
        self.instance = instance
        let words =
            surroundings + [RealInstance.tool.path, "-C", instance.folder.path, "serve", "--port", "\(port)"]
        let tool = try RunningTool(URL(filePath: words[0]), Array(words.dropFirst()), limit: .seconds(3_600))
        self.tool = tool
        try await eventually("the server of \(instance.name) listens: \(tool.errors)") {
            tool.hasEnded || tool.output.contains("listening on http://")
        }
        guard let port = tool.output.firstMatch(of: /listening on http:\/\/127\.0\.0\.1:(\d+)/)?.1, let port = Int(port)
        else {
            throw CommandFailed(arguments: ["serve"], ending: await tool.ending())
        }
        self.port = port
    }

    /// Asks it to stop, and answers its exit status.
    @discardableResult
    func stop() async -> Int32 {
        tool.send(SIGTERM)
        return await tool.ending().status
    }

    /// Ends it without a chance to clean up.
    func kill() async {
        tool.send(SIGKILL)
        _ = await tool.ending()
    }

    func get(_ path: String, headers: [String] = []) async throws -> HTTPAnswer {
        try await HTTPAnswer.of(
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers.map { $0 + "\r\n" }.joined())\r\n", at: port)
    }
}
