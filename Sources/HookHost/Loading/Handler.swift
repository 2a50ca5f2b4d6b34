internal import ContentModel
internal import HookCatalog
internal import SyncEngine

/// A function that a file registered, without the function itself.
///
/// Every machine that loads the same files has its own functions, in the same order; `position` finds them.
struct Handler: Sendable, Equatable {
    /// The how-manieth registration of all files this is.
    var position: Int
    var trigger: Trigger
    var name: String
    var options: HandlerOptions
    /// The entry file whose loading registered it.
    var entry: String
    /// Where it was registered.
    var file: String
    var line: Int

    var isVolatile: Bool { options.isVolatile }

    /// The order in which the handlers of an event run: priority, then path, then registration.
    static func runsBefore(_ left: Handler, _ right: Handler) -> Bool {
        if left.options.priority != right.options.priority { return left.options.priority > right.options.priority }
        return left.position < right.position
    }
}

/// What the options of a registration said.
struct HandlerOptions: Sendable, Equatable {
    enum ErrorPolicy: String, Sendable, CaseIterable {
        case abort
        case skipItem = "skip_item"
    }

    var name: String?
    var priority = 0
    var models: [String]?
    var targets: [String]?
    var direction: Direction?
    var onError = ErrorPolicy.abort
    var isVolatile = false
    var timeout: Duration?
}

extension HandlerOptions {
    /// Whether a handler is for runs with this target and direction.
    func match(target: String?, direction: Direction?) -> Bool {
        if let targets, let target, !targets.contains(target) { return false }
        if let wanted = self.direction, let direction, wanted != direction { return false }
        return true
    }

    /// Whether a handler is for items of this kind. Singletons are told apart one by one.
    func match(_ kind: Kind?) -> Bool {
        guard let models, let model = kind?.model else { return true }
        return models.contains(model)
    }

    /// Whether a handler that matches a kind may be for some of its items only.
    func tellsItemsApart(of kind: Kind?) -> Bool { models != nil && kind == .singletons }

    /// Whether a handler is for this very item of a kind that it matches.
    func match(_ item: JSONDocument, of kind: Kind?) -> Bool {
        guard let models, tellsItemsApart(of: kind) else { return true }
        return item.string(Kind.singletons.keyMember).map(models.contains) ?? false
    }
}
