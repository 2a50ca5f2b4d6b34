/// The words somebody looks for, as FTS5 phrases in which nothing is an operator.
struct SearchWords {
    /// One query for each word; the last one finds beginnings of words too.
    let phrases: [String]

    /// More than these narrow nothing down, and each of them costs.
    private static let most = 16
    private static let longest = 100

    init(_ text: String) {
        let words = text.split { $0.isWhitespace }.filter { $0.contains { $0.isLetter || $0.isNumber } }
            .prefix(Self.most)
        phrases = words.enumerated().map { position, word in
            let plain = String(word.prefix(Self.longest).filter { $0 != "\"" && $0 != "\0" })
            return position == words.count - 1 ? "\"\(plain)\" *" : "\"\(plain)\""
        }
    }
}
