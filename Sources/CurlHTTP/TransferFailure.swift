import CCurl

/// What is known about a request that got no answer, gathered before its handle is gone.
///
/// A value, so that turning it into an error with sentences for people can be tested without a network.
struct TransferFailure: Sendable {
    enum Cause: Sendable, Equatable {
        case curl(CURLcode)
        case passed(TransferClock.Limit)
        case bodyTooLarge
        case headTooLarge
        /// The address policy said no to this address.
        case addressRefused(String)
        /// A kept connection broke after the request was written to it, and the request must not be sent twice.
        case repeatRefused
        case cancelled
        case clientShutDown
    }

    /// How far the request got.
    enum Phase: Sendable, Equatable {
        case waiting, resolving, connecting, securing, sending, awaiting, receiving
    }

    var cause: Cause
    var phase: Phase
    var method: String
    var origin: Origin
    var limits: HTTPLimits
    /// Whether bytes of the request were handed to a connection.
    var wroteRequest = false
    /// libcurl's sentence. It names hosts and addresses, never paths or fields.
    var detail = ""
    /// `errno` of the last failed connect; 0 if there was none.
    var osError: Int32 = 0
    /// OpenSSL's reason for refusing a certificate; 0 if it found none.
    var certificateProblem = 0
}

extension TransferFailure.Phase {
    /// Completes "timed out while …".
    var activity: String {
        switch self {
        case .waiting: "waiting for a free connection"
        case .resolving: "resolving the name"
        case .connecting: "connecting"
        case .securing: "agreeing on encryption"
        case .sending: "sending the request"
        case .awaiting: "waiting for the answer"
        case .receiving: "receiving the answer"
        }
    }
}
