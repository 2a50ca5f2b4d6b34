internal import ContentModel
internal import LuaRuntime

/// Why a script's call of a host function is refused, as the script gets to see it.
struct HostError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Reads a table of options that a script passed, and refuses what it does not know.
struct TableReader {
    private let fields: [LuaField]
    private let what: String

    /// `what` is the function the table was passed to, as messages name it. No table at all is an empty one.
    init(_ value: LuaValue, of what: String, allowing names: [String]) throws(HostError) {
        self.what = what
        switch value {
        case .nil, .array([]): fields = []
        case .object(let fields): self.fields = fields
        default:
            throw HostError("\(what): the options must be a table with names, such as \(names.first ?? "name")")
        }
        for field in fields where !names.contains(field.name) {
            let suggestion = didYouMean(field.name, among: names)
            let advice = suggestion.isEmpty ? " Options are \(names.joined(separator: ", "))." : suggestion
            throw HostError("\(what): there is no option '\(field.name.printable)'.\(advice)")
        }
    }

    func value(_ name: String) -> LuaValue? {
        fields.first { $0.name == name }?.value
    }

    func string(_ name: String) throws(HostError) -> String? {
        try read(name, "a string") { $0.text }
    }

    /// A string, or a secret, whose content comes out: only for what is sent to where secrets are meant to go.
    func revealedString(_ name: String) throws(HostError) -> String? {
        try read(name, "a string or a secret", takingSecrets: true) { $0.revealedText }
    }

    /// As ``revealedString(_:)``, but need not be text: strings of Lua are bytes.
    func revealedBytes(_ name: String) throws(HostError) -> [UInt8]? {
        try read(name, "a string or a secret", takingSecrets: true) { value in
            switch value {
            case .string(let bytes), .secret(let bytes): bytes
            default: nil
            }
        }
    }

    func boolean(_ name: String) throws(HostError) -> Bool? {
        try read(name, "true or false") { value in
            if case .boolean(let flag) = value { flag } else { nil }
        }
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(HostError) -> Int? {
        try read(name, "a whole number from \(range.lowerBound) to \(range.upperBound)") { value in
            value.wholeNumber.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func seconds(_ name: String, upTo longest: Double) throws(HostError) -> Duration? {
        try read(name, "a number of seconds, more than 0 and up to \(Int(longest))") { value in
            value.anyNumber.flatMap { $0 > 0 && $0 <= longest ? .seconds($0) : nil }
        }
    }

    func strings(_ name: String) throws(HostError) -> [String]? {
        try read(name, "a list of strings, such as { \"posts\" }") { value in
            guard case .array(let elements) = value, !elements.isEmpty else { return nil }
            let texts = elements.compactMap(\.text)
            return texts.count == elements.count ? texts : nil
        }
    }

    func choice<Choice: RawRepresentable<String>>(
        _ name: String, among choices: [Choice]
    ) throws(HostError) -> Choice? {
        let words = choices.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        return try read(name, words) { value in
            value.text.flatMap { text in choices.first { $0.rawValue == text } }
        }
    }

    private func read<Value>(
        _ name: String, _ expected: String, takingSecrets: Bool = false, _ convert: (LuaValue) -> Value?
    ) throws(HostError) -> Value? {
        guard let value = value(name), value != .nil else { return nil }
        guard takingSecrets || !value.isSecret else {
            throw HostError("\(what): the option '\(name)' cannot be a secret")
        }
        guard let converted = convert(value) else {
            throw HostError("\(what): the option '\(name)' must be \(expected)")
        }
        return converted
    }
}

extension LuaValue {
    /// The number, if it is a whole one.
    var wholeNumber: Int? {
        switch self {
        case .integer(let number): Int(number)
        case .number(let number): Int(exactly: number)
        default: nil
        }
    }

    var anyNumber: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}
