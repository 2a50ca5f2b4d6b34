public import ContentModel

/// What the holder of a sync key may do here.
public enum Right: String, Sendable, Codable, CaseIterable {
    /// Ask for the status.
    case read
    /// Send content to this instance.
    case push
    /// Fetch content from this instance.
    case pull
}

/// The right that an endpoint asks for.
public enum Need: Sendable, Equatable {
    /// Any right at all: whoever may push or pull may see the status.
    case read
    case push
    case pull
    /// Push or pull, whichever way the transfer goes.
    case transfer

    /// Whether `rights` are enough.
    public func isMet(by rights: Set<Right>) -> Bool {
        switch self {
        case .read: !rights.isEmpty
        case .push: rights.contains(.push)
        case .pull: rights.contains(.pull)
        case .transfer: rights.contains(.push) || rights.contains(.pull)
        }
    }

    /// What opening a transfer in this direction needs.
    public init(_ direction: Direction) {
        self = direction == .push ? .push : .pull
    }
}

/// What the holder of an API key may do here.
public enum APIKeyRight: String, Sendable, Codable, CaseIterable {
    /// Read what is published, and assets.
    case read
    /// Read, and add and remove assets.
    case write

    public func includes(_ needed: APIKeyRight) -> Bool {
        self == .write || needed == .read
    }
}

/// A sync key that this instance accepts. Several are accepted at once, so that a key can be replaced without
/// refusing a request in between.
public struct AcceptedKey: Sendable, Hashable {
    public var key: SyncKey
    public var rights: Set<Right>
    /// Kinds the holder may move, such as `content/posts`; `nil` means all.
    public var kinds: Set<String>?
    /// Addresses the holder may call from; `nil` means all.
    public var allow: [CIDR]?
    /// Unix seconds after which the key counts no longer.
    public var expires: Int64?

    public init(
        key: SyncKey, rights: Set<Right> = Set(Right.allCases), kinds: Set<String>? = nil, allow: [CIDR]? = nil,
        expires: Int64? = nil
    ) {
        self.key = key
        self.rights = rights
        self.kinds = kinds
        self.allow = allow
        self.expires = expires
    }

    /// Whether the key may be used at this moment.
    public func isValid(at now: Int64) -> Bool {
        expires.map { now < $0 } ?? true
    }

    /// Whether the key may be used from this address. An address that cannot be told is refused where it matters.
    public func admits(_ address: IPAddress?) -> Bool {
        guard let allow else { return true }
        return address.map(allow.contain) ?? false
    }

    /// Refuses a scope that reaches beyond the key's kinds.
    ///
    /// The definitions and singletons of a selected model belong to the selection, as does a project to its
    /// translations; locales only where the key names them. Throws `permission_denied`.
    public func check(_ scope: Scope) throws {
        guard kinds != nil else { return }
        let jobs = scope.effectiveJobs
        // Items are looked up wherever they are named, whatever the jobs are.
        if jobs.contains(.content) || scope.namesContent || scope.itemRule != nil { try checkContent(scope) }
        for kind in try scope.kinds(among: [.assets, .assetFolders, .pages, .menus, .pageSettings, .layoutComponents])
        where kind.kind.job != .content && kind.ids == nil {
            try require(kind.kind.name)
        }
        if jobs.contains(.lokalize) { try checkTranslations(scope.translations?.projects) }
    }

    /// Whether the holder may move items of a model, and so learn about them. The right to move definitions alone is
    /// none to know what they would break.
    public func coversItems(of model: String) -> Bool { allows("content/\(model)") }

    /// Whether the holder may know all items of a kind.
    public func covers(_ kind: Kind) -> Bool { allows(kind.name) }

    /// Whether the holder may know an item. The definition and the singleton of a model belong to its items, a project
    /// to its translations.
    public func covers(_ kind: Kind, _ id: String) -> Bool {
        if covers(kind) { return true }
        switch kind {
        case .models, .singletons: return coversItems(of: id)
        case .translationProjects: return (try? Kind.translations(of: id)).map(covers) ?? false
        default: return false
        }
    }

    /// Whether that holds for every model whose definition the key may move.
    public var coversItemsOfItsModels: Bool { kinds == nil || !allows(Kind.models.name) }

    private func checkContent(_ scope: Scope) throws {
        guard scope.namesContent else {
            throw TidelockError(
                .permissionDenied, "The sync key is limited to some kinds, and the run asks for everything.",
                hint: "Name the models, for example --models posts.")
        }
        for model in scope.models ?? [] where !coversItems(of: model) {
            throw TidelockError(
                .permissionDenied, "The sync key is not allowed to move the model '\(model.printable)'.")
        }
        if scope.locales == true { try require(Kind.locales.name) }
        for (kind, ids) in scope.items ?? [:] where !allows(kind) {
            let belongsToModel = kind == Kind.models.name || kind == Kind.singletons.name
            guard belongsToModel, ids.allSatisfy(coversItems) else { throw refusal(of: kind) }
        }
    }

    private func checkTranslations(_ projects: [String]?) throws {
        guard let projects else {
            throw TidelockError(
                .permissionDenied, "The sync key is limited to some kinds, and the run asks for all translations.",
                hint: "Name the projects.")
        }
        for project in projects { try require(try Kind.translations(of: project).name) }
    }

    /// Compares bytes: a name that only looks like one of the key's is none of them.
    private func allows(_ kind: String) -> Bool {
        kinds?.contains { $0.utf8.elementsEqual(kind.utf8) } ?? true
    }

    private func require(_ kind: String) throws {
        guard allows(kind) else { throw refusal(of: kind) }
    }

    private func refusal(of kind: String) -> TidelockError {
        TidelockError(.permissionDenied, "The sync key is not allowed to move these items of '\(kind.printable)'.")
    }
}
