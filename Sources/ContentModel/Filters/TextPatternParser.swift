/// What a pattern says, before it becomes a program.
indirect enum TextExpression {
    case one(ScalarSet)
    case require(TextPattern.Assertion)
    case sequence([TextExpression])
    case alternatives([TextExpression])
    case repeated(TextExpression, least: Int, most: Int?)
}

/// Reads patterns.
struct TextPatternParser {
    typealias Problem = TextPattern.Problem

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private let isMultiline: Bool
    private let dotMatchesBreaks: Bool

    private static let deepestNesting = 50

    init(_ pattern: String, isMultiline: Bool, dotMatchesBreaks: Bool) {
        scalars = Array(pattern.unicodeScalars)
        self.isMultiline = isMultiline
        self.dotMatchesBreaks = dotMatchesBreaks
    }

    mutating func expression() throws(Problem) -> TextExpression {
        let expression = try alternatives()
        guard next == nil else { throw Problem(reason: "a ')' closes nothing") }
        return expression
    }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func takeAny() throws(Problem) -> Unicode.Scalar {
        guard let scalar = next else { throw Problem(reason: "it ends too early") }
        position += 1
        return scalar
    }

    private mutating func alternatives() throws(Problem) -> TextExpression {
        guard depth < TextPatternParser.deepestNesting else {
            throw Problem(reason: "its groups are nested too deeply")
        }
        depth += 1
        defer { depth -= 1 }
        var all = [try sequence()]
        while take("|") { all.append(try sequence()) }
        return all.count == 1 ? all[0] : .alternatives(all)
    }

    private mutating func sequence() throws(Problem) -> TextExpression {
        var all: [TextExpression] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let atom = try atom()
            all.append(try repeated(atom))
        }
        return .sequence(all)
    }

    private mutating func atom() throws(Problem) -> TextExpression {
        let scalar = try takeAny()
        switch scalar {
        case "(": return try group()
        case "[": return .one(try characterClass())
        case ".": return .one(dotMatchesBreaks ? .all : ScalarSet("\n").inverted)
        case "^": return .require(isMultiline ? .lineStart : .textStart)
        case "$": return .require(isMultiline ? .lineEnd : .textEndBeforeBreak)
        case "\\": return try escape()
        case "*", "+", "?": throw Problem(reason: "there is nothing for '\(scalar)' to repeat")
        default: return .one(ScalarSet(scalar))
        }
    }

    private mutating func group() throws(Problem) -> TextExpression {
        if take("?"), !take(":") { throw Problem(reason: "of the groups that start with '(?' only '(?:' is supported") }
        let inside = try alternatives()
        guard take(")") else { throw Problem(reason: "a '(' is never closed") }
        return inside
    }

    private mutating func escape() throws(Problem) -> TextExpression {
        let letter = try takeAny()
        switch letter {
        case "b": return .require(.wordBorder)
        case "B": return .require(.noWordBorder)
        case "A": return .require(.textStart)
        case "z": return .require(.textEnd)
        case "Z": return .require(.textEndBeforeBreak)
        default: return .one(try set(escapedAs: letter))
        }
    }
}

extension TextPatternParser {
    /// Reads `* + ? {n} {n,} {n,m}`. A `?` that asks for the shortest match changes nothing: only whether there is one
    /// counts.
    private mutating func repeated(_ atom: TextExpression) throws(Problem) -> TextExpression {
        guard let (least, most) = try quantifier() else { return atom }
        if case .require = atom { throw Problem(reason: "a place between characters cannot be repeated") }
        _ = take("?")
        if try quantifier() != nil { throw Problem(reason: "a repetition is repeated") }
        return .repeated(atom, least: least, most: most)
    }

