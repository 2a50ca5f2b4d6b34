/// Reads Lua 5.4 (https://www.lua.org/manual/5.4/manual.html#9) just closely enough to know which names mean which
/// variables.
struct LuaOutlineParser {
    typealias Unreadable = LuaLexer.Unreadable

    var outline = LuaOutline()
    let tokens: [LuaToken]
    var position = 0
    private var scopes: [[String: Int]] = [[:]]
    private var locals = 0
    private var depth = 0
    /// Parameters of functions that a local variable holds, by the variable.
    var functions: [Int: [Int]] = [:]

    /// More than Lua's own compiler accepts.
    private static let deepest = 250

    init(_ tokens: [LuaToken]) {
        self.tokens = tokens
    }

    mutating func chunk() throws(Unreadable) {
        try block()
        guard token.isEnd else { throw Unreadable() }
    }
}

// MARK: - Words

extension LuaOutlineParser {
    var token: LuaToken { tokens[min(position, tokens.count - 1)] }
    func token(after count: Int) -> LuaToken { tokens[min(position + count, tokens.count - 1)] }

    mutating func take(symbol: String) -> Bool {
        guard token.isSymbol(symbol) else { return false }
        position += 1
        return true
    }

    mutating func take(keyword: String) -> Bool {
        guard token.isKeyword(keyword) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ text: String) throws(Unreadable) {
        guard take(symbol: text) || take(keyword: text) else { throw Unreadable() }
    }

    mutating func name() throws(Unreadable) -> String {
        guard token.isName else { throw Unreadable() }
        defer { position += 1 }
        return token.text
    }

    mutating func nested(_ body: (inout LuaOutlineParser) throws(Unreadable) -> Void) throws(Unreadable) {
        depth += 1
        guard depth < Self.deepest else { throw Unreadable() }
        try body(&self)
        depth -= 1
    }
}

// MARK: - Variables

extension LuaOutlineParser {
    mutating func declare(_ name: String) -> Int {
        locals += 1
        scopes[scopes.count - 1][name] = locals
        outline.localNames.insert(name)
        return locals
    }

    func root(_ name: String) -> LuaOutline.Root {
        for scope in scopes.reversed() {
            if let local = scope[name] { return .local(local) }
        }
        return .global(name)
    }

    mutating func scoped(_ body: (inout LuaOutlineParser) throws(Unreadable) -> Void) throws(Unreadable) {
        scopes.append([:])
        try nested(body)
        scopes.removeLast()
    }
}

// MARK: - Statements

extension LuaOutlineParser {
    private static let blockEnds: Set<String> = ["end", "else", "elseif", "until"]

    private var isBlockEnd: Bool {
        token.isEnd || Self.blockEnds.contains(token.text) && token.isKeyword(token.text)
    }

    mutating func block() throws(Unreadable) {
        while !isBlockEnd {
            if take(keyword: "return") {
                if !isBlockEnd, !token.isSymbol(";") { try expressions() }
                _ = take(symbol: ";")
                return
            }
            try statement()
        }
    }

    mutating func statement() throws(Unreadable) {
        if take(symbol: ";") || take(keyword: "break") { return }
        if take(symbol: "::") {
            _ = try name()
            return try expect("::")
        }
        guard case .keyword = token.kind else { return try expressionStatement() }
        switch token.text {
        case "if": try ifStatement()
        case "while":
            position += 1
            try expression()
            try expect("do")
            try scoped { parser throws(Unreadable) in try parser.block() }
            try expect("end")
        case "do":
            position += 1
            try scoped { parser throws(Unreadable) in try parser.block() }
            try expect("end")
        case "for": try forStatement()
        case "repeat":
            position += 1
            // The condition sees the variables of the block.
            try scoped { parser throws(Unreadable) in
                try parser.block()
                try parser.expect("until")
                try parser.expression()
            }
        case "function": try functionStatement()
        case "local":
            position += 1
            if take(keyword: "function") { try localFunction() } else { try localVariables() }
        case "goto":
            position += 1
            _ = try name()
        default: throw Unreadable()
        }
    }

    mutating func ifStatement() throws(Unreadable) {
        position += 1
        try expression()
        try expect("then")
        try scoped { parser throws(Unreadable) in try parser.block() }
        while take(keyword: "elseif") {
            try expression()
            try expect("then")
            try scoped { parser throws(Unreadable) in try parser.block() }
        }
        if take(keyword: "else") { try scoped { parser throws(Unreadable) in try parser.block() } }
        try expect("end")
    }

    mutating func forStatement() throws(Unreadable) {
        position += 1
        var names = [try name()]
        while take(symbol: ",") { names.append(try name()) }
        guard take(symbol: "=") || take(keyword: "in") else { throw Unreadable() }
        try expressions()
        try expect("do")
        try scoped { parser throws(Unreadable) in
            for name in names { _ = parser.declare(name) }
            try parser.block()
        }
        try expect("end")
    }

    mutating func functionStatement() throws(Unreadable) {
        position += 1
        let line = token.line
        let root = root(try name())
        var members: [String] = []
        var isMethod = false
        while !isMethod, token.isSymbol(".") || token.isSymbol(":") {
            isMethod = token.isSymbol(":")
            position += 1
            members.append(try name())
        }
        outline.uses.append(LuaOutline.Use(root: root, members: members, manner: .assigned, line: line))
        _ = try functionBody(isMethod: isMethod)
    }

    mutating func localFunction() throws(Unreadable) {
        let variable = declare(try name())
        functions[variable] = try functionBody(isMethod: false)
    }

    mutating func localVariables() throws(Unreadable) {
        var names: [String] = []
        repeat {
            names.append(try name())
            if take(symbol: "<") {
                _ = try name()
                try expect(">")
            }
        } while take(symbol: ",")
        var parameters: [Int]?
        if take(symbol: "=") {
            if names.count == 1, token.isKeyword("function") {
                position += 1
                parameters = try functionBody(isMethod: false)
                try continuation()
                while take(symbol: ",") { try expression() }
            } else {
                try expressions()
            }
        }
        // Only now: what the variables are given was worked out without them.
        let variables = names.map { declare($0) }
        if let parameters { functions[variables[0]] = parameters }
    }

    mutating func expressionStatement() throws(Unreadable) {
        var targets = [try suffixed()]
        guard token.isSymbol("=") || token.isSymbol(",") else { return finish(targets[0]) }
        while take(symbol: ",") { targets.append(try suffixed()) }
        try expect("=")
        for target in targets { finish(target, as: .assigned) }
        try expressions()
    }

    /// The parameters, or none where there may be any number.
    mutating func functionBody(isMethod: Bool) throws(Unreadable) -> [Int] {
        var parameters: [Int] = []
        var takesMore = isMethod
        try expect("(")
        try scoped { parser throws(Unreadable) in
            if isMethod { _ = parser.declare("self") }
            while !parser.token.isSymbol(")") {
                if parser.take(symbol: "...") {
                    takesMore = true
                } else {
                    parameters.append(parser.declare(try parser.name()))
                }
                guard parser.take(symbol: ",") || parser.token.isSymbol(")") else { throw Unreadable() }
            }
            try parser.expect(")")
            try parser.block()
            try parser.expect("end")
        }
        return takesMore ? [] : parameters
    }
}
