public import ContentModel
public import CurlHTTP
public import SyncEngine
internal import SyncProtocol
internal import Synchronization

/// A target, seen as the far side of a run: every call is a signed request, every answer a verified one.
///
/// Whatever fails for a moment is repeated until nothing has moved for `timeout`; the protocol makes repetition
/// harmless. Before the first answer nothing is repeated, so that a wrong address is told at once.
public final class RemotePeer: Peer, ExpectationPort, BlobSource, BlobDestination {
    let target: Target
    let address: TargetAddress
    let local: InstanceIdentity
    let http: HTTPClient
    let clock: any WallClock
    let random: any RandomSource
    let timeout: Duration
    let signer: TokenSigner
    private let state = Mutex(State())

    /// How long what fails is repeated, unless somebody says otherwise.
    public static let usualTimeout: Duration = .seconds(30)

    /// - Parameters:
    ///   - local: who asks
    ///   - timeout: how long to repeat what fails while nothing gets through
    ///
    /// Throws `bad_setting` when the target's address cannot be used.
    public init(
        target: Target, local: InstanceIdentity, http: HTTPClient, clock: any WallClock, random: any RandomSource,
        timeout: Duration = usualTimeout
    ) throws {
        self.target = target
        self.address = try TargetAddress(target)
        self.local = local
        self.http = http
        self.clock = clock
        self.random = random
        self.timeout = timeout
        signer = TokenSigner(key: target.key, issuer: local.id)
    }

    /// Instance id that the target must have; learned from its first answer, kept by whoever keeps targets.
    ///
    /// A target with another id refuses every request (`wrong_audience`).
    public var expectedResponder: String? {
        get { state.withLock { $0.responder } }
        set { state.withLock { $0.responder = newValue } }
    }

    /// What went over the wire so far.
    public var traffic: Traffic { state.withLock { $0.traffic } }
}

/// Counts of what went over the wire.
public struct Traffic: Sendable, Equatable {
    /// Requests that were answered.
    public var roundTrips = 0
    public var bytesSent = 0
    public var bytesReceived = 0

    public init() {}
}

extension RemotePeer {
    struct State {
        var responder: String?
        var traffic = Traffic()
        /// Seconds to add to our clock so that the responder's comes out.
        var clockOffset: Int64 = 0
        /// Our milliseconds when an answer last arrived; nil before the first.
        var lastProgress: Int64?
    }

    var clockOffset: Int64 { state.withLock { $0.clockOffset } }
    var lastProgress: Int64? { state.withLock { $0.lastProgress } }

    func correctClock(by offset: Int64) {
        state.withLock { $0.clockOffset = offset }
    }

    /// Counts an exchange, whatever its status.
    func count(_ response: HTTPResponse) {
        state.withLock {
            $0.traffic.roundTrips += 1
            $0.traffic.bytesSent += response.bytesSent
            $0.traffic.bytesReceived += response.bytesReceived
        }
    }

    func noteProgress() {
        let now = clock.milliseconds
        state.withLock { $0.lastProgress = now }
    }

    /// Keeps who answered. Throws `same_instance` when that is ourselves, `wrong_audience` when it is somebody else
    /// than before.
    func learn(_ responder: InstanceIdentity) throws {
        guard responder.id != local.id else {
            throw TidelockError(
                .sameInstance, "Target \(address.label) has the same instance id as this instance.",
                hint: "One is probably a copied directory: run 'tidelock init --new-identity' there.")
        }
        let known = state.withLock { state in
            defer { state.responder = state.responder ?? responder.id }
            return state.responder ?? responder.id
        }
        guard known == responder.id else {
            throw TidelockError(.wrongAudience, "Target \(address.label) is another instance than before.")
        }
    }
}
