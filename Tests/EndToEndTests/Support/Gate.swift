import Foundation

/// Holds the threads of a proxy until it is opened.
final class Gate: Sendable {
    private let condition = NSCondition()
    // Both only with the condition's lock held.
    nonisolated(unsafe) private var isOpen = false
    nonisolated(unsafe) private var hasVisitors = false

    /// Whether anybody has come to it.
    var isWaitedFor: Bool {
        condition.withLock { hasVisitors }
    }

    /// Waits, but not for ever.
    func pass() {
        condition.withLock {
            hasVisitors = true
            condition.broadcast()
            while !isOpen, condition.wait(until: Date(timeIntervalSinceNow: 60)) {}
        }
    }

    func open() {
        condition.withLock {
            isOpen = true
            condition.broadcast()
        }
    }
}
