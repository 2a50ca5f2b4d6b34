import LuaKernel

/// Text of a Lua file, and the path that errors show for it.
public struct LuaSource: Sendable {
    public var path: String
    public var text: [UInt8]

    public init(path: String, text: [UInt8]) {
        self.path = path
        self.text = text
    }

    public init(path: String, text: String) {
        self.init(path: path, text: Array(text.utf8))
    }
}

/// How much a script may use before it is stopped.
public struct LuaLimits: Sendable {
    /// Bytes of one Lua string, whatever the memory limit is.
    public static let longestString = Int(LK_LONGEST_STRING)

    /// Bytes that Lua may hold. Passing it makes the machine collect; what is still above is stopped.
    public var memory = 64 << 20
    /// Time on the CPU for running a file's top level.
    public var load = Duration.seconds(1)
    /// Time on the CPU for one call, host functions not counted.
    public var cpu = Duration.milliseconds(250)
    /// Added to `cpu` for each document of the call.
    public var cpuPerDocument = Duration.microseconds(50)
    /// Time on the clock, host functions counted.
    public var wall = Duration.seconds(10)

    public init() {}
}

/// A place in a Lua file.
public struct LuaLocation: Sendable, Equatable {
    public var file: String
    public var line: Int

    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }
}

/// One call of a host function by a script.
public struct LuaCall: Sendable {
    public var arguments: [LuaValue]
    /// Whether the top level of a file is running.
    public var isLoading: Bool
    /// Where the script calls from.
    public var location: LuaLocation

    public init(arguments: [LuaValue], isLoading: Bool, location: LuaLocation) {
        self.arguments = arguments
        self.isLoading = isLoading
        self.location = location
    }
}

/// A function that scripts may call.
///
/// Its body runs on the Lua thread and may block it. What it throws becomes a Lua error at the line of the call,
/// with the error's description as its message. The body must not wait for the machine that called it.
public struct LuaHostFunction: Sendable {
    let path: String
    let isAllowedWhileLoading: Bool
    let keepsFunctions: Bool
    let body: @Sendable (LuaCall) throws -> [LuaValue]

    /// - Parameters:
    ///   - path: Where scripts find it, as in `app.storage.find`. It may replace a function of Lua's own library.
    ///   - whileLoading: Whether the top level of a file may call it.
    ///   - keepsFunctions: Whether functions among its arguments can be called once the running load or call has ended,
    ///     until ``LuaMachine/release(_:)``. Not those inside tables, and none when the body throws.
    public init(
        _ path: String, whileLoading: Bool = false, keepsFunctions: Bool = false,
        _ body: @escaping @Sendable (LuaCall) throws -> [LuaValue]
    ) {
        self.path = path
        self.isAllowedWhileLoading = whileLoading
        self.keepsFunctions = keepsFunctions
        self.body = body
    }
}

/// What the scripts of a machine find when they run.
public struct LuaConfiguration: Sendable {
    public var limits: LuaLimits
    public var library: [LuaHostFunction]
    /// Dotted names; tables are frozen.
    public var constants: [LuaField]
    /// What `require` finds, by name.
    public var modules: [String: LuaSource]
    /// Where `null`, `array`, `object`, `decode` and `encode` are.
    public var jsonPath: String

    public init(
        limits: LuaLimits = LuaLimits(), library: [LuaHostFunction] = [], constants: [LuaField] = [],
        modules: [String: LuaSource] = [:], jsonPath: String = "app.json"
    ) {
        self.limits = limits
        self.library = library
        self.constants = constants
        self.modules = modules
        self.jsonPath = jsonPath
    }
}
