/// What the third argument of `app.on` may hold.
public enum OptionName: String, Sendable, CaseIterable, Codable {
    case name
    case priority
    case models
    case targets
    case direction
    case onError = "on_error"
    case volatile
    case timeout
}

extension OptionName {
    /// Type and meaning, for the reference and the editor.
    public var declaration: ValueDeclaration {
        switch self {
        case .name: declare("string", "what the handler is called in reports; the file's name if left out")
        case .priority: declare("integer", "higher runs first, from -1000 to 1000; 0 if left out")
        case .models: declare("string[]", "only items of these models")
        case .targets: declare("string[]", "only runs with these targets")
        case .direction: declare("\"push\"|\"pull\"", "only runs in this direction")
        case .onError: declare("\"abort\"|\"skip_item\"", "what an error does: stops the run, or skips the item")
        case .volatile:
            declare(
                "boolean", "the result depends on more than the item, so it is never reused; allows clock and network")
        case .timeout: declare("number", "seconds that one call may take, up to 300")
        }
    }

    private func declare(_ type: String, _ summary: String) -> ValueDeclaration {
        ValueDeclaration(rawValue, type, summary, isOptional: true)
    }

    /// What `priority` may be.
    public static let priorities = -1_000...1_000

    /// The longest `timeout`, in seconds.
    public static let longestTimeout = 300.0
}
