/// Why a machine could not be made, a file not loaded or a call not finished.
public struct LuaError: Error, Sendable {
    public enum Kind: Sendable {
        /// The text is no Lua.
        case syntax
        /// The script raised an error.
        case runtime
        case cpuLimit
        case wallLimit
        case memoryLimit
        /// The file is compiled code, which is never loaded.
        case binaryChunk
        /// A document cannot be read, or what the script made of it cannot be written.
        case invalidDocument
        /// A host function threw and the script let the error pass.
        case host
        /// The machine cannot be used like that.
        case misuse
    }

    public var kind: Kind
    /// Without the place.
    public var message: String
    public var location: LuaLocation?
    /// The line of source at `location`.
    public var excerpt: String?
    public var traceback: String
    /// The document at fault, when it is about one.
    public var document: Int?
    /// What the host function threw.
    public var underlying: (any Error)?
    /// What was used until then, when something ran.
    public var usage: LuaUsage?

    public init(
        kind: Kind, message: String, location: LuaLocation? = nil, excerpt: String? = nil, traceback: String = "",
        document: Int? = nil, underlying: (any Error)? = nil, usage: LuaUsage? = nil
    ) {
        self.kind = kind
        self.message = message
        self.location = location
        self.excerpt = excerpt
        self.traceback = traceback
        self.document = document
        self.underlying = underlying
        self.usage = usage
    }
}

extension LuaError: CustomStringConvertible {
    public var description: String {
        guard let location else { return message }
        return "\(location.file):\(location.line): \(message)"
    }
}
