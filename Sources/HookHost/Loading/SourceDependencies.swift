/// Which files can influence what the handlers of an entry file do.
///
/// Read from the texts, and on the safe side: what might be a dependency counts as one. Filters that run again for
/// nothing cost time; results that are reused wrongly would send what should have stayed.
///
/// Files that reach a module belong together: a module is one table for all who require it, so they can reach each other
/// through it. Each group is found once, so that ten thousand modules that require one another cost no more than that.
struct SourceDependencies: Sendable {
    private let groups: [String: [HookFile]]

    init(_ folder: HookFolder) {
        var links = ModuleLinks(folder)
        for (number, file) in folder.files.enumerated() where file.module == nil { links.follow(number) }
        var files: [Int: [HookFile]] = [:]
        for (number, file) in folder.files.enumerated() where links.isReached[number] {
            files[links.group(of: number), default: []].append(file)
        }
        groups = folder.files.enumerated().reduce(into: [:]) { groups, file in
            if file.element.module == nil { groups[file.element.path] = files[links.group(of: file.offset)] }
        }
    }

    /// The file itself, the modules it reaches, and the entry files that share a module with it, with theirs.
    func influences(on entry: HookFile) -> [HookFile] {
        groups[entry.path] ?? [entry]
    }
}

/// Which files require which, by their numbers, and the groups that follow from it.
private struct ModuleLinks {
    /// What a file requires; `nil` when its text does not tell, so that it may be any module.
    private let required: [[Int]?]
    private let modules: [Int]
    /// Leads to another member of the same group, or to itself for the one that stands for the group.
    private var parents: [Int]
    private(set) var isReached: [Bool]
    private var allWereFollowed = false

    init(_ folder: HookFolder) {
        modules = folder.files.indices.filter { folder.files[$0].module != nil }
        let numbers = Dictionary(uniqueKeysWithValues: modules.map { (folder.files[$0].module ?? "", $0) })
        required = folder.files.map { RequireScan.names(in: $0.text)?.compactMap { numbers[$0] } }
        parents = Array(folder.files.indices)
        isReached = Array(repeating: false, count: folder.files.count)
    }

    /// Joins a file and everything it reaches. What was reached before leads to nothing new.
    mutating func follow(_ start: Int) {
        isReached[start] = true
        var open = [start]
        while let file = open.popLast() {
            for next in successors(of: file) {
                join(file, next)
                guard !isReached[next] else { continue }
                isReached[next] = true
                open.append(next)
            }
        }
    }

    mutating func group(of file: Int) -> Int {
        var root = file
        while parents[root] != root { root = parents[root] }
        var step = file
        while parents[step] != root {
            let next = parents[step]
            parents[step] = root
            step = next
        }
        return root
    }

    private mutating func join(_ one: Int, _ other: Int) {
        let root = group(of: one)
        parents[group(of: other)] = root
    }

    /// A file that may require any module is joined with all of them; once they are, one stands for all.
    private mutating func successors(of file: Int) -> ArraySlice<Int> {
        if let required = required[file] { return required[...] }
        defer { allWereFollowed = true }
        return allWereFollowed ? modules.prefix(1) : modules[...]
    }
}

/// Looks for `require` in a text.
enum RequireScan {
    /// The names a file requires; `nil` when the text does not tell, so that it may be any.
    static func names(in text: [UInt8]) -> [String]? {
        if text.containsWord("_ENV") || text.containsWord("_G") { return nil }
        var names: [String] = []
        for end in text.endsOfWord("require") {
            guard let name = literal(in: text, after: end) else { return nil }
            names.append(name)
        }
        return names
    }

    /// The string literal that follows, in parentheses or not.
    private static func literal(in text: [UInt8], after position: Int) -> String? {
        let blanks: Set<UInt8> = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "(")]
        let rest = text[position...].drop { blanks.contains($0) }
        guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        let body = rest.dropFirst().prefix { $0 != quote }
        guard body.count < 256, !body.contains(UInt8(ascii: "\\")), !body.contains(UInt8(ascii: "\n")) else {
            return nil
        }
        // `require("lib." .. name)`: the literal is only the beginning of a name.
        let next = rest.dropFirst(body.count + 2).drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return next.starts(with: "..".utf8) ? nil : String(decoding: body, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Whether an identifier occurs in Lua text, be it in a comment or a string.
    func containsWord(_ word: String) -> Bool {
        !endsOfWord(word).isEmpty
    }

    /// Where the occurrences of an identifier end.
    func endsOfWord(_ word: String) -> [Int] {
        let word = Array(word.utf8)
        return withUnsafeBufferPointer { text in
            var ends: [Int] = []
            var start = 0
            while let found = text[start...].firstIndex(of: word[0]) {
                start = found + 1
                let end = found + word.count
                guard end <= text.count, text[found..<end].elementsEqual(word) else { continue }
                let isPartOfMore =
                    found > 0 && text[found - 1].isIdentifierPart || end < text.count && text[end].isIdentifierPart
                if !isPartOfMore { ends.append(end) }
            }
            return ends
        }
    }
}

extension UInt8 {
    fileprivate var isIdentifierPart: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
