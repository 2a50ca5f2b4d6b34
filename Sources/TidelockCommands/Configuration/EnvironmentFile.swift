internal import ContentModel
internal import Foundation

/// Variables from the process and from an instance's `.env`; the process wins.
struct EnvironmentFile {
    private var variables: [String: String]

    /// Lines of `NAME=value`; blank lines and lines that begin with `#` do not count, quotes around a value are
    /// taken off. Throws `bad_setting` naming the line for anything else.
    init(_ file: URL, process: [String: String] = ProcessInfo.processInfo.environment) throws {
        variables = process
        guard let data = FileManager.default.contents(atPath: file.path) else { return }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let text = line.trimmingCharacters(in: .whitespaces)
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            guard let separator = text.firstIndex(of: "="), separator != text.startIndex else {
                throw TidelockError(.badSetting, "\(file.path):\(number + 1) is not of the form NAME=value.")
            }
            let name = text[..<separator].trimmingCharacters(in: .whitespaces)
            if variables[name] == nil { variables[name] = Self.unquoted(text[text.index(after: separator)...]) }
        }
    }

    subscript(name: String) -> String? { variables[name] }

    private static func unquoted(_ text: Substring) -> String {
        let value = text.trimmingCharacters(in: .whitespaces)
        for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
            return String(value.dropFirst().dropLast())
        }
        return value
    }
}
