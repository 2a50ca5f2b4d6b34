import CurlHTTP
import Dispatch
import Foundation
import Testing

/// Something that happens once and that a server's script or a test waits for, with a deadline instead of a sleep.
final class Event: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let stream = AsyncStream<Void>.makeStream()

    func happen() {
        semaphore.signal()
        stream.continuation.finish()
    }

    /// For scripts, which may block their thread.
    func block() throws {
        guard semaphore.wait(timeout: .now() + 20) == .success else { throw POSIXError(.ETIMEDOUT) }
        semaphore.signal()
    }

    /// For tests; the deadline is the test's time limit.
    func wait() async {
        for await _ in stream.stream {}
    }
}

/// Sends and expects an error, which it returns.
func failure(
    of request: HTTPRequest, with client: HTTPClient, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> HTTPError {
    do throws(HTTPError) {
        let response = try await client.send(request)
        Issue.record("There was an answer, \(response.status).", sourceLocation: sourceLocation)
    } catch {
        return error
    }
    throw POSIXError(.EIO)
}

func client(_ change: (inout HTTPClientOptions) -> Void = { _ in }) throws -> HTTPClient {
    var options = HTTPClientOptions()
    options.useProxyFromEnvironment = false
    change(&options)
    return try HTTPClient(options)
}

extension HTTPRequest {
    /// The same request with other limits.
    func limited(_ change: (inout HTTPLimits) -> Void) -> HTTPRequest {
        var request = self
        change(&request.limits)
        return request
    }
}
