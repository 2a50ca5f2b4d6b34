/// Which files can influence what the handlers of an entry file do.
///
/// Read from the texts, and on the safe side: what might be a dependency counts as one. Filters that run again for
/// nothing cost time; results that are reused wrongly would send what should have stayed.
struct SourceDependencies: Sendable {
    private let folder: HookFolder
    /// The modules that each file, by path, requires directly or through others.
    private let reach: [String: Set<String>]

    init(_ folder: HookFolder) {
        self.folder = folder
        let modules = Dictionary(uniqueKeysWithValues: folder.modules.map { ($0.module ?? "", $0.path) })
        let direct = folder.files.map { file in
            let names = RequireScan.names(in: file.text)
            return (file.path, names.map { Set($0.compactMap { modules[$0] }) } ?? Set(modules.values))
        }
        let lookup = Dictionary(uniqueKeysWithValues: direct)
        reach = lookup.mapValues { SourceDependencies.closure(of: $0, in: lookup) }
    }

    /// The file itself, the modules it reaches, and the entry files that share a module with it, with theirs:
    /// a module is one table for all who require it, so they can reach each other through it.
    func influences(on entry: HookFile) -> [HookFile] {
        var found: Set<String> = [entry.path]
        var shared = reach[entry.path] ?? []
        var others = folder.entries.filter { $0.path != entry.path }
        while let next = others.firstIndex(where: { !shared.isDisjoint(with: reach[$0.path] ?? []) }) {
            let other = others.remove(at: next)
            found.insert(other.path)
            shared.formUnion(reach[other.path] ?? [])
        }
        return folder.files.filter { found.contains($0.path) || shared.contains($0.path) }
    }

    private static func closure(of start: Set<String>, in direct: [String: Set<String>]) -> Set<String> {
        var reached: Set<String> = []
        var open = start
        while let next = open.popFirst() {
            if reached.insert(next).inserted { open.formUnion(direct[next] ?? []) }
        }
        return reached
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
