internal import ContentModel
internal import Foundation
internal import HookHost

/// Writes files of `hooks/` for people, and keeps what they wrote themselves.
struct HookFiles {
    /// The folder that holds `hooks/`.
    let root: URL

    enum Outcome: String {
        case made, kept, replaced, unchanged
    }

    /// Writes a file that is not there yet; what is there stays.
    func make(_ path: String, _ text: String) throws -> Outcome {
        let file = root.appending(path: path)
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            // Made only if it is not there, in one step, so that two commands cannot overwrite each other.
            try Data(text.utf8).write(to: file, options: .withoutOverwriting)
            return .made
        } catch let error as CocoaError where error.code == .fileWriteFileExists {
            return .kept
        } catch {
            throw failure(path, error)
        }
    }

    /// Writes a file that is derived from the catalogue; one of the same name that people wrote is refused.
    func generate(_ path: String, _ text: String) throws -> Outcome {
        let outcome = try make(path, text)
        guard outcome == .kept else { return outcome }
        let file = root.appending(path: path)
        do {
            let present = try String(contentsOf: file, encoding: .utf8)
            guard present != text else { return .unchanged }
            guard present.prefix(while: { !$0.isNewline }).contains(GeneratedFile.mark) else {
                throw TidelockError(
                    .usage, "\(path) was not written by 'tidelock hooks types', so it is not replaced.",
                    hint: "Move it away and run the command again.")
            }
            try text.write(to: file, atomically: true, encoding: .utf8)
            return .replaced
        } catch let error as TidelockError {
            throw error
        } catch {
            throw failure(path, error)
        }
    }

    /// Definitions, settings of the language server, and the reference.
    func generateTypes() throws -> [(path: String, outcome: Outcome)] {
        [
            (EditorTypes.path, try generate(EditorTypes.path, EditorTypes.definitions)),
            (Reference.path, try generate(Reference.path, Reference.page)),
            // People may have settings of their own in it, and JSON has no place for a mark.
            (EditorTypes.serverSettingsPath, try make(EditorTypes.serverSettingsPath, EditorTypes.serverSettings)),
        ]
    }

    static func write(_ outcomes: [(path: String, outcome: Outcome)], asJSON json: Bool) throws {
        if json { return try Output.json(outcomes.map { ["path": $0.path, "result": $0.outcome.rawValue] }) }
        for (path, outcome) in outcomes {
            let word = outcome.rawValue
            try Output.line("\(word)\(String(repeating: " ", count: max(1, 10 - word.count)))\(path)")
        }
    }

    private func failure(_ path: String, _ error: any Error) -> TidelockError {
        TidelockError(
            .storageFailed, "\(root.appending(path: path).path) cannot be written: \(error.localizedDescription)",
            underlying: error)
    }
}
