public import ContentModel

/// What a first request to a target's address met, which carries no key.
public enum Reach: Sendable {
    /// No answer came; how far the request got.
    case failed(Diagnosis.Step, TidelockError)
    case answered(Answer)

    public struct Answer: Sendable {
        public var from: Answerer
        /// The address it came from; a proxy's where there is one.
        public var address: String
        /// By the date in its head, to a second or two; nil if there is none. Anybody on the way can have written it.
        public var clockDifference: ClockDifference?

        public init(from answerer: Answerer, address: String, clockDifference: ClockDifference?) {
            self.from = answerer
            self.address = address
            self.clockDifference = clockDifference
        }
    }

    public enum Answerer: Sendable {
        case tidelock(version: String)
        /// A Tidelock that says no.
        case refusing(TidelockError)
        /// Something else.
        case stranger(TidelockError)
    }
}

extension Reach {
    /// Whether there was a connection, whatever became of it.
    public var isConnected: Bool {
        switch self {
        case .answered: true
        case .failed(let step, _): step > .connection
        }
    }

    /// Whether a Tidelock answered.
    public var isTidelock: Bool {
        guard case .answered(let answer) = self else { return false }
        switch answer.from {
        case .tidelock, .refusing: return true
        case .stranger: return false
        }
    }
}

/// The certificate that a target's server shows, whether or not it is accepted.
public struct ShownCertificate: Sendable, Equatable {
    public var subject: String
    public var issuer: String
    /// Host names and addresses it is for.
    public var names: String
    /// Unix seconds until which it is good; nil when that cannot be told.
    public var until: Int64?

    public init(subject: String, issuer: String, names: String, until: Int64?) {
        self.subject = subject
        self.issuer = issuer
        self.names = names
        self.until = until
    }

    /// A noun with what belongs to it.
    var words: String {
        let hosts = names.isEmpty ? "" : ", for \(names)"
        let end = until.map { ", good until \(utc($0))" } ?? ""
        return "the certificate of \(subject)\(hosts), issued by \(issuer)\(end)"
    }
}
