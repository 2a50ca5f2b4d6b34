public import ContentModel

/// Who asks for what is being done, and from where.
public struct Principal: Sendable, Hashable {
    /// The id of an instance that proved to have a key, the name of a user of this machine, or `apikey:` or `schedule:`
    /// with a name; nil when nobody knows.
    public var id: String?
    /// What people call the instance, or who became that user with sudo, where that is known.
    public var name: String?
    /// The address of the caller, or the name of the machine whose user it is.
    public var address: String?

    public init(id: String? = nil, name: String? = nil, address: String? = nil) {
        self.id = id
        self.name = name
        self.address = address
    }

    /// For whom the present task works. Whoever lets somebody in sets it, and the store writes it down together with
    /// what it changes, so that nothing in between has to hand it on.
    @TaskLocal public static var current = Principal()
}

/// One record of the audit log before it has a number and a time. Never holds a secret or an item's contents.
public struct AuditEntry: Sendable, Equatable {
    public var action: AuditAction
    public var principal: Principal
    /// What it was done to: a target, an item, a key by its name.
    public var target: String?
    public var run: String?
    /// Why it was not done; nil when it was.
    public var failure: ErrorCode?
    /// What else is to be known, in a few words.
    public var note: String?
    public var counts: [String: Int]

    public init(
        _ action: AuditAction, by principal: Principal = .current, target: String? = nil, run: String? = nil,
        failure: ErrorCode? = nil, note: String? = nil, counts: [String: Int] = [:]
    ) {
        self.action = action
        self.principal = principal
        self.target = target
        self.run = run
        self.failure = failure
        self.note = note
        self.counts = counts
    }
}

extension Scope {
    /// What a run moves, in a few words: names of models, and of items only how many.
    public var summary: String {
        var words: [String] = []
        if let models {
            words.append(models.count > 5 ? "\(models.count) models" : models.map(\.printable).joined(separator: ","))
        }
        if items != nil { words.append("\(namedItems) items") }
        if words.isEmpty { words.append("everything") }
        if filter != nil { words.append("filtered") }
        if mode == .mirror { words.append("mirror") }
        switch translationRule {
        case .override: break
        case .missingKeys: words.append("missing keys only")
        case .missingValues: words.append("missing values only")
        }
        return words.joined(separator: " ")
    }
}
