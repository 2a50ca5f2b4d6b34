internal import ContentModel

/// The sync keys that an instance accepts, with what is derived from them.
public struct KeyRing: Sendable {
    struct Entry: Sendable {
        var accepted: AcceptedKey
        var keys: SigningKeys
    }

    private let entries: [Entry]

    public init(_ accepted: [AcceptedKey]) {
        entries = accepted.map { Entry(accepted: $0, keys: SigningKeys($0.key)) }
    }

    /// The key with this id, unless it has expired.
    func entry(_ id: String, at now: Int64) -> Entry? {
        entries.first { $0.keys.id == id && $0.accepted.isValid(at: now) }
    }

    /// The accepted key that somebody presents itself, as the documented check does.
    ///
    /// Hashes of equal length are compared, and all of them, so that the time tells nothing about the keys.
    public func match(_ presented: String, at now: Int64) -> AcceptedKey? {
        let candidate = sha256(Array(presented.utf8))
        var found: AcceptedKey?
        for entry in entries where entry.accepted.isValid(at: now) {
            if isEqualInConstantTime(sha256(Array(entry.accepted.key.secret.utf8)), candidate) {
                found = entry.accepted
            }
        }
        return found
    }
}

/// Compares without stopping at the first difference.
func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}
