/// The tables that declarations of events and functions mention by name.
public enum NamedType: String, Sendable, CaseIterable {
    // what handlers are given
    case item = "Item"
    case target = "Target"
    case origin = "Origin"
    case failure = "Failure"
    case job = "Job"
    case plan = "Plan"
    case kindPlan = "KindPlan"
    case conflict = "Conflict"
    case request = "Request"
    case routeRequest = "RouteRequest"
    case processInfo = "ProcessInfo"
    case taskContext = "TaskContext"
    case routeContext = "RouteContext"
    // what functions take
    case options = "Options"
    case taskOptions = "TaskOptions"
    case routeOptions = "RouteOptions"
    case logOptions = "LogOptions"
    case findOptions = "FindOptions"
    case httpOptions = "HTTPOptions"
    case mailOptions = "MailOptions"
    case attachment = "Attachment"
    case searchOptions = "SearchOptions"
    case runOptions = "RunOptions"
    case itemRequest = "ItemRequest"
    // what functions answer
    case user = "User"
    case httpResponse = "HTTPResponse"
    case searchResult = "SearchResult"
    case searchHit = "SearchHit"
    case runResult = "RunResult"
    case checkResult = "CheckResult"
    case syncStatus = "SyncStatus"
    case secret = "Secret"
}

/// Everything there is to know about a table that declarations mention.
public struct TypeDeclaration: Sendable {
    /// One sentence.
    public var summary: String
    public var fields: [ValueDeclaration]
    /// Whether it may have fields besides these.
    public var isOpen: Bool

    init(_ summary: String, isOpen: Bool = false, _ fields: [ValueDeclaration] = []) {
        self.summary = summary
        self.fields = fields
        self.isOpen = isOpen
    }
}

extension ValueDeclaration {
    /// The names of tables in the type, such as `Item` in `"source"|Item[]`.
    public var namedTypes: [String] { TypeExpression(type).names }
}

/// A type as editors for Lua spell it.
public struct TypeExpression: Sendable {
    public var text: String

    public init(_ text: String) {
        self.text = text
    }

    /// Words outside of quotes that begin with a capital.
    public var names: [String] {
        parts.filter(\.isName).map(\.text)
    }

    /// The text with each name replaced.
    public func replacingNames(_ replacement: (String) -> String) -> String {
        parts.map { $0.isName ? replacement($0.text) : $0.text }.joined()
    }

    /// The words Lua itself has for types.
    public static let primitives: Set<String> = [
        "any", "nil", "boolean", "number", "integer", "string", "table", "function", "fun",
    ]

    /// Words outside of quotes that begin with a small letter and are no names of parameters.
    public var primitives: [String] {
        let parts = parts
        return parts.indices.filter { index in
            let next = parts.indices.contains(index + 1) ? parts[index + 1].text : ""
            return parts[index].text.first.map { $0.isLowercase } ?? false && next != ":" && next != "?"
        }.map { parts[$0].text }
    }

    private struct Part {
        var text: String
        var isName: Bool { text.first.map { $0.isUppercase } ?? false }
    }

    /// Words, texts in quotes, and what stands between them.
    private var parts: [Part] {
        var parts: [Part] = []
        var rest = Substring(text)
        while let first = rest.first {
            let length: Int
            if first == "\"" {
                let end = rest.dropFirst().firstIndex(of: "\"")
                length = end.map { rest.distance(from: rest.startIndex, to: $0) + 1 } ?? rest.count
            } else if first.isLetter {
                length = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }.count
            } else {
                length = 1
            }
            parts.append(Part(text: String(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return parts
    }
}
