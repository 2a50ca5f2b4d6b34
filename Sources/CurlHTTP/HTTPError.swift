/// Why a request got no answer.
///
/// `message` is a sentence for a person: what failed, on which host and port, why. It never holds paths, queries,
/// header fields, bodies or user names, so it may be logged and shown.
public struct HTTPError: Error, Sendable, Hashable {
    /// What went wrong, for decisions in code. The raw values are stable.
    public enum Kind: String, Sendable, CaseIterable {
        case invalidURL, unsupportedScheme, malformedRequest
        case nameNotResolved, connectionRefused, unreachable, connectTimeout, addressRefused, proxy
        case tlsCertificate, tlsHandshake
        case timeout, stalled, closedEarly, sendFailed
        case tooLarge, malformedResponse
        case cancelled, outOfMemory, internalFailure
    }

    public var kind: Kind

    /// A sentence: what failed, where, why.
    public var message: String

    /// What to try, if there is something.
    public var hint: String?

    /// Whether any byte of the request was handed to the network, so that the server may have acted on it.
    public var mayHaveReachedServer: Bool

    /// Whether the same request may succeed later without anybody changing anything.
    public var isTransient: Bool

    /// libcurl's own code, for reports; 0 when libcurl was not involved.
    public var curlCode: Int32

    /// Makes an error; `isTransient` follows from `kind` unless told otherwise.
    public init(
        _ kind: Kind, _ message: String, hint: String? = nil, mayHaveReachedServer: Bool = false,
        isTransient: Bool? = nil, curlCode: Int32 = 0
    ) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.mayHaveReachedServer = mayHaveReachedServer
        self.isTransient = isTransient ?? kind.isUsuallyTransient
        self.curlCode = curlCode
    }
}

extension HTTPError: CustomStringConvertible {
    public var description: String { hint.map { "\(message) \($0)" } ?? message }
}

extension HTTPError.Kind {
    /// Networks, names and servers come back by themselves; certificates, limits and malformed requests do not.
    var isUsuallyTransient: Bool {
        switch self {
        case .nameNotResolved, .connectionRefused, .unreachable, .connectTimeout, .timeout, .stalled, .closedEarly,
            .sendFailed:
            true
        case .invalidURL, .unsupportedScheme, .malformedRequest, .addressRefused, .proxy, .tlsCertificate,
            .tlsHandshake,
            .tooLarge, .malformedResponse, .cancelled, .outOfMemory, .internalFailure:
            false
        }
    }
}

extension HTTPError {
    static let outOfMemory = HTTPError(.outOfMemory, "There is not enough memory for the request.")

    static let cancelledBeforeSending = HTTPError(.cancelled, "The request was not sent: it was cancelled before.")

    static let clientIsShutDown = HTTPError(.cancelled, "The request was not sent: the client is shut down.")
}
