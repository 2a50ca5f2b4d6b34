/// What handlers of an event are there for, and so what their failure means.
public enum EventClass: String, Sendable, CaseIterable, Codable {
    /// May refuse. A handler that fails refuses as well.
    case gate
    /// May change what passes. A handler that fails stops what would have passed.
    case filter
    /// Is asked for a verdict; the first one counts. A handler that fails stops what waits for the verdict.
    case decision
    /// Is told afterwards. A handler that fails is reported; nothing is undone.
    case observer
}

/// Which side of a run calls the handlers of an event.
public enum EventPlace: String, Sendable, CaseIterable, Codable {
    case source, initiator, responder, receiver, destination, editor, process

    /// As the reference says it.
    public var summary: String {
        switch self {
        case .source: "where the data is, before it leaves"
        case .initiator: "where the run was started"
        case .responder: "where the run was answered"
        case .receiver: "where the data arrived, when the run was started elsewhere"
        case .destination: "where the data arrives, before it is applied"
        case .editor: "where an item is edited"
        case .process: "in the process that serves"
        }
    }
}

/// A named value: an argument, a field, a result.
public struct ValueDeclaration: Sendable, Equatable {
    public var name: String
    /// As editors for Lua spell it, such as `string` or `table[]`.
    public var type: String
    public var summary: String
    public var isOptional: Bool

    public init(_ name: String, _ type: String, _ summary: String, isOptional: Bool = false) {
        self.name = name
        self.type = type
        self.summary = summary
        self.isOptional = isOptional
    }
}

/// A function that handlers find on `ctx`.
public struct ContextMethod: Sendable, Equatable {
    public var name: String
    public var parameters: [ValueDeclaration]
    public var summary: String

    public init(_ name: String, _ parameters: [ValueDeclaration], _ summary: String) {
        self.name = name
        self.parameters = parameters
        self.summary = summary
    }
}

/// Everything there is to know about an event.
///
/// Dispatch, checks at load time, the reference and the editor types all read this and nothing else.
public struct EventDeclaration: Sendable {
    public var name: EventName
    public var eventClass: EventClass
    public var place: EventPlace
    /// The arguments of a handler, before `ctx`.
    public var arguments: [ValueDeclaration]
    /// The fields of `ctx`.
    public var fields: [ValueDeclaration]
    /// The functions on `ctx`.
    public var methods: [ContextMethod]
    /// What the third argument of `app.on` may hold for this event.
    public var options: [OptionName]
    /// One sentence.
    public var summary: String
}
