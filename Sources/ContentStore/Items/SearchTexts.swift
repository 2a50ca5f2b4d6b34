internal import ContentModel

/// The texts of an item by top-level member, as the index keeps them.
enum SearchTexts {
    static func of(_ item: JSONDocument) -> [(field: String, text: String)] {
        guard case .object(let members) = JSONValue(item) else { return [] }
        return members.compactMap { member in
            guard !isInternal(member.key) else { return nil }
            var texts: [String] = []
            collect(member.value, into: &texts)
            return texts.isEmpty ? nil : (field: member.key, text: texts.joined(separator: "\n"))
        }
    }

    /// Ids, users and states are no texts that people look for, and notes kept back stay so.
    private static func isInternal(_ key: String) -> Bool { key.hasPrefix("_") }

    private static func collect(_ value: JSONValue, into texts: inout [String]) {
        switch value {
        case .string(let text):
            let plain = plainText(text)
            if !plain.isEmpty { texts.append(plain) }
        case .array(let elements): for element in elements { collect(element, into: &texts) }
        case .object(let members):
            for member in members where !isInternal(member.key) { collect(member.value, into: &texts) }
        default: break
        }
    }

    /// A text without tags; a lone `<` is a character like any other.
    static func plainText(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }) else { return text }
        var plain = ""
        var rest = text[...]
        // Without it, every `<` behind the last tag would be compared with all that follows.
        let lastEnd = text.lastIndex(of: ">") ?? text.startIndex
        while let next = rest.firstIndex(where: { $0 == "<" || $0 == "&" }) {
            plain += rest[..<next]
            let mark = rest[next...]
            if let end = mark.first == "<" && next < lastEnd ? tagEnd(mark) : nil {
                plain += " "
                rest = rest[end...]
            } else if let (character, end) = mark.first == "&" ? entity(mark) : nil {
                plain += character
                rest = rest[end...]
            } else {
                plain.append(rest[next])
                rest = rest[rest.index(after: next)...]
            }
        }
        return plain + rest
    }

    /// Behind the tag that a text begins with.
    private static func tagEnd(_ text: Substring) -> Substring.Index? {
        guard let first = text.dropFirst().first, first.isASCII, first.isLetter || first == "/" || first == "!",
            let end = text.firstIndex(of: ">")
        else { return nil }
        return text.index(after: end)
    }

    private static let entities = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "shy": "", "auml": "ä", "ouml": "ö",
        "uuml": "ü", "Auml": "Ä", "Ouml": "Ö", "Uuml": "Ü", "szlig": "ß", "eacute": "é", "egrave": "è",
    ]

    private static func entity(_ text: Substring) -> (String, Substring.Index)? {
        let head = text.dropFirst().prefix(10)
        guard let end = head.firstIndex(of: ";") else { return nil }
        let name = head[..<end]
        let character = name.hasPrefix("#") ? numbered(name.dropFirst()) : entities[String(name)]
        return character.map { ($0, text.index(after: end)) }
    }

    private static func numbered(_ name: Substring) -> String? {
        let number = name.first == "x" ? UInt32(name.dropFirst(), radix: 16) : UInt32(name)
        return number.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
    }
}
