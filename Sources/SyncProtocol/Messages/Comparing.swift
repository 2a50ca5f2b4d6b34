public import ContentModel

/// Asks an instance what it holds of the caller. It changes nothing there and takes no lease.
public struct ReadHeld: Codable, Sendable {
    public var scope: Scope
    /// Kinds the caller has, by name: the answer speaks of those too.
    public var kinds: [String]
    /// Masks the roots of the answer.
    public var nonce: String

    public init(scope: Scope, kinds: [String], nonce: String) {
        self.scope = scope
        self.kinds = kinds
        self.nonce = nonce
    }
}
