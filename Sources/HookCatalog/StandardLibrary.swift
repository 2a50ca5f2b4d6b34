/// The globals that every file finds besides `app`: Lua's own library, without what reaches outside of the machine.
///
/// A test compares this with what a machine really offers.
public enum StandardLibrary {
    public static let functions: Set<String> = [
        "assert", "collectgarbage", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget",
        "rawlen", "rawset", "require", "select", "setmetatable", "tonumber", "tostring", "type", "xpcall",
    ]
    public static let tables: Set<String> = ["coroutine", "math", "os", "string", "table", "utf8"]
    public static let values: Set<String> = ["_G", "_VERSION"]

    public static var names: Set<String> { functions.union(tables).union(values) }

    /// What people know from other hosts, and what to write instead.
    public static let absent: [String: String] = [
        "print": "app.log(message) writes a line into the log",
        "io": "files cannot be reached; app.storage and app.kv keep what must last",
        "debug": "there is no debug library; error messages name file and line",
        "package": "modules are files in hooks/lib/",
        "load": "text cannot be run; use functions or modules", "loadstring": "text cannot be run; use functions",
        "dofile": "use require", "loadfile": "use require", "module": "return a table from the file instead",
        "unpack": "Lua 5.4 calls it table.unpack", "setfenv": "Lua 5.4 has none", "getfenv": "Lua 5.4 has none",
    ]
}

extension HostFunction {
    /// What scripts find in `app`, by its path: `app.http.get`, and the tables it is in, `app.http`.
    public static let paths: Set<String> = {
        var paths: Set<String> = [configuration, jsonPrefix + ".null"]
        for function in allCases { paths.insert(function.rawValue) }
        for path in paths {
            var parts = path.split(separator: ".").dropLast()
            while !parts.isEmpty {
                paths.insert(parts.joined(separator: "."))
                parts.removeLast()
            }
        }
        return paths
    }()
}
