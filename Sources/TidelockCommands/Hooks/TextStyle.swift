internal import Foundation
internal import HookHost

/// Colours, for terminals whose owners want them (https://no-color.org).
struct TextStyle {
    var isColoured: Bool

    static var standardOutput: TextStyle {
        let environment = ProcessInfo.processInfo.environment
        let isUnwanted = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        return TextStyle(isColoured: !isUnwanted && isatty(STDOUT_FILENO) == 1)
    }

    func good(_ text: String) -> String { coloured(text, "32") }
    func bad(_ text: String) -> String { coloured(text, "31") }
    func faint(_ text: String) -> String { coloured(text, "2") }
    func strong(_ text: String) -> String { coloured(text, "1") }

    /// A line of a difference: what is gone in red, what is new in green.
    func line(_ line: LineDifference.Line) -> String {
        let text = "\(line.side.rawValue) \(line.text)"
        return switch line.side {
        case .before: bad(text)
        case .after: good(text)
        case .both: text
        }
    }

    private func coloured(_ text: String, _ code: String) -> String {
        isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