    private mutating func quantifier() throws(Problem) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard next == "{" else { return nil }
        return try counts()
    }

    /// Braces that hold no counts stand for themselves, as in Perl.
    private mutating func counts() throws(Problem) -> (least: Int, most: Int?)? {
        let start = position
        position += 1
        guard let least = number() else {
            position = start
            return nil
        }
        let hasMost = take(",")
        let most = hasMost ? number() : least
        guard take("}") else {
            position = start
            return nil
        }
        if let most, most < least { throw Problem(reason: "a repetition's limits are the wrong way round") }
        guard max(least, most ?? 0) <= TextPattern.longestProgram else { throw Problem(reason: "it repeats too often") }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = next, ScalarSet.digit.contains(digit) {
            value = min((value ?? 0) * 10 + Int(digit.value) - 48, 1_000_000)
            position += 1
        }
        return value
    }
}

extension TextPatternParser {
    private mutating func characterClass() throws(Problem) -> ScalarSet {
        let isInverted = take("^")
        var set = ScalarSet()
        var isFirst = true
        while isFirst || next != "]" {
            isFirst = false
            set.formUnion(try classItem())
        }
        position += 1
        return isInverted ? set.inverted : set
    }

    private mutating func classItem() throws(Problem) -> ScalarSet {
        if next == "[", position + 1 < scalars.count, ":.=".unicodeScalars.contains(scalars[position + 1]) {
            throw Problem(reason: "named classes such as [:alpha:] are not supported")
        }
        let first = try classMember()
        guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else { return first.set }
        position += 1
        let last = try classMember()
        guard let low = first.scalar, let high = last.scalar, low <= high else {
            throw Problem(reason: "a range in a class is the wrong way round")
        }
        return ScalarSet(low...high)
    }

    /// A character of a class or the set that an escape stands for.
    private mutating func classMember() throws(Problem) -> (scalar: Unicode.Scalar?, set: ScalarSet) {
        guard let scalar = next else { throw Problem(reason: "a '[' is never closed") }
        position += 1
        guard scalar == "\\" else { return (scalar, ScalarSet(scalar)) }
        let letter = try takeAny()
        if let set = namedSet(letter) { return (nil, set) }
        let meant = letter == "b" ? "\u{8}" : try self.scalar(escapedAs: letter)
        return (meant, ScalarSet(meant))
    }

    private mutating func set(escapedAs letter: Unicode.Scalar) throws(Problem) -> ScalarSet {
        if let set = namedSet(letter) { return set }
        return ScalarSet(try scalar(escapedAs: letter))
    }

    private func namedSet(_ letter: Unicode.Scalar) -> ScalarSet? {
        switch letter {
        case "d": .digit
        case "D": ScalarSet.digit.inverted
        case "w": .word
        case "W": ScalarSet.word.inverted
        case "s": .space
        case "S": ScalarSet.space.inverted
        default: nil
        }
    }

    private mutating func scalar(escapedAs letter: Unicode.Scalar) throws(Problem) -> Unicode.Scalar {
        switch letter {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "f": return "\u{c}"
        case "v": return "\u{b}"
        case "0": return "\0"
        case "x": return try hexScalar(take("{") ? nil : 2)
        case "u": return try hexScalar(take("{") ? nil : 4)
        case "1"..."9": throw Problem(reason: "references to groups such as \\\(letter) are not supported")
        case "a"..."z", "A"..."Z": throw Problem(reason: "\\\(letter) is not supported")
        default: return letter
        }
    }

    /// Exactly so many digits, or, for `nil`, those up to a closing brace.
    private mutating func hexScalar(_ count: Int?) throws(Problem) -> Unicode.Scalar {
        var value: UInt32 = 0
        var digits = 0
        while digits < count ?? 8, let scalar = next, let digit = UInt32(String(scalar), radix: 16) {
            value = value << 4 | digit
            digits += 1
            position += 1
        }
        guard digits > 0, digits == count ?? digits, count != nil || take("}"), let scalar = Unicode.Scalar(value)
        else {
            throw Problem(reason: "a character's number is not one")
        }
        return scalar
    }
}
