import Foundation
import Synchronization

/// Stands between two processes: passes every byte on, keeps a copy, and may spoil some.
final class RecordingProxy: Sendable {
    typealias Change = @Sendable (_ bytes: inout [UInt8], _ connection: Int) -> Void

    private struct Known {
        var upstream: Int
        var sent: [[UInt8]] = []
        var received: [[UInt8]] = []
        var passed = 0
        var requests = RequestLedger()
        var change: Change?
    }

    let port: Int
    private let listener: Listener
    private let keepsBytes: Bool
    private let known: Mutex<Known>

    /// - Parameter keepsBytes: false for large transfers, of which only the amount is of interest
    init(to upstream: Int, keepsBytes: Bool = true) throws {
        listener = try Listener()
        port = listener.port
        self.keepsBytes = keepsBytes
        known = Mutex(Known(upstream: upstream))
        Thread.detachNewThread { [listener, weak self] in
            while let client = listener.next() { self?.serve(client) }
        }
    }

    deinit {
        listener.stop()
    }

    /// What clients sent so far, one element for each connection.
    var sent: [[UInt8]] { known.withLock(\.sent) }

    /// What the server answered so far, one element for each connection.
    var received: [[UInt8]] { known.withLock(\.received) }

    /// Bytes that went through so far, in both directions.
    var passed: Int { known.withLock(\.passed) }

    /// What each request cost since this was last asked.
    func takeRequests() -> [RequestCost] {
        known.withLock { known in
            defer { known.requests = RequestLedger() }
            return known.requests.costs
        }
    }

    /// Every request that was sent so far.
    var requests: [RecordedRequest] { sent.flatMap(RecordedRequest.all) }

    /// Lets connections from now on lead elsewhere.
    func lead(to upstream: Int) {
        known.withLock { $0.upstream = upstream }
    }

    /// Changes what clients send from now on, piece by piece as it comes.
    func spoil(_ change: Change?) {
        known.withLock { $0.change = change }
    }

    private func serve(_ client: Connection) {
        let (upstream, number) = known.withLock { known in
            known.sent.append([])
            known.received.append([])
            return (known.upstream, known.sent.count - 1)
        }
        guard let server = try? Connection(to: upstream) else { return client.end() }
        Thread.detachNewThread { [weak self] in
            pass(from: client, to: server) { self?.note(&$0, number, isSent: true) }
        }
        Thread.detachNewThread { [weak self] in
            pass(from: server, to: client) { self?.note(&$0, number, isSent: false) }
        }
    }

    private func note(_ bytes: inout [UInt8], _ number: Int, isSent: Bool) {
        // Outside of the lock: a change may hold its connection for as long as it likes.
        if isSent, let change = known.withLock(\.change) { change(&bytes, number) }
        known.withLock { [bytes] known in
            known.passed += bytes.count
            known.requests.note(bytes, connection: number, isSent: isSent)
            guard keepsBytes else { return }
            if isSent { known.sent[number] += bytes } else { known.received[number] += bytes }
        }
    }
}

private func pass(from origin: Connection, to other: Connection, _ note: (inout [UInt8]) -> Void) {
    while var bytes = origin.read() {
        note(&bytes)
        guard (try? other.write(bytes)) != nil else { return origin.end() }
    }
    other.finishWriting()
}
