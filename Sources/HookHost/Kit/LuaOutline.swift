/// What a Lua text reads, assigns and calls by name, with every name resolved to its variable.
struct LuaOutline {
    /// What a name stands for.
    enum Root: Hashable {
        case global(String)
        /// By its number among the local variables of the text.
        case local(Int)
    }

    /// A name, and the members behind it, as in `app.http.get`.
    struct Use {
        enum Manner {
            /// Its value is taken.
            case read
            /// It is asked whether it is there, as in `if app.log then`.
            case tested
            case called
            /// A member that is worked out is taken, or a method is called: `app:log()`.
            case indexed(method: String?)
            case assigned
        }

        var root: Root
        var members: [String]
        var manner: Manner
        var line: Int
    }

    /// A function that a text hands to `app.on` with a literal name of an event.
    struct Registration {
        var event: String
        /// Its parameters, as local variables; empty when it takes any number of arguments.
        var parameters: [Int]
        /// The local variable that holds the function, if it has a name.
        var function: Int?
    }

    var uses: [Use] = []
    var registrations: [Registration] = []
    /// Of all local variables, for suggestions.
    var localNames: Set<String> = []

    /// Reads a text; nil when it is no Lua.
    init?(_ text: [UInt8]) {
        guard let tokens = try? LuaLexer.tokens(of: text) else { return nil }
        var parser = LuaOutlineParser(tokens)
        do {
            try parser.chunk()
        } catch {
            return nil
        }
        self = parser.outline
    }

    init() {}
}
