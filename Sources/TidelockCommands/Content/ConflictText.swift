internal import ContentModel
internal import ContentStore

/// A conflict for people: what is to be decided, with the values of each version.
struct ConflictText {
    let record: ConflictRecord
    let versions: ConflictVersions

    /// Names of other fields that are listed.
    private static let names = 20

    var lines: [String] { head + body }

    private var head: [String] {
        let first =
            "conflict \(record.id): \(record.name), from \(record.source.printable) with run \(record.transfer), \(moment(record.created))"
        return [first] + (record.hasMoved ? ["the item here has changed since the run left it"] : [])
    }

    private var body: [String] {
        switch (versions.source, versions.target) {
        case (nil, nil): ["the item is gone on both sides"]
        case (nil, let target?): ["the source has deleted the item; this is what is here:", target.prettyPrinted()]
        case (let source?, nil): ["the item was deleted here; this is what the source has:", source.prettyPrinted()]
        case (let source?, let target?): fields(source, target)
        }
    }

    private func fields(_ source: JSONDocument, _ target: JSONDocument) -> [String] {
        let compared = FieldVersions(
            base: versions.base, source: source, target: target, open: record.fields)
        let fields = compared.fields
        let values = fields.filter(\.isOpen).map { FieldValues($0, knowsBase: versions.base != nil) }
        var lines = versions.base == nil ? ["what both were made of is not known"] : []
        lines += values.flatMap(\.lines)
        if values.isEmpty, compared.missing.isEmpty {
            lines.append("both versions have the same by now where they were in conflict")
        }
        lines += compared.missing.map { "\($0.printable) is not found in both versions any more; --json prints them" }
        if values.contains(where: \.isCut) {
            lines.append("… stands for parts that are left out; --json prints the whole items")
        }
        return lines + others(fields.filter { !$0.isOpen })
    }

    private func others(_ fields: [FieldVersions.Field]) -> [String] {
        guard !fields.isEmpty else { return [] }
        let names = fields.prefix(Self.names).map { $0.path.printable }.joined(separator: ", ")
        let more = fields.count > Self.names ? " and \(fields.count - Self.names) more" : ""
        return ["other fields that differ, and stay as they are here: \(names)\(more)"]
    }
}

/// The values of one field, cut to where they differ.
private struct FieldValues {
    let lines: [String]
    let isCut: Bool

    init(_ field: FieldVersions.Field, knowsBase: Bool) {
        let named = [("base", field.base), ("source", field.source), ("target", field.target)]
            .filter { knowsBase || $0.0 != "base" }
        let excerpt = Excerpt(of: named.map { $0.1?.text ?? "-" }, around: [field.source?.text, field.target?.text])
        lines =
            [field.path.isEmpty ? "the item" : field.path.printable]
            + zip(named, excerpt.texts).map { named, text in
                "    " + named.0 + String(repeating: " ", count: 8 - named.0.count) + text
            }
        isCut = excerpt.isCut
    }
}

/// Texts for one line each: those that are too long are cut to the part around the place where two of them part.
struct Excerpt: Equatable {
    private(set) var texts: [String]
    /// Something was left out.
    private(set) var isCut: Bool

    /// Characters of a text that are shown.
    static let longest = 200
    /// How many of them stand before the place.
    private static let before = 60

    /// Without two texts there is no such place, and the beginning is shown.
    init(of texts: [String], around pair: [String?]) {
        let shown = texts.map(Self.visible)
        let pair = pair.compactMap { $0.map(Self.visible) }
        let common = pair.count == 2 ? zip(pair[0], pair[1]).prefix { $0 == $1 }.count : 0
        let start = max(0, common - Self.before)
        self.texts = shown.map { Self.part(of: $0, from: start) }
        isCut = shown.contains { $0.count > Self.longest }
    }

    private static func visible(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { $0.properties.generalCategory != .control }
    }

    private static func part(of text: [Unicode.Scalar], from start: Int) -> String {
        guard text.count > longest else { return string(text[...]) }
        // A text that ends before the place shows its end.
        let first = min(start, text.count - longest)
        let last = first + longest
        return (first > 0 ? "…" : "") + string(text[first..<last]) + (last < text.count ? "…" : "")
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }
}
