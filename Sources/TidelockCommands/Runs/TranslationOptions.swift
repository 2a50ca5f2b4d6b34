internal import ArgumentParser
internal import ContentModel

/// What a run moves of translations. Each of these options chooses the job lokalize, which then is the only one unless
/// others are chosen too.
struct TranslationOptions: ParsableArguments {
    @Option(help: "Only the translations of these projects, separated by commas; \(TranslationOptions.alone)")
    var projects: String?
    @Flag(help: "Translations: only add keys that the destination does not have; \(TranslationOptions.alone)")
    var missingKeysOnly = false
    @Flag(help: "Translations: also fill in values that keys there lack; \(TranslationOptions.alone)")
    var missingValues = false

    private static let alone = "without --only, --models or --items no other job takes part."

    /// Whether an option says what to move.
    var selects: Bool { projects != nil || missingKeysOnly || missingValues }

    var rule: TranslationSelection.Rule { missingValues ? .missingValues : missingKeysOnly ? .missingKeys : .override }

    /// Nil where nothing is narrowed. Throws `invalid_name`.
    func selection(projects names: [String]?) throws -> TranslationSelection? {
        for name in names ?? [] { _ = try Kind.translations(of: name) }
        let selection = TranslationSelection(projects: names, rule: rule)
        return selection == .whole ? nil : selection
    }
}
