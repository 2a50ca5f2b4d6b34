/// One argument of a call.
public enum LuaArgument: Sendable {
    case value(LuaValue)
    /// All documents of the call as one array.
    case documents
    /// One document, by its position.
    case document(Int)
}

/// Fields and marks that a handler gets as its last argument.
///
/// Each mark is a function: `ctx.drop(item, "why")` does nothing but leave a ``LuaMark``.
public struct LuaContext: Sendable {
    public var fields: [LuaField]
    public var marks: [String]

    public init(fields: [LuaField] = [], marks: [String] = []) {
        self.fields = fields
        self.marks = marks
    }
}

/// A call of a function.
public struct LuaInvocation: Sendable {
    /// JSON objects. What the handler does not touch keeps its bytes.
    public var documents: [[UInt8]]
    /// Whether the documents are known to be JSON without blanks and without two members of one name. Then they are
    /// not read to find out, and ``LuaChange/replaced(_:)`` gives such documents back.
    public var documentsAreValid = false
    /// The member that identifies a document; see ``LuaOutcome/uncertainKeys``.
    public var key: String?
    /// With more documents than this, the function is called several times, each time with so many at most, within the
    /// limits of one call. What Lua keeps of them then stays in the processor's caches.
    public var documentsAtOnce = Int.max
    public var arguments: [LuaArgument]
    public var context: LuaContext?
    /// Instead of the machine's.
    public var limits: LuaLimits?

    /// Without `arguments`, the function gets the documents as one array, if there are any.
    public init(
        documents: [[UInt8]] = [], arguments: [LuaArgument]? = nil, context: LuaContext? = nil,
        limits: LuaLimits? = nil
    ) {
        self.documents = documents
        self.arguments = arguments ?? (documents.isEmpty ? [] : [.documents])
        self.context = context
        self.limits = limits
    }
}

/// What a handler left by calling a function of its context.
public struct LuaMark: Sendable, Equatable {
    public var name: String
    /// The document that was an argument, or that an argument is part of.
    public var document: Int?
    /// The other arguments.
    public var values: [LuaValue]

    public init(name: String, document: Int? = nil, values: [LuaValue] = []) {
        self.name = name
        self.document = document
        self.values = values
    }
}

/// What became of one document.
public enum LuaChange: Sendable, Equatable {
    case unchanged
    case replaced([UInt8])
}

/// How a call went that ended by itself.
public struct LuaOutcome: Sendable {
    /// The first result; `.nil` when there is none.
    public var returned: LuaValue
    public var returnedCount: Int
    public var marks: [LuaMark]
    /// One for each document, in the order given.
    public var changes: [LuaChange]
    /// Positions of the replaced documents whose ``LuaInvocation/key`` may be another than before; the others kept it.
    /// `nil` when no key was named.
    public var uncertainKeys: Set<Int>?
    /// Whether the handler added, removed or moved elements of the array of documents itself.
    public var listChanged: Bool
    public var usage: LuaUsage
}

/// What a call used.
public struct LuaUsage: Sendable {
    /// Host functions not counted.
    public var cpu: Duration
    public var wall: Duration
    /// Bytes that Lua held at most.
    public var peakMemory: Int
}
