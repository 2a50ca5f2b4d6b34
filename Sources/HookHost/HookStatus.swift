internal import ContentModel
internal import HookCatalog

/// Which handlers are loaded, and what is wrong with the folder as it is now.
public struct HookStatus: Sendable, Codable, Equatable {
    /// Hash of everything that is loaded; `nil` when nothing could be loaded yet.
    public var generation: String?
    /// Unix seconds.
    public var loadedAt: Int64?
    /// Entry files and modules.
    public var files: [String]
    /// By event, and of each event in the order in which they run.
    public var handlers: [HandlerInfo]
    /// Why the folder's present contents are not what is loaded.
    public var rejected: HookProblem?
}

/// One handler, as `tidelock hooks list` shows it.
public struct HandlerInfo: Sendable, Codable, Equatable {
    public var name: String
    public var event: String
    public var file: String
    public var line: Int
    public var priority: Int
    /// The other options that were given, as they could be written.
    public var options: [String: String]
}

extension HandlerInfo {
    init(_ handler: Handler) {
        name = handler.name
        event = handler.trigger.label
        file = handler.file
        line = handler.line
        priority = handler.options.priority
        var options: [OptionName: String] = [:]
        options[.models] = handler.options.models?.joined(separator: ", ")
        options[.targets] = handler.options.targets?.joined(separator: ", ")
        options[.direction] = handler.options.direction?.rawValue
        options[.onError] = handler.options.onError == .abort ? nil : handler.options.onError.rawValue
        options[.volatile] = handler.isVolatile ? "true" : nil
        options[.timeout] = handler.options.timeout.map { "\($0)" }
        self.options = Dictionary(uniqueKeysWithValues: options.map { ($0.key.rawValue, $0.value) })
    }
}

extension Generation {
    /// All handlers in the order people look for them.
    var handlerInfos: [HandlerInfo] {
        (EventName.allCases.flatMap { handlers(for: $0) } + scheduled.map(\.handler) + routes.map(\.handler))
            .map(HandlerInfo.init)
    }

    var fileNames: [String] { folder.files.map(\.path) }
}
