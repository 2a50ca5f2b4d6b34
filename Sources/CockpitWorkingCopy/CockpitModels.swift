import Foundation

/// What reading the items needs to know of a model.
struct CockpitModel: Sendable {
    var name: String
    /// Collections and trees have a table of their own; all singletons share one.
    var hasTable: Bool
}

/// The folder `storage/content`, which holds one PHP file for each model.
struct CockpitModels {
    let folder: URL

    private static let suffix = ".model.php"

    /// Reports every model as an item or as a problem, in order of names, and answers which models there are.
    func visit(_ body: (CockpitTable.Found) throws -> Void) throws -> [CockpitModel] {
        try names().map { name in
            let found = read(name)
            try body(found.map(\.item))
            // A model that cannot be read may have items all the same.
            return (try? found.get().model) ?? CockpitModel(name: name, hasTable: true)
        }
    }

    private func names() throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(Self.suffix) }
                .map { String($0.dropLast(Self.suffix.count)) }
                .sorted()
        } catch {
            throw CockpitProblem(folder.path, "the folder cannot be listed.", hint: "Allow reading it.")
        }
    }

    private func read(_ name: String) -> Result<(model: CockpitModel, item: CockpitItem), CockpitProblem> {
        let file = folder.appending(path: name + Self.suffix)
        let source = "content/\(file.lastPathComponent)"
        guard let bytes = try? Data(contentsOf: file) else {
            return .failure(CockpitProblem(source, "the file cannot be read.", hint: "Allow reading it."))
        }
        do throws(PHPLiteralError) {
            let value = try PHPLiteral.parse([UInt8](bytes))
            return check(value, name: name, source: source).map { model in
                (model, CockpitItem(kind: "models", id: name, json: value.json, source: source))
            }
        } catch {
            return .failure(
                CockpitProblem(
                    source, "line \(error.line): \(error.message).",
                    hint: "Save the model once in Cockpit, which writes it anew, or mend the line."))
        }
    }

    private func check(_ value: PHPValue, name: String, source: String) -> Result<CockpitModel, CockpitProblem> {
        guard value["name"]?.stringValue == name else {
            return .failure(
                CockpitProblem(
                    source, "the `name` inside differs from the name of the file.",
                    hint: "Make both the same; Cockpit finds a model by its file."))
        }
        switch value["type"]?.stringValue {
        case "collection", "tree": return .success(CockpitModel(name: name, hasTable: true))
        case "singleton": return .success(CockpitModel(name: name, hasTable: false))
        default:
            return .failure(
                CockpitProblem(
                    source, "the `type` is none of `collection`, `tree` and `singleton`.",
                    hint: "Save the model once in Cockpit."))
        }
    }
}
