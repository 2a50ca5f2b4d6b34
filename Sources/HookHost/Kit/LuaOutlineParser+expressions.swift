extension LuaOutlineParser {
    private static let unary: Set<String> = ["-", "#", "~"]
    private static let binary: Set<String> = [
        "+", "-", "*", "/", "//", "%", "^", "..", "<", "<=", ">", ">=", "==", "~=", "&", "|", "~", "<<", ">>",
    ]
    private static let tests: Set<String> = ["and", "or", "not", "if", "elseif", "while", "until", "then", "==", "~="]

    mutating func expressions() throws(Unreadable) {
        repeat { try expression() } while take(symbol: ",")
    }

    /// Operators in a row: which of them binds closer makes no difference to the names.
    mutating func expression() throws(Unreadable) {
        try nested { parser throws(Unreadable) in
            try parser.operand()
            try parser.continuation()
        }
    }

    mutating func continuation() throws(Unreadable) {
        while isBinary {
            position += 1
            try operand()
        }
    }

    private var isBinary: Bool {
        switch token.kind {
        case .symbol: Self.binary.contains(token.text)
        case .keyword: token.text == "and" || token.text == "or"
        default: false
        }
    }

    mutating func operand() throws(Unreadable) {
        while token.isKeyword("not") || Self.unary.contains(token.text) && token.isSymbol(token.text) { position += 1 }
        switch token.kind {
        case .number, .string: position += 1
        case .keyword:
            switch token.text {
            case "nil", "true", "false": position += 1
            case "function":
                position += 1
                _ = try functionBody(isMethod: false)
            default: throw Unreadable()
            }
        case .symbol where token.text == "...": position += 1
        case .symbol where token.text == "{": try tableConstructor()
        default: finish(try suffixed())
        }
    }

    mutating func tableConstructor() throws(Unreadable) {
        try expect("{")
        while !token.isSymbol("}") {
            if take(symbol: "[") {
                try expression()
                try expect("]")
                try expect("=")
            } else if token.isName, token(after: 1).isSymbol("=") {
                position += 2
            }
            try expression()
            guard take(symbol: ",") || take(symbol: ";") || token.isSymbol("}") else { throw Unreadable() }
        }
        try expect("}")
    }

    /// A name or an expression in parentheses, and what stands behind it. What it means is known once it ends.
    struct Suffixed {
        /// Nil when it was told already: behind a call the name says nothing any more.
        var use: LuaOutline.Use?
        var start: Int
    }

    mutating func suffixed() throws(Unreadable) -> Suffixed {
        var suffixed = Suffixed(use: nil, start: position)
        if take(symbol: "(") {
            try expression()
            try expect(")")
        } else {
            let line = token.line
            let root = root(try name())
            suffixed.use = LuaOutline.Use(root: root, members: [], manner: .read, line: line)
        }
        while try suffix(&suffixed) {}
        return suffixed
    }

    /// Takes one more part; false when there is none.
    mutating func suffix(_ suffixed: inout Suffixed) throws(Unreadable) -> Bool {
        if case .string = token.kind {
            tell(&suffixed, .called)
            position += 1
            return true
        }
        guard case .symbol = token.kind else { return false }
        switch token.text {
        case ".":
            position += 1
            let line = token.line
            let member = try name()
            suffixed.use?.members.append(member)
            suffixed.use?.line = line
        case "[":
            if let member = token(after: 1).literal, token(after: 2).isSymbol("]") {
                position += 3
                suffixed.use?.members.append(member)
            } else {
                tell(&suffixed, .indexed(method: nil))
                position += 1
                try expression()
                try expect("]")
            }
        case ":":
            position += 1
            let method = try name()
            tell(&suffixed, .indexed(method: method))
            try arguments(isRegistration: false)
        case "(", "{":
            let isRegistration = suffixed.use.map { $0.root == .global("app") && $0.members == ["on"] } ?? false
            tell(&suffixed, .called)
            try arguments(isRegistration: isRegistration)
        default: return false
        }
        return true
    }

    mutating func tell(_ suffixed: inout Suffixed, _ manner: LuaOutline.Use.Manner) {
        guard var use = suffixed.use else { return }
        use.manner = manner
        outline.uses.append(use)
        suffixed.use = nil
    }

    /// Tells what became of a name that nothing more stands behind.
    mutating func finish(_ suffixed: Suffixed, as manner: LuaOutline.Use.Manner = .read) {
        var suffixed = suffixed
        var manner = manner
        let before = suffixed.start > 0 ? tokens[suffixed.start - 1].text : ""
        let isTyped = before == "(" && suffixed.start > 1 && tokens[suffixed.start - 2].text == "type"
        if case .read = manner, isTyped || Self.tests.contains(before) || Self.tests.contains(token.text) {
            manner = .tested
        }
        tell(&suffixed, manner)
    }

    mutating func arguments(isRegistration: Bool) throws(Unreadable) {
        if case .string = token.kind {
            position += 1
        } else if token.isSymbol("{") {
            try tableConstructor()
        } else {
            try expect("(")
            if isRegistration { try handler() }
            if !token.isSymbol(")") { try expressions() }
            try expect(")")
        }
    }

    /// `"event", function(items, ctx) … end`, or the name of a local function instead.
    mutating func handler() throws(Unreadable) {
        guard let event = token.literal, token(after: 1).isSymbol(",") else { return }
        let body = token(after: 2)
        if body.isKeyword("function") {
            position += 3
            let parameters = try functionBody(isMethod: false)
            outline.registrations.append(LuaOutline.Registration(event: event, parameters: parameters))
            guard take(symbol: ",") || token.isSymbol(")") else { throw Unreadable() }
        } else if body.isName, token(after: 3).isSymbol(",") || token(after: 3).isSymbol(")"),
            case .local(let variable) = root(body.text), let parameters = functions[variable]
        {
            outline.registrations.append(
                LuaOutline.Registration(event: event, parameters: parameters, function: variable))
        }
    }
}
