public import Foundation
import GRDB

/// The content of one Cockpit installation, read from its storage folder and never written.
///
/// Items come in the order in which they depend on each other: models, locales, folders of assets, assets, the items of
/// each collection and tree, singletons. Memory use does not grow with their number. Each database is read in one
/// transaction; the databases have no common snapshot, so links between them may dangle when editors are at work.
///
///     let storage = try CockpitStorage(folder: folder)
///     try storage.forEachItem { item in try store.put(item) }
public struct CockpitStorage: Sendable {
    private let storage: URL

    /// Accepts the root of an installation (or of a space in `.spaces/`) or its `storage/` folder.
    public init(folder: URL) throws {
        let candidates = [folder.appending(path: "storage"), folder]
        guard let storage = candidates.first(where: { Self.isFolder($0.appending(path: "data")) }) else {
            throw Self.noInstallation(in: folder)
        }
        self.storage = storage
    }

    private static func noInstallation(in folder: URL) -> CockpitProblem {
        guard isFolder(folder) else {
            return CockpitProblem(folder.path, "there is no such folder.", hint: "Check the path.")
        }
        return CockpitProblem(
            folder.path, "this is no Cockpit installation: it has neither `storage/data` nor `data`.",
            hint: "Give the folder that holds `storage/`, or that `storage/` folder itself.")
    }

    private static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }

    // MARK: Reading

    /// Reads everything once and tells how much there is and what cannot be taken.
    public func scan() throws -> CockpitInventory {
        var inventory = CockpitInventory()
        try visit { found in
            switch found {
            case .success(let item): inventory.add(item)
            case .failure(let problem): inventory.add(problem)
            }
        }
        return inventory
    }

    /// Calls `body` for every item.
    ///
    /// Reads everything beforehand and throws the first problem before `body` was called at all, because an import
    /// that silently lacks items looks like one that succeeded. With `skippingProblems`, what `scan()` lists as a
    /// problem is left out; of several rows with one id the first is taken, which is the one Cockpit itself finds.
    ///
    /// A row that goes bad between the two readings stops the second one there, so `body` should belong to a
    /// transaction that an error undoes.
    public func forEachItem(skippingProblems: Bool = false, _ body: (CockpitItem) throws -> Void) throws {
        if !skippingProblems, let problem = try scan().problems.first { throw problem }
        try visit { found in
            switch found {
            case .success(let item): try body(item)
            case .failure(let problem): if !skippingProblems { throw problem }
            }
        }
    }

    private func visit(_ body: (CockpitTable.Found) throws -> Void) throws {
        let models = try CockpitModels(folder: storage.appending(path: "content")).visit(body)
        try database("system.sqlite").read { db in
            try CockpitTable.locales.visit(db, body)
        }
        try visitAssets(body)
        try database("content.sqlite").read { db in
            try refuseModelsInDatabase(db)
            for model in models where model.hasTable {
                try CockpitTable.items(of: model.name).visit(db, body)
            }
            try reportTablesWithoutModel(db, models: models, body)
            try CockpitTable.singletons.visit(db, body)
        }
    }

    /// Cockpit makes these databases when they are first used.
    private func visitAssets(_ body: (CockpitTable.Found) throws -> Void) throws {
        let uploads = CockpitUploads(folder: uploads)
        for table in [CockpitTable.assetFolders, .assets] {
            let database = database(table.database)
            guard FileManager.default.fileExists(atPath: database.file.path) else { continue }
            try database.read { db in
                try table.visit(db) { try body($0.flatMap(uploads.located)) }
            }
        }
    }

    /// Where the files of assets lie, which may be a link to somewhere else.
    public var uploads: URL { storage.appending(path: "uploads") }

    private func database(_ name: String) -> QuietDatabase {
        QuietDatabase(storage.appending(path: "data").appending(path: name))
    }

    // MARK: Where files and tables disagree

    /// With `content.models.storage = database` there are no model files: an import would lose every model.
    private func refuseModelsInDatabase(_ db: Database) throws {
        guard try CockpitTable.models.countRows(db) > 0 else { return }
        throw CockpitProblem(
            "content.sqlite: models", "this installation keeps its models in the database.",
            hint: "Set `content.models.storage` back to files in Cockpit, save each model once, and import again.")
    }

    /// Cockpit drops a model's table together with its file, so rows without a model mean that a file is missing.
    private func reportTablesWithoutModel(
        _ db: Database, models: [CockpitModel], _ body: (CockpitTable.Found) throws -> Void
    ) throws {
        let known = Set(models.filter(\.hasTable).map(\.name))
        for table in try CockpitTable.itemTables(db) {
            let model = String(table.dropFirst(CockpitTable.itemPrefix.count))
            let rows = try CockpitTable.items(of: model).countRows(db)
            guard rows > 0, !known.contains(model) else { continue }
            let problem = CockpitProblem(
                "content.sqlite: \(table)", "its \(rows) rows belong to no collection or tree.",
                hint: "Restore `\(model).model.php` in `storage/content`, or drop the table.")
            try body(.failure(problem))
        }
    }
}
