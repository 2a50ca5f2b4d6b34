/// The fields that a decision is about, as they are found in the versions of its item.
///
/// A name is the text of a path. One that leads nowhere may be of an earlier release, whose texts had no escapes, or
/// may have been cut: it stands for every field that was named so.
struct FieldNames {
    private var paths: Set<FieldPath> = []
    /// What the paths lead through.
    private var ways: Set<FieldPath> = []

    /// `versions` are those in which the fields are looked for; nil for one that is not there.
    init(_ names: [String], in versions: [JSONDocument?]) {
        let known = names.map { FieldPath($0) }
        var search = FieldSearch(Set(known.compactMap { $0 }))
        for version in versions { search.look(at: version, .item) }
        let others = zip(names, known).filter { $0.1.map { !search.found.contains($0) } ?? true }
        var earlier = EarlierSearch(Set(others.map { Array($0.0.utf8) }))
        for version in versions where !others.isEmpty { earlier.look(at: version, .item) }
        paths = search.found.union(earlier.found.values.joined())
        ways = FieldSearch.ways(of: paths)
    }

    /// Whether a field is named.
    func contains(_ path: FieldPath) -> Bool { paths.contains(path) }

    /// Whether a field below this value is named.
    func lead(through path: FieldPath) -> Bool { ways.contains(path) }
}

/// Finds out which of some paths lead to something.
private struct FieldSearch {
    private let paths: Set<FieldPath>
    private let ways: Set<FieldPath>
    private(set) var found: Set<FieldPath> = []

    init(_ paths: Set<FieldPath>) {
        self.paths = paths
        ways = Self.ways(of: paths)
    }

    static func ways(of paths: Set<FieldPath>) -> Set<FieldPath> { Set(paths.flatMap(\.way)) }

    mutating func look(at value: JSONDocument?, _ path: FieldPath) {
        guard let value else { return }
        if paths.contains(path) { found.insert(path) }
        guard ways.contains(path) else { return }
        for part in FieldWalk.parts(of: value, at: path) { look(at: part.value, part.path) }
    }
}

/// Finds the fields that earlier releases named with some texts, and those whose names were cut.
private struct EarlierSearch {
    private let texts: Set<[UInt8]>
    private(set) var found: [[UInt8]: Set<FieldPath>] = [:]

    init(_ texts: Set<[UInt8]>) {
        self.texts = texts
    }

    mutating func look(at value: JSONDocument?, _ path: FieldPath) {
        guard let value else { return }
        let spellings = [Array(path.earlierText.utf8), Array(path.text.utf8)]
        for spelling in spellings where texts.contains(spelling) { found[spelling, default: []].insert(path) }
        guard texts.contains(where: { text in spellings.contains { text.starts(with: $0) } }) else { return }
        for part in FieldWalk.parts(of: value, at: path) { look(at: part.value, part.path) }
    }
}
