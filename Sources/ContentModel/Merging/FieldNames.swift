/// The fields that a decision is about, as they are found in the versions of its item.
///
/// A name is the text of a path. One that leads nowhere may be of an earlier release, whose texts had no escapes, or
/// may have been cut: it stands for every field that was named so.
struct FieldNames {
    /// What each name stands for.
    private let meanings: [(name: String, paths: Set<FieldPath>)]
    private let paths: Set<FieldPath>
    /// What the paths lead through.
    private let ways: Set<FieldPath>
    /// Those of the paths at which both versions were compared.
    private var met: Set<FieldPath> = []

    /// Any of the versions may be nil. A field that only their base has is gone on both sides, which is the same.
    init(_ names: [String], base: JSONDocument?, source: JSONDocument, target: JSONDocument) {
        let known = names.map { FieldPath($0) }
        let wanted = Set(known.compactMap { $0 })
        let found = FieldSearch.found(wanted, in: [source, target])
        let others = zip(names, known).filter { $0.1.map { !found.contains($0) } ?? true }.map { Array($0.0.utf8) }
        let earlier = EarlierSearch.found(Set(others), in: [source, target])
        let gone = others.isEmpty ? [] : FieldSearch.found(wanted, in: [base])
        meanings = zip(names, known).map { name, path in
            if let path, found.contains(path) { return (name, [path]) }
            if let paths = earlier[Array(name.utf8)] { return (name, paths) }
            return (name, path.map { gone.contains($0) ? [$0] : [] } ?? [])
        }
        paths = Set(meanings.flatMap(\.paths))
        ways = FieldSearch.ways(of: paths)
        met = paths.subtracting(found).subtracting(earlier.values.joined())
    }

    /// Whether a field is named.
    func contains(_ path: FieldPath) -> Bool { paths.contains(path) }

    /// Whether a field below this value is named.
    func lead(through path: FieldPath) -> Bool { ways.contains(path) }

    /// Both versions are compared at this path; where they are the same there, all fields below it are.
    mutating func meet(_ path: FieldPath, isSame: Bool) {
        if contains(path) { met.insert(path) }
        if isSame, lead(through: path) { met.formUnion(paths.filter { $0.isBelow(path) }) }
    }

    /// The names of which nothing was met: what they stand for is not there any more, or stands in something that is of
    /// another form on each side.
    var missing: [String] { meanings.filter { $0.paths.isDisjoint(with: met) }.map(\.name) }
}

/// Finds out which of some paths lead to something.
private struct FieldSearch {
    private let paths: Set<FieldPath>
    private let ways: Set<FieldPath>
    private var found: Set<FieldPath> = []

    private init(_ paths: Set<FieldPath>) {
        self.paths = paths
        ways = Self.ways(of: paths)
    }

    static func found(_ paths: Set<FieldPath>, in versions: [JSONDocument?]) -> Set<FieldPath> {
        var search = FieldSearch(paths)
        for version in versions { search.look(at: version, .item) }
        return search.found
    }

    static func ways(of paths: Set<FieldPath>) -> Set<FieldPath> { Set(paths.flatMap(\.way)) }

    private mutating func look(at value: JSONDocument?, _ path: FieldPath) {
        guard let value else { return }
        if paths.contains(path) { found.insert(path) }
        guard ways.contains(path) else { return }
        for part in FieldWalk.parts(of: value, at: path) { look(at: part.value, part.path) }
    }
}

/// Finds the fields that earlier releases named with some texts, and those whose names were cut.
private struct EarlierSearch {
    private let texts: Set<[UInt8]>
    private var found: [[UInt8]: Set<FieldPath>] = [:]

    private init(_ texts: Set<[UInt8]>) {
        self.texts = texts
    }

    static func found(_ texts: Set<[UInt8]>, in versions: [JSONDocument]) -> [[UInt8]: Set<FieldPath>] {
        var search = EarlierSearch(texts)
        for version in versions where !texts.isEmpty { search.look(at: version, .item) }
        return search.found
    }

    private mutating func look(at value: JSONDocument, _ path: FieldPath) {
        let spellings = [Array(path.earlierText.utf8), Array(path.text.utf8)]
        for spelling in spellings where texts.contains(spelling) { found[spelling, default: []].insert(path) }
        guard texts.contains(where: { text in spellings.contains { text.starts(with: $0) } }) else { return }
        for part in FieldWalk.parts(of: value, at: path) { look(at: part.value, part.path) }
    }
}
