import CockpitWorkingCopy
import Foundation
import Testing

/// What cannot be taken over is named, and nothing is left out in silence.
struct CockpitProblemTests {
    @Test(arguments: [
        (#"'{"_id":"x"'"#, "is not valid JSON"),
        (#"'["_id"]'"#, "is not a JSON object"),
        (#"'{"title":"x"}'"#, "has no `_id`"),
        (#"'{"_id":7}'"#, "has no `_id`"),
        (#"'{"_id":""}'"#, "has an empty `_id`"),
        ("NULL", "is not stored as text"),
        ("x'7b7d'", "is not stored as text"),
    ])
    func aSpoiledRowIsNamed(document: String, verdict: String) throws {
        let fixture = try CockpitFixture()
        try fixture.write("content.sqlite", "INSERT INTO collections_authors (document) VALUES (\(document))")
        let inventory = try CockpitStorage(folder: fixture.root).scan()
        #expect(inventory.problemCount == 1)
        #expect(
            inventory.problems.first?.message == "content.sqlite: collections_authors row 17: the document \(verdict).")
        #expect(inventory.itemCount == 228)
    }

    @Test func aRepeatedIdIsAProblemOfTheLaterRow() throws {
        let fixture = try CockpitFixture()
        try fixture.write(
            "content.sqlite",
            "INSERT INTO collections_authors (document) SELECT document FROM collections_authors LIMIT 1")
        let storage = try CockpitStorage(folder: fixture.root)
        #expect(
            try storage.scan().problems.map(\.message) == [
                "content.sqlite: collections_authors row 17: "
                    + "the `_id` `6b03f58b686c82317e382025` is already in row 1."
            ])
        var sources: [String] = []
        try storage.forEachItem(skippingProblems: true) { item in
            if item.id == "6b03f58b686c82317e382025" { sources.append(item.source) }
        }
        #expect(sources == ["content.sqlite: collections_authors row 1"])
    }

    @Test func withAProblemNothingIsTakenUnlessAsked() throws {
        let fixture = try CockpitFixture()
        try fixture.write("content.sqlite", "UPDATE singletons SET document = 'x'")
        let storage = try CockpitStorage(folder: fixture.root)
        var taken = 0
        #expect(throws: CockpitProblem.self) { try storage.forEachItem { _ in taken += 1 } }
        #expect(taken == 0)
        try storage.forEachItem(skippingProblems: true) { _ in taken += 1 }
        #expect(taken == 227)
    }

    @Test func anAssetWithoutItsFileIsNamed() throws {
        let fixture = try CockpitFixture()
        let logo = fixture.file("storage/uploads/2026/11/23/logo_uid_6b03f58b8ad4d.svg")
        try FileManager.default.removeItem(at: logo)
        try fixture.write("app.sqlite", #"INSERT INTO assets (document) VALUES ('{"_id":"x","title":"no file"}')"#)
        let storage = try CockpitStorage(folder: fixture.root)
        #expect(
            try storage.scan().problems.map(\.message) == [
                "app.sqlite: assets row 11: the file `\(logo.path)` is missing.",
                "app.sqlite: assets row 13: the asset `x` names no file.",
            ])
        var taken = 0
        try storage.forEachItem(skippingProblems: true) { if $0.kind == "assets" { taken += 1 } }
        #expect(taken == 11)
    }

    @Test func aModelThatCannotBeReadIsNamedWithItsLine() throws {
        let fixture = try CockpitFixture()
        try write("<?php\nreturn [\n  'name' => strtolower('X'),\n];", "authors", in: fixture)
        let inventory = try CockpitStorage(folder: fixture.root).scan()
        #expect(
            inventory.problems.map(\.message) == [
                "content/authors.model.php: line 3: expected a value, found `strtolower`."
            ])
        #expect(inventory.counts.contains { $0.kind == "content/authors" && $0.items == 16 })
    }

    @Test func aModelMustBeNamedLikeItsFileAndHaveAKnownType() throws {
        let fixture = try CockpitFixture()
        try write("<?php return ['name' => 'writers', 'type' => 'collection'];", "authors", in: fixture)
        try write("<?php return ['name' => 'navigation', 'type' => 'forest'];", "navigation", in: fixture)
        #expect(
            try CockpitStorage(folder: fixture.root).scan().problems.map(\.message) == [
                "content/authors.model.php: the `name` inside differs from the name of the file.",
                "content/navigation.model.php: the `type` is none of `collection`, `tree` and `singleton`.",
            ])
    }

    @Test func rowsWithoutAModelAreNamed() throws {
        let fixture = try CockpitFixture()
        try FileManager.default.removeItem(at: fixture.file("storage/content/authors.model.php"))
        #expect(
            try CockpitStorage(folder: fixture.root).scan().problems.map(\.message) == [
                "content.sqlite: collections_authors: its 16 rows belong to no collection or tree."
            ])
    }

    @Test func modelsInTheDatabaseAreRefused() throws {
        let fixture = try CockpitFixture()
        try fixture.write(
            "content.sqlite",
            """
            CREATE TABLE models (id INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT);
            INSERT INTO models (document) VALUES ('{"name":"x"}');
            """)
        expectProblem("content.sqlite: models: this installation keeps its models in the database.", fixture.root)
    }

    @Test func aMissingDatabaseIsNamed() throws {
        let fixture = try CockpitFixture()
        try FileManager.default.removeItem(at: fixture.file("storage/data/system.sqlite"))
        expectProblem(
            "system.sqlite: the file is missing in \(fixture.file("storage/data").path).", fixture.root)
    }

    @Test func aFileThatIsNoDatabaseIsNamed() throws {
        let fixture = try CockpitFixture()
        try Data("not a database, just some text".utf8).write(to: fixture.file("storage/data/content.sqlite"))
        expectProblem("content.sqlite: this file is no SQLite database.", fixture.root)
    }

    @Test func aFolderThatIsNoInstallationIsRefused() throws {
        let fixture = try CockpitFixture()
        let models = fixture.file("storage/content")
        expectProblem(
            "\(models.path): this is no Cockpit installation: it has neither `storage/data` nor `data`.", models)
        let nowhere = fixture.file("nowhere")
        expectProblem("\(nowhere.path): there is no such folder.", nowhere)
    }

    @Test func theListOfProblemsIsBoundedButCountedOn() throws {
        let fixture = try CockpitFixture()
        try fixture.write(
            "content.sqlite",
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
            INSERT INTO collections_authors (document) SELECT '{}' FROM n
            """)
        let inventory = try CockpitStorage(folder: fixture.root).scan()
        #expect(inventory.problemCount == 1500)
        #expect(inventory.problems.count == CockpitInventory.listedProblems)
    }

    private func expectProblem(_ message: String, _ folder: URL) {
        let problem = #expect(throws: CockpitProblem.self) { try CockpitStorage(folder: folder).scan() }
        #expect(problem?.message == message)
    }

    private func write(_ php: String, _ model: String, in fixture: borrowing CockpitFixture) throws {
        try Data(php.utf8).write(to: fixture.file("storage/content/\(model).model.php"))
    }
}
