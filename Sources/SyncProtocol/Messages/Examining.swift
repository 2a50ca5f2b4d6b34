/// What only an instance itself can tell about whether a run with it could begin. It names no path and no machine.
public struct ConditionAnswer: Codable, Sendable, Equatable {
    /// What the key that signed the request allows here.
    public var key: KeyFacts
    /// Who may write here at the moment; nil when nobody does.
    public var lease: HeldLease?
    public var storage: StorageCondition

    public init(key: KeyFacts, lease: HeldLease?, storage: StorageCondition) {
        self.key = key
        self.lease = lease
        self.storage = storage
    }
}

/// A sync key as its holder may know it.
public struct KeyFacts: Codable, Sendable, Equatable {
    public var rights: [Right]
    /// Kinds that the key is limited to, by name; nil means all.
    public var kinds: [String]?
    /// Unix seconds after which the key counts no longer.
    public var expires: Int64?

    public init(rights: [Right], kinds: [String]? = nil, expires: Int64? = nil) {
        self.rights = rights
        self.kinds = kinds
        self.expires = expires
    }

    public init(_ key: AcceptedKey) {
        self.init(rights: Right.allCases.filter(key.rights.contains), kinds: key.kinds?.sorted(), expires: key.expires)
    }
}

/// A lease, as it is told to somebody who would like to have it.
public struct HeldLease: Codable, Sendable, Equatable {
    /// Name of the instance whose run is at work.
    public var holder: String
    /// Unix seconds.
    public var since: Int64
    /// Unix seconds at which it ends unless it is renewed.
    public var expires: Int64
    /// Whether it belongs to the very instance that is told; its next run takes it over.
    public var isOwn: Bool

    public init(holder: String, since: Int64, expires: Int64, isOwn: Bool) {
        self.holder = holder
        self.since = since
        self.expires = expires
        self.isOwn = isOwn
    }
}

/// How it looks where an instance keeps what it has.
public struct StorageCondition: Codable, Sendable, Equatable {
    /// Bytes that can still be written where the store is.
    public var freeBytes: Int64
    public var uploads: UploadFolder

    public init(freeBytes: Int64, uploads: UploadFolder) {
        self.freeBytes = freeBytes
        self.uploads = uploads
    }
}

/// Whether files can be made in the folder for uploads or, while it is not there, in the nearest one above it.
public enum UploadFolder: String, Codable, Sendable {
    case writable
    /// Its owner or its permissions are in the way.
    case notPermitted = "not_permitted"
    /// Its file system takes no changes.
    case readOnly = "read_only"
    /// No room, or none for this user.
    case full
    case notAFolder = "not_a_folder"
    /// The system refuses in another way.
    case unusable
}
