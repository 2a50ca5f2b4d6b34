internal import ArgumentParser
internal import ContentModel

/// A word that stands where a command is expected, and is none.
enum UnknownCommand {
    /// What whoever wrote it is told; nil where something else is wrong with the arguments.
    static func complaint(_ arguments: [String], of root: any ParsableCommand.Type) -> TidelockError? {
        var command = root
        var path: [String] = []
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "-C" {
                rest = rest.dropFirst()
                continue
            }
            // Not as a key path: the compiler cannot make one of a type that is known only when it is used.
            let names = command.configuration.subcommands.compactMap { $0.configuration.commandName }
            // Behind an option of a command that is understood by itself, its value could be taken for a word.
            guard !word.hasPrefix("-"), !names.isEmpty, word != "help" else { return nil }
            guard let next = command.configuration.subcommands.first(where: { $0.configuration.commandName == word })
            else { return complaint(word, behind: path, names) }
            command = next
            path.append(word)
        }
        return nil
    }

    private static func complaint(_ word: String, behind path: [String], _ names: [String]) -> TidelockError {
        let name = (path + [word.printable]).joined(separator: " ")
        let help = (["help"] + path).joined(separator: " ")
        return TidelockError(
            .usage, "There is no command '\(name)'.\(didYouMean(word, among: names))",
            hint: "'tidelock \(help)' lists the commands.")
    }
}
