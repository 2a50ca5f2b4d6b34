import SeededNumbers

/// A value that can be written in many ways.
indirect enum RandomValue {
    case word(String)
    /// Spellings of one number.
    case number([String])
    case string([Unicode.Scalar])
    case array([RandomValue])
    case object([(key: [Unicode.Scalar], value: RandomValue)])

    enum Style { case plain, wild }

    static func any(_ random: inout SplitMix64, depth: Int = 0) -> RandomValue {
        switch Int.random(in: 0..<(depth > 4 ? 4 : 8), using: &random) {
        case 0: return .word(["true", "false", "null"].randomElement(using: &random)!)
        case 1, 2: return .number(numbers.randomElement(using: &random)!)
        case 3: return .string(text(&random))
        case 4, 5:
            return .array((0..<Int.random(in: 0...5, using: &random)).map { _ in any(&random, depth: depth + 1) })
        default:
            var seen: Set<[Unicode.Scalar]> = []
            let keys = (0..<Int.random(in: 0...20, using: &random)).map { _ in text(&random) }.filter {
                seen.insert($0).inserted
            }
            return .object(keys.map { ($0, any(&random, depth: depth + 1)) })
        }
    }

    private static let numbers = [
        ["0", "-0", "0.0", "-0e5", "0.00E-3"], ["1", "1.0", "1e0", "10e-1", "0.1E+1"],
        ["-25", "-25.0", "-2.5e1", "-250E-1"], ["12345678901234567890"],
        ["0.1", "1e-1", "0.10", "1E-01"], ["1e25", "1.0e+25", "10E24"], ["3.141592653589793", "3.1415926535897931"],
        ["1e500", "1E+500", "0.1e501"],
    ]

    private static func text(_ random: inout SplitMix64) -> [Unicode.Scalar] {
        (0..<Int.random(in: 0...6, using: &random)).map { _ in
            ["a", "b", "Z", "0", " ", "/", "\"", "\\", "\n", "\u{1}", "é", "€", "😀", "\u{7f}", "{", ","].randomElement(
                using: &random)!
        }
    }

    func written(_ random: inout SplitMix64, _ style: Style) -> String {
        let blank = { (random: inout SplitMix64) in
            style == .plain ? "" : ["", "", " ", "\n\t", "\r\n  "].randomElement(using: &random)!
        }
        func around(_ text: String, _ random: inout SplitMix64) -> String { blank(&random) + text + blank(&random) }
        switch self {
        case .word(let word): return around(word, &random)
        case .number(let spellings):
            return around(style == .plain ? spellings[0] : spellings.randomElement(using: &random)!, &random)
        case .string(let text): return around(RandomValue.quoted(text, &random, style), &random)
        case .array(let elements):
            if elements.isEmpty, style == .wild, Bool.random(using: &random) {
                return around("{\(blank(&random))}", &random)
            }
            return around("[" + elements.map { $0.written(&random, style) }.joined(separator: ",") + "]", &random)
        case .object(let members):
            let members = style == .plain ? members : members.shuffled(using: &random)
            let texts = members.map { member in
                around(RandomValue.quoted(member.key, &random, style), &random) + ":"
                    + member.value.written(&random, style)
            }
            return around("{" + texts.joined(separator: ",") + (members.isEmpty ? blank(&random) : "") + "}", &random)
        }
    }

    private static func quoted(_ text: [Unicode.Scalar], _ random: inout SplitMix64, _ style: Style) -> String {
        let content = text.map { scalar in
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            guard mustEscape || (style == .wild && Bool.random(using: &random)) else { return String(scalar) }
            if scalar == "/" { return "\\/" }
            return UTF16.encode(scalar)!.map { unit in
                let digits = String(unit, radix: 16, uppercase: Bool.random(using: &random))
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
        return "\"" + content.joined() + "\""
    }
}
