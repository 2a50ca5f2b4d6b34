/// Why `hooks/` cannot be used: a sentence, and the place in the file that it is about.
public struct HookProblem: Error, Sendable, Codable, Equatable {
    /// As people write it, such as `hooks/10-strip.lua`; `nil` when it is about the whole folder.
    public var file: String?
    public var line: Int?
    public var message: String
    /// The text of the line.
    public var excerpt: String?

    public init(file: String? = nil, line: Int? = nil, _ message: String, excerpt: String? = nil) {
        self.file = file
        self.line = line
        self.message = message
        self.excerpt = excerpt
    }
}

extension HookProblem: CustomStringConvertible {
    /// `hooks/10-strip.lua:3: what is wrong`, with the line below.
    public var description: String {
        let place = file.map { file in line.map { "\(file):\($0): " } ?? "\(file): " } ?? ""
        return place + message + quotation
    }

    private var quotation: String {
        guard let excerpt else { return "" }
        return line.map { "\n    \($0) | \(excerpt)" } ?? "\n    \(excerpt)"
    }
}
