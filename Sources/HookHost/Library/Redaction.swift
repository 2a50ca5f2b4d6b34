internal import ContentModel
internal import LuaRuntime

/// Takes the values of known secrets out of text that people or logs get to see.
///
/// The second line of defence: scripts cannot read secrets, but servers repeat what was sent to them.
struct Redaction: Sendable {
    /// The longest first, so that one that contains another goes as a whole.
    private let values: [String]

    /// Anything shorter would be found in ordinary words.
    private static let shortest = 6

    init(_ secrets: some Sequence<String> = []) {
        values = Set(secrets).filter { $0.utf8.count >= Redaction.shortest }.sorted { left, right in
            (right.utf8.count, left) < (left.utf8.count, right)
        }
    }

    /// The text with `***` in place of each secret.
    func redacted(_ text: String) -> String {
        guard !values.isEmpty else { return text }
        return values.reduce(text) { text, value in Redaction.replacing(value, in: text) }
    }

    /// The error with the same done to all of its words.
    func redacted(_ error: LuaError) -> LuaError {
        guard !values.isEmpty else { return error }
        var error = error
        error.message = redacted(error.message)
        error.excerpt = error.excerpt.map(redacted)
        error.traceback = redacted(error.traceback)
        if let words = error.underlying.map({ String(describing: $0) }), redacted(words) != words {
            error.underlying = HostError(redacted(words))
        }
        return error
    }

    /// Bytes are compared: equal as Unicode is not equal as a secret.
    private static func replacing(_ value: String, in text: String) -> String {
        let (value, text) = (Array(value.utf8), Array(text.utf8))
        guard text.count >= value.count else { return String(decoding: text, as: UTF8.self) }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var at = 0
        while at < text.count {
            if text[at] == value[0], text[at...].starts(with: value) {
                result += "***".utf8
                at += value.count
            } else {
                result.append(text[at])
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension LuaValue {
    /// The value with `***` for each secret in it.
    var hidingSecrets: LuaValue {
        switch self {
        case .secret: .text("***")
        case .array(let elements): .array(elements.map(\.hidingSecrets))
        case .object(let fields): .object(fields.map { LuaField($0.name, $0.value.hidingSecrets) })
        case .nil, .null, .boolean, .integer, .number, .string, .function, .document: self
        }
    }
}
