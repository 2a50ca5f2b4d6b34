/// What a request asks of a file, decided from its header fields alone (RFC 9110, sections 13 and 14).
enum FileSelection: Sendable, Equatable {
    case whole
    /// From the first to the last byte, both counted from 0. Never empty.
    case part(ClosedRange<Int64>)
    /// The caller has these very bytes already.
    case notModified
    /// The caller wanted other bytes than these, and only those.
    case failedCondition
    /// The bytes that are asked for lie behind the end.
    case unsatisfiable
}

/// A file as conditions see it.
struct FileFacts: Sendable, Equatable {
    /// In bytes.
    var size: Int64
    /// What the entity tag says between its quotes: another one for other bytes.
    var tag: String
    /// Unix seconds; nil when nobody knows.
    var modified: Int64?
}

/// The header fields of a request that say which bytes it wants, and when; nil where a field is not there.
struct FileConditions: Sendable, Equatable {
    var ifMatch: String?
    var ifNoneMatch: String?
    var ifModifiedSince: String?
    var ifUnmodifiedSince: String?
    var ifRange: String?
    /// Leave it out for other methods than GET: it means nothing there.
    var range: String?

    /// In the order of RFC 9110, 13.2.2.
    func selection(of file: FileFacts) -> FileSelection {
        guard isAsExpected(file) else { return .failedCondition }
        guard !isKnown(file) else { return .notModified }
        guard let range, allowsRange(of: file) else { return .whole }
        return ByteRange(range)?.selection(ofSize: file.size) ?? .whole
    }

    /// A date that cannot be read is as good as none.
    private func isAsExpected(_ file: FileFacts) -> Bool {
        if let ifMatch { return EntityTags(ifMatch).holdStrongly(file.tag) }
        guard let limit = ifUnmodifiedSince.flatMap(HTTPDate.seconds), let modified = file.modified else { return true }
        return modified <= limit
    }

    private func isKnown(_ file: FileFacts) -> Bool {
        if let ifNoneMatch { return EntityTags(ifNoneMatch).holdWeakly(file.tag) }
        guard let known = ifModifiedSince.flatMap(HTTPDate.seconds), let modified = file.modified else { return false }
        return modified <= known
    }

    /// A date never vouches for a part: a file may change twice within a second, and what is said of an asset may
    /// change while its bytes stay.
    private func allowsRange(of file: FileFacts) -> Bool {
        ifRange.map { EntityTags($0).holdStrongly(file.tag, alone: true) } ?? true
    }
}

/// The one range of a `Range` field, which counts bytes.
///
/// Several ranges, other units and what cannot be read are as if the field were not there, as the RFC allows: the
/// whole file is a right answer to all of them.
struct ByteRange: Sendable, Equatable {
    private enum Bounds: Equatable {
        case from(Int64, to: Int64?)
        case last(Int64)
    }

    private let bounds: Bounds

    init?(_ field: String) {
        let sides = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, sides[0].lowercased() == "bytes" else { return nil }
        let ranges = sides[1].split(separator: ",").map(trimmed).filter { !$0.isEmpty }
        guard ranges.count == 1, let dash = ranges[0].firstIndex(of: "-") else { return nil }
        let (first, last) = (ranges[0][..<dash], ranges[0][ranges[0].index(after: dash)...])
        switch (first.isEmpty, last.isEmpty) {
        case (true, true): return nil
        case (true, false):
            guard let count = Self.number(last) else { return nil }
            bounds = .last(count)
        case (false, true):
            guard let first = Self.number(first) else { return nil }
            bounds = .from(first, to: nil)
        case (false, false):
            guard let first = Self.number(first), let last = Self.number(last), first <= last else { return nil }
            bounds = .from(first, to: last)
        }
    }

    /// What the range means for a file of so many bytes.
    func selection(ofSize size: Int64) -> FileSelection {
        switch bounds {
        case .from(let first, _) where first >= size: .unsatisfiable
        case .from(let first, let last): .part(first...min(last ?? size - 1, size - 1))
        case .last(0): .unsatisfiable
        // All of nothing, which no part can express.
        case .last where size == 0: .whole
        case .last(let count): .part(max(size - count, 0)...size - 1)
        }
    }

    /// Numbers beyond every file mean the largest one.
    private static func number(_ digits: Substring) -> Int64? {
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int64(digits) ?? .max
    }
}

/// The entity tags of a condition: `*`, or a list of tags (RFC 9110, 8.8.3). A list ends where it cannot be read.
struct EntityTags: Sendable, Equatable {
    private struct Tag: Equatable {
        var text: Substring
        var isWeak: Bool
    }

    private var isAny = false
    private var tags: [Tag] = []

    init(_ field: String) {
        if trimmed(field[...]) == "*" {
            isAny = true
            return
        }
        var rest = field[...]
        while true {
            rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else { return }
            tags.append(Tag(text: rest[rest.index(after: rest.startIndex)..<end], isWeak: isWeak))
            rest = rest[rest.index(after: end)...]
        }
    }

    /// Whether one of them is this tag, and none of a kind that only promises something similar.
    ///
    /// - Parameter alone: only one tag counts, and no `*`
    func holdStrongly(_ tag: String, alone: Bool = false) -> Bool {
        if alone, isAny || tags.count != 1 { return false }
        return isAny || tags.contains { !$0.isWeak && $0.text == tag }
    }

    func holdWeakly(_ tag: String) -> Bool {
        isAny || tags.contains { $0.text == tag }
    }
}

private func trimmed(_ text: Substring) -> Substring {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let rest = text.drop(while: isSpace)
    return rest.lastIndex { !isSpace($0) }.map { rest[...$0] } ?? ""
}
