public import ContentModel
public import SyncProtocol

/// The keys that let applications in.
public protocol APIKeyVerifier: Sendable {
    /// Whose key it is; nil for a key that was never given out. Must take the same time for every wrong key.
    func holder(of key: String) async throws -> APIKeyHolder?
}

/// An application that has an API key.
public struct APIKeyHolder: Sendable, Equatable {
    /// What the key was made for.
    public var name: String
    public var right: APIKeyRight

    public init(name: String, right: APIKeyRight) {
        self.name = name
        self.right = right
    }
}

/// Reads content for applications: published items only (`_state` is 1 or absent).
///
/// Every answer shows one moment of the store, never the middle of a commit.
public protocol ContentReader: Sendable {
    /// Items of a collection or tree in a stable order; nil when there is no such model.
    func items(model: String, limit: Int, skip: Int) async throws -> ContentPage?

    /// One item, or the singleton called `model` when `id` is nil; nil when there is none that is published.
    func item(model: String, id: String?) async throws -> JSONDocument?

    /// Items of a kind in a stable order. Throws `too_large` for more than fit one answer.
    func published(_ kind: Kind, limit: Int, skip: Int) async throws -> ContentPage

    /// One item of a kind; nil when there is none that is published.
    func published(_ kind: Kind, id: String) async throws -> JSONDocument?

    /// All published pages, as far as their addresses go. Throws `too_large` when there are more than `limit`.
    func pageTree(limit: Int) async throws -> [PageNode]

    /// The values of a project's keys, by key and then by locale, or of one locale by key; nil when there is no such
    /// project. Throws `too_large` where they do not fit one answer.
    func translations(of project: String, locale: String?) async throws -> JSONDocument?
}

/// Some items of a kind.
public struct ContentPage: Sendable {
    public var items: [JSONDocument]
    /// How many published items of the kind there are altogether.
    public var total: Int

    public init(items: [JSONDocument], total: Int) {
        self.items = items
        self.total = total
    }
}

/// Where it is written down who did what, for good.
public protocol AuditLog: Sendable {
    /// Adds a record, with the present time. Calling it twice adds two.
    func append(_ entry: AuditEntry) async throws
}

/// What an instance finds out about itself, for those who want to know why a run would not begin.
public protocol ConditionReader: Sendable {
    /// Changes nothing, however often it is called.
    ///
    /// - Parameter caller: instance id of whoever is told
    func condition(for caller: String) async throws -> InstanceCondition
}

/// What stands in the way of runs at an instance.
public struct InstanceCondition: Sendable, Equatable {
    /// Who may write there at the moment; nil when nobody does.
    public var lease: HeldLease?
    public var storage: StorageCondition

    public init(lease: HeldLease?, storage: StorageCondition) {
        self.lease = lease
        self.storage = storage
    }
}
