/// A regular expression that takes time in proportion to the text, whatever the expression.
///
/// A filter may come from a peer, and engines that try one way after another can be kept busy for years by a short
/// pattern such as `(a+)+$`. This one follows all ways at once (https://swtch.com/~rsc/regexp/regexp2.html). What
/// that rules out, references to earlier groups and looking around, is refused.
///
/// Letters, dots, classes, groups, alternatives, `* + ? {n,m}`, `^ $ \A \z \Z \b \B`, `\d \w \s`, `\x41 \u0041` mean what
/// they mean in Perl. Options: `i` ignore case, `m` lines for `^` and `$`, `s` dots for line breaks too.
struct TextPattern: Sendable {
    private let program: [Instruction]
    private let ignoresCase: Bool

    struct Problem: Error, Equatable {
        let reason: String
    }

    /// Keeps the work for each character of a text small.
    static let longestProgram = 1000

    init(_ pattern: String, options: String = "") throws(Problem) {
        var isMultiline = false
        var dotMatchesBreaks = false
        var ignoresCase = false
        for option in options {
            switch option {
            case "i": ignoresCase = true
            case "m": isMultiline = true
            case "s": dotMatchesBreaks = true
            case "u": continue
            default: throw Problem(reason: "option '\(option)' is unknown; there are i, m and s")
            }
        }
        var parser = TextPatternParser(pattern, isMultiline: isMultiline, dotMatchesBreaks: dotMatchesBreaks)
        var compiler = TextPatternCompiler()
        program = try compiler.program(for: try parser.expression())
        self.ignoresCase = ignoresCase
    }

    enum Instruction: Sendable {
        /// Takes one character.
        case take(ScalarSet)
        case require(Assertion)
        case split(Int, Int)
        case jump(Int)
        case found
    }

    enum Assertion: Sendable {
        case textStart, textEnd, textEndBeforeBreak, lineStart, lineEnd, wordBorder, noWordBorder
    }
}

extension TextPattern {
    /// Whether some part of the text matches.
    func isFound(in text: String) -> Bool {
        var ways = Ways(count: program.count)
        var following = Ways(count: program.count)
        var place = Place(scalars: text.unicodeScalars.makeIterator())
        while true {
            if follow(from: 0, at: place, into: &ways) { return true }
            guard let scalar = place.after else { return false }
            place.advance()
            following.removeAll()
            for step in ways.steps {
                guard case .take(let set) = program[step], set.contains(scalar, ignoringCase: ignoresCase) else {
                    continue
                }
                if follow(from: step + 1, at: place, into: &following) { return true }
            }
            swap(&ways, &following)
        }
    }

    /// Adds the instructions that can be reached without taking a character. True when the end is one of them.
    private func follow(from start: Int, at place: Place, into ways: inout Ways) -> Bool {
        ways.pend(start)
        while let step = ways.nextPending() {
            switch program[step] {
            case .take: continue
            case .require(let assertion): if place.satisfies(assertion) { ways.pend(step + 1) }
            case .split(let first, let second):
                ways.pend(first)
                ways.pend(second)
            case .jump(let target): ways.pend(target)
            case .found: return true
            }
        }
        return false
    }

    /// Instructions that the text so far leads to, each once.
    private struct Ways {
        private(set) var steps: [Int] = []
        private var pending: [Int] = []
        private var isMember: [Bool]

        init(count: Int) {
            isMember = Array(repeating: false, count: count)
        }

        mutating func pend(_ step: Int) {
            guard !isMember[step] else { return }
            isMember[step] = true
            steps.append(step)
            pending.append(step)
        }

        mutating func nextPending() -> Int? { pending.popLast() }

        mutating func removeAll() {
            for step in steps { isMember[step] = false }
            steps.removeAll(keepingCapacity: true)
        }
    }
}

/// A place between two characters of a text.
private struct Place {
    private var scalars: String.UnicodeScalarView.Iterator
    private(set) var before: Unicode.Scalar?
    private(set) var after: Unicode.Scalar?
    private var secondAfter: Unicode.Scalar?

    init(scalars: String.UnicodeScalarView.Iterator) {
        self.scalars = scalars
        after = self.scalars.next()
        secondAfter = self.scalars.next()
    }

    mutating func advance() {
        (before, after) = (after, secondAfter)
        secondAfter = secondAfter == nil ? nil : scalars.next()
    }

    func satisfies(_ assertion: TextPattern.Assertion) -> Bool {
        switch assertion {
        case .textStart: before == nil
        case .textEnd: after == nil
        case .textEndBeforeBreak: after == nil || (after == "\n" && secondAfter == nil)
        case .lineStart: before == nil || before == "\n"
        case .lineEnd: after == nil || after == "\n"
        case .wordBorder: isWord(before) != isWord(after)
        case .noWordBorder: isWord(before) == isWord(after)
        }
    }

    private func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        scalar.map { ScalarSet.word.contains($0) } ?? false
    }
}
