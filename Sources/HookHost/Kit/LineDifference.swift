/// The lines of two texts, and which of them only one of the two has.
public struct LineDifference: Sendable, Equatable {
    public enum Side: String, Sendable {
        case both = " "
        case before = "-"
        case after = "+"
    }

    public struct Line: Sendable, Equatable {
        public var side: Side
        public var text: String

        public init(_ side: Side, _ text: String) {
            self.side = side
            self.text = text
        }
    }

    public let lines: [Line]

    public var isEmpty: Bool { lines.allSatisfy { $0.side == .both } }

    public init(_ before: String, _ after: String) {
        let old = before.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let new = after.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines = Self.lines(old, new)
    }

    /// The lines that differ, with `context` lines around them; a gap reads `…`.
    public func excerpt(context: Int = 2) -> [Line] {
        var shown: [Line] = []
        var last = -1
        for index in lines.indices where isNearDifference(index, context) {
            if index != last + 1 { shown.append(Line(.both, "…")) }
            shown.append(lines[index])
            last = index
        }
        if last >= 0, last < lines.count - 1 { shown.append(Line(.both, "…")) }
        return shown
    }

    private func isNearDifference(_ index: Int, _ context: Int) -> Bool {
        lines[max(0, index - context)...min(lines.count - 1, index + context)].contains { $0.side != .both }
    }

    private static func lines(_ old: [String], _ new: [String]) -> [Line] {
        let changes = new.difference(from: old)
        var removed: [Int: String] = [:]
        var inserted: [Int: String] = [:]
        for change in changes {
            switch change {
            case .remove(let offset, let text, _): removed[offset] = text
            case .insert(let offset, let text, _): inserted[offset] = text
            }
        }
        var lines: [Line] = []
        var (i, j) = (0, 0)
        while i < old.count || j < new.count {
            if let text = removed[i] {
                lines.append(Line(.before, text))
                i += 1
            } else if let text = inserted[j] {
                lines.append(Line(.after, text))
                j += 1
            } else {
                lines.append(Line(.both, old[i]))
                (i, j) = (i + 1, j + 1)
            }
        }
        return lines
    }
}
