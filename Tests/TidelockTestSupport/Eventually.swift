/// What was waited for did not happen in time.
public struct NeverHappened: Error, CustomStringConvertible {
    public var description: String

    public init(_ what: String, within limit: Duration) {
        description = "within \(limit) it never happened that \(what)"
    }
}

/// Waits until `condition` holds, looking again and again. Throws `NeverHappened` when the deadline passes first.
public func eventually(
    _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            throw NeverHappened(what, within: limit)
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}
