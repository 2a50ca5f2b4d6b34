/// Characters that a pattern's letter, dot, class or escape stands for.
struct ScalarSet: Sendable {
    private var ranges: [ClosedRange<UInt32>] = []
    private var sets: [ScalarSet] = []
    private var isInverted = false

    static let digit = ScalarSet("0"..."9")
    static let space = ScalarSet([
        " "..." ", "\t"..."\r", "\u{85}"..."\u{85}", "\u{a0}"..."\u{a0}", "\u{2028}"..."\u{2029}",
    ])
    static let all = ScalarSet().inverted

    /// Letters and digits of all scripts and the underscore.
    static let word: ScalarSet = {
        var set = ScalarSet([("0"..."9"), ("A"..."Z"), ("_"..."_"), ("a"..."z")])
        set.includesLetters = true
        return set
    }()

    private var includesLetters = false

    init(_ ranges: [ClosedRange<Unicode.Scalar>] = []) {
        self.ranges = ranges.map { $0.lowerBound.value...$0.upperBound.value }
    }

    init(_ range: ClosedRange<Unicode.Scalar>) {
        self.init([range])
    }

    init(_ scalar: Unicode.Scalar) {
        self.init(scalar...scalar)
    }

    var inverted: ScalarSet {
        var set = self
        set.isInverted.toggle()
        return set
    }

    mutating func formUnion(_ other: ScalarSet) {
        if other.isInverted || other.includesLetters || !other.sets.isEmpty {
            sets.append(other)
        } else {
            ranges += other.ranges
        }
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let isIncluded =
            ranges.contains { $0.contains(scalar.value) } || sets.contains { $0.contains(scalar) }
            || (includesLetters && scalar.value > 127 && scalar.properties.isLetterOrDigit)
        return isIncluded != isInverted
    }

    func contains(_ scalar: Unicode.Scalar, ignoringCase: Bool) -> Bool {
        guard ignoringCase, scalar.hasCases else { return contains(scalar) }
        // What a set leaves out it leaves out in both cases.
        let isIncluded = scalar.bothCases.contains { isInverted ? !contains($0) : contains($0) }
        return isIncluded != isInverted
    }
}

extension Unicode.Scalar {
    /// False only where there is certainly one case; quick for most characters of most texts.
    fileprivate var hasCases: Bool {
        !isASCII || ("A"..."Z").contains(self) || ("a"..."z").contains(self)
    }

    /// The character itself and in the other case, where that is one character.
    fileprivate var bothCases: [Unicode.Scalar] {
        let lower = properties.lowercaseMapping.unicodeScalars
        let upper = properties.uppercaseMapping.unicodeScalars
        return [self] + [lower, upper].compactMap { $0.count == 1 ? $0.first : nil }
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isLetterOrDigit: Bool {
        switch generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
            true
        default: false
        }
    }
}
