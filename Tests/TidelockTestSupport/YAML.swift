/// What a YAML file says, as far as CI files need it: maps and lists in blocks, texts on one line, quoted or not, lists
/// of texts in brackets, and literal blocks.
///
/// Everything else is refused, so that no file passes a test by saying something else than the test understood. All
/// texts are taken as they stand: `true`, `1` and nothing at all are texts as well.
public enum YAML: Sendable, Equatable {
    case text(String)
    case list([YAML])
    case map([String: YAML])

    /// Throws `YAMLProblem`.
    public init(_ text: String) throws {
        var reader = YAMLReader(text)
        self = try reader.document()
    }

    public var text: String? { if case .text(let text) = self { text } else { nil } }

    /// Nothing for what is no list.
    public var elements: [YAML] { if case .list(let elements) = self { elements } else { [] } }

    /// Nothing for what is no map.
    public var members: [String: YAML] { if case .map(let members) = self { members } else { [:] } }

    public subscript(key: String) -> YAML? { members[key] }
}

/// A line that the reader does not understand.
public struct YAMLProblem: Error, CustomStringConvertible {
    public var line: Int
    public var description: String

    init(_ line: Int, _ what: String) {
        self.line = line
        description = "line \(line): \(what)"
    }
}

private struct YAMLReader {
    /// What stands on one line; `indent` is 0 and `text` empty where that is nothing.
    private struct Line {
        var number: Int
        var indent: Int
        var text: Substring
        /// The line as it is, for literal blocks.
        var raw: Substring
    }

    private var lines: [Line]
    private var position = 0

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { number, raw in
            let text = raw.drop { $0 == " " }
            return Line(number: number + 1, indent: raw.count - text.count, text: text, raw: raw)
        }
    }

    mutating func document() throws -> YAML {
        let value = try block(from: 0)
        if let line = try next() { throw YAMLProblem(line.number, "it belongs to nothing before it") }
        return value
    }

    /// The next line that says something, without its comment; it stays the next one.
    private mutating func next() throws -> Line? {
        while position < lines.count {
            var line = lines[position]
            if !line.text.isEmpty, !line.text.hasPrefix("#") {
                line.text = try withoutComment(line)
                return line
            }
            position += 1
        }
        return nil
    }

    private func withoutComment(_ line: Line) throws -> Substring {
        guard !line.text.contains("\t") else { throw YAMLProblem(line.number, "it has a tab") }
        guard let mark = line.text.firstRange(of: " #") else { return trimmed(line.text) }
        let before = line.text[..<mark.lowerBound]
        // Inside quotes it would be no comment; whoever needs that teaches it to this reader.
        guard before.count(where: { $0 == "\"" }).isMultiple(of: 2),
            before.count(where: { $0 == "'" }).isMultiple(of: 2)
        else { throw YAMLProblem(line.number, "it has a quote before a '#'") }
        return trimmed(before)
    }

    private func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.last == " " { text.removeLast() }
        return text
    }

    /// A map or a list whose lines are indented by so much at least; an empty text where there is neither.
    private mutating func block(from indent: Int) throws -> YAML {
        guard let line = try next(), line.indent >= indent else { return .text("") }
        return isElement(line) ? try list(at: line.indent) : try map(at: line.indent)
    }

    private func isElement(_ line: Line) -> Bool { line.text == "-" || line.text.hasPrefix("- ") }

    private mutating func map(at indent: Int) throws -> YAML {
        var members: [String: YAML] = [:]
        while let line = try next(), line.indent >= indent {
            guard line.indent == indent, let (key, rest) = member(line.text) else {
                throw YAMLProblem(line.number, "a member is expected, indented by \(indent)")
            }
            guard members[key] == nil else { throw YAMLProblem(line.number, "'\(key)' is there twice") }
            position += 1
            members[key] =
                switch rest {
                case "": try block(from: indent + 1)
                case "|": try literal(below: indent)
                default: try scalar(rest, line.number)
                }
        }
        return .map(members)
    }

    private mutating func list(at indent: Int) throws -> YAML {
        var elements: [YAML] = []
        while let line = try next(), line.indent >= indent {
            guard line.indent == indent, isElement(line) else {
                throw YAMLProblem(line.number, "an element is expected, indented by \(indent)")
            }
            let content = line.text.dropFirst().drop { $0 == " " }
            guard member(content) != nil else {
                position += 1
                elements.append(try scalar(content, line.number))
                continue
            }
            // A map that begins behind the dash goes on below, where its first member stands.
            lines[position].indent = indent + line.text.count - content.count
            lines[position].text = content
            elements.append(try map(at: lines[position].indent))
        }
        return .list(elements)
    }

    /// The lines below, up to the first that is not indented more; comments are no comments there.
    private mutating func literal(below indent: Int) throws -> YAML {
        var texts: [Substring] = []
        var margin: Int?
        while position < lines.count {
            let line = lines[position]
            guard line.text.isEmpty || line.indent > indent else { break }
            position += 1
            if !line.text.isEmpty { margin = margin ?? line.indent }
            guard line.text.isEmpty || line.indent >= margin ?? 0 else {
                throw YAMLProblem(line.number, "it is indented less than the beginning of its block")
            }
            texts.append(line.text.isEmpty ? "" : line.raw.dropFirst(margin ?? 0))
        }
        while texts.last?.isEmpty == true { texts.removeLast() }
        return .text(texts.map { $0 + "\n" }.joined())
    }

    /// `key: rest`, where that is what the text says.
    private func member(_ text: Substring) -> (key: String, rest: Substring)? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let (key, rest) = (text[..<colon], text[text.index(after: colon)...])
        guard !key.isEmpty, key.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }),
            rest.isEmpty || rest.hasPrefix(" ")
        else { return nil }
        return (String(key), rest.drop { $0 == " " })
    }

    private func scalar(_ text: Substring, _ line: Int) throws -> YAML {
        guard let first = text.first else { throw YAMLProblem(line, "an empty element") }
        switch first {
        case "\"", "'":
            let inner = text.dropFirst().dropLast()
            guard text.count > 1, text.last == first, !inner.contains(first), !inner.contains("\\") else {
                throw YAMLProblem(line, "a quoted text ends elsewhere, or has something escaped")
            }
            return .text(String(inner))
        case "[":
            let inner = text.dropFirst().dropLast()
            guard text.last == "]", !inner.contains(where: { "[]{}\"'".contains($0) }) else {
                throw YAMLProblem(line, "only plain texts may stand in brackets")
            }
            return .list(
                try inner.split(separator: ",").map { try scalar(trimmed($0.drop { $0 == " " }), line) })
        case _ where "{}]&*!|>%@`?,#".contains(first), _ where text.hasPrefix("- "), _ where text.contains(": "),
            _ where text.hasSuffix(":"):
            throw YAMLProblem(line, "'\(text)' is more than a text")
        default: return .text(String(text))
        }
    }
}
