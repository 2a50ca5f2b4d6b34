/// A named remote instance that this one may exchange content with.
public struct Target: Sendable, Hashable {
    public var name: String
    public var uri: String
    public var key: SyncKey
    public var allowsPush: Bool
    public var allowsPull: Bool

    public init(name: String, uri: String, key: SyncKey, allowsPush: Bool = true, allowsPull: Bool = true) {
        self.name = name
        self.uri = uri
        self.key = key
        self.allowsPush = allowsPush
        self.allowsPull = allowsPull
    }

    public func allows(_ direction: Direction) -> Bool {
        direction == .push ? allowsPush : allowsPull
    }
}

/// Which way content moves, seen from the instance that started the run.
public enum Direction: String, Sendable, Codable {
    case push, pull
}

/// A sync key. Printing or interpolating one never shows it.
public struct SyncKey: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The key itself; only signing and the documented check may ask for it.
    public let secret: String

    public static let minimumLength = 20

    public init(_ secret: String) throws {
        guard secret.count >= SyncKey.minimumLength else {
            throw TidelockError(
                .badSetting,
                "A sync key has at least \(SyncKey.minimumLength) characters; this one has \(secret.count).",
                hint: "'tidelock keys generate' makes one.")
        }
        self.secret = secret
    }

    public var description: String { "***" }
    public var debugDescription: String { "***" }
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}

/// Who an instance is: the id never changes, the name is for people.
public struct InstanceIdentity: Sendable, Codable, Hashable {
    public var id: String
    public var name: String

    public init(id: String, name: String) {
        self.id = id
        self.name = name
    }
}

extension TidelockError {
    /// Two stores with one identity cannot tell their rows apart.
    public static func sameInstance(_ identity: InstanceIdentity) -> TidelockError {
        TidelockError(
            .sameInstance, "Both sides are the same instance (\(identity.id)).",
            hint: "If one is a copy of the other's folder, run 'tidelock init --new-identity' in the copy.")
    }
}
