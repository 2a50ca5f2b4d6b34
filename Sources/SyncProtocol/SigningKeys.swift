public import ContentModel
internal import Crypto

/// What is derived from one sync key: a key that signs requests, another that signs answers, and the id under which
/// both sides know them.
///
/// The sync key itself never travels, and neither derived key leads back to it or to the other.
public struct SigningKeys: Sendable {
    /// First eight hex digits of the SHA-256 of the request key: the `kid` of a token.
    public let id: String
    let request: SymmetricKey
    private let response: SymmetricKey

    public init(_ key: SyncKey) {
        request = SigningKeys.derive(key, purpose: "tidelock/1 request")
        response = SigningKeys.derive(key, purpose: "tidelock/1 response")
        id = request.withUnsafeBytes { String(sha256(Array($0)).hex.prefix(8)) }
    }

    private static func derive(_ key: SyncKey, purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Array(key.secret.utf8)), info: Array(purpose.utf8),
            outputByteCount: 32)
    }

    /// Signs the answer to the request whose token had this id.
    public func signature(of answer: AnswerFacts, to tokenID: String) -> String {
        Array(HMAC<SHA256>.authenticationCode(for: answer.signedText(tokenID), using: response)).hex
    }

    /// Whether `signature` is the one for this answer. Takes the same time wherever the difference is.
    public func isValid(_ signature: String, of answer: AnswerFacts, to tokenID: String) -> Bool {
        guard let code = [UInt8](hex: signature) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            code, authenticating: answer.signedText(tokenID), using: response)
    }
}

/// The parts of an answer that its signature covers.
public struct AnswerFacts: Sendable {
    public var status: Int
    /// The body as it travels.
    public var body: [UInt8]
    /// Value of the header `Tidelock-Operations`, which goes with a batch.
    public var operations: Int?

    public init(status: Int, body: [UInt8], operations: Int? = nil) {
        self.status = status
        self.body = body
        self.operations = operations
    }

    /// The id of the token binds the answer to one request: an older answer does not fit a newer question.
    func signedText(_ tokenID: String) -> [UInt8] {
        let lines = ["\(status)", tokenID, sha256(body).hex] + (operations.map { ["\($0)"] } ?? [])
        return Array(lines.joined(separator: "\n").utf8)
    }
}

/// Names of the header fields that the protocol adds to HTTP.
public enum HeaderName {
    public static let signature = "tidelock-signature"
    public static let operations = "tidelock-operations"
    /// How many items a list that is usable without them leaves out.
    public static let leftOut = "tidelock-left-out"
}
