/// How the files of new assets are called.
public enum AssetName {
    /// Digits of the part that tells files with the same name apart.
    public static let marks = 13

    /// A path such as `/2026/11/27/harbour-at-night_uid_65f0c2d1a3b4c.jpg`, which is how Cockpit names uploads.
    ///
    /// - Parameters:
    ///   - name: of the file it is made from; dots before the last are gone afterwards, so that no server finds a
    ///     second type in the name
    ///   - seconds: since 1970, for the folders
    ///   - mark: `marks` hex digits that no other file has
    public static func path(for name: String, type: FileType, at seconds: Int64, mark: String) -> String {
        let ending = FileType.ending(of: name)
        let stem = ending.map { String(name.dropLast($0.count + 1)) } ?? name
        let date = civilDate(seconds)
        let folder = "\(padded(date.year, 4))/\(padded(date.month, 2))/\(padded(date.day, 2))"
        let suffix = (ending.map { slug($0, longest: 16) } ?? type.ending).map { $0.isEmpty ? "" : "." + $0 } ?? ""
        let words = slug(stem, longest: 80)
        return "/\(folder)/\(words.isEmpty ? "file" : words)_uid_\(mark)\(suffix)"
    }

    /// What a person may call it: the name without its ending, and spaces for what stands for them.
    public static func title(of name: String) -> String {
        let ending = FileType.ending(of: name)
        let stem = ending.map { String(name.dropLast($0.count + 1)) } ?? name
        let title = stem.map { $0 == "_" ? " " : $0 }
        return title.allSatisfy { $0 == " " } ? name : String(title)
    }

    /// Small letters, digits and underscores, with single dashes for everything else.
    static func slug(_ text: String, longest: Int) -> String {
        var slug = ""
        for scalar in text.unicodeScalars {
            guard slug.utf8.count < longest else { break }
            if let letters = plain(scalar) {
                slug += letters
            } else if !slug.isEmpty, !slug.hasSuffix("-") {
                slug += "-"
            }
        }
        while slug.hasSuffix("-") { slug.removeLast() }
        return slug
    }

    /// A letter without what hangs on it, as its name in Unicode says; nil for what is no letter of ours.
    private static func plain(_ scalar: Unicode.Scalar) -> String? {
        if scalar.isASCII {
            let isKept = scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_"
            return isKept ? scalar.properties.lowercaseMapping : nil
        }
        if scalar.properties.generalCategory == .nonspacingMark { return "" }
        if scalar == "ß" { return "ss" }
        for prefix in ["LATIN SMALL LETTER ", "LATIN CAPITAL LETTER "] {
            guard let name = scalar.properties.name, name.hasPrefix(prefix) else { continue }
            let letter = name.dropFirst(prefix.count).prefix { $0 != " " }
            return letter.count <= 2 ? letter.lowercased() : nil
        }
        return nil
    }

    private static func padded(_ number: Int64, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    /// The day in UTC. https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    private static func civilDate(_ seconds: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Counted from 1 March of the year 0, so that a leap day is the last of its year.
        let days = max(0, seconds) / 86_400 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
