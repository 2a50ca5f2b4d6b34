internal import ContentModel
internal import ContentStore
internal import SyncEngine

/// Takes translations into a project.
///
/// Each part of them is decided about and written in one transaction, so that what somebody else translates meanwhile
/// is neither overlooked nor lost.
struct TranslationImport {
    /// What became of the keys.
    struct Outcome {
        /// The project was made by this import.
        var isNew = false
        var created = 0
        var updated = 0
        var unchanged = 0

        mutating func add(_ part: Outcome) {
            isNew = isNew || part.isNew
            created += part.created
            updated += part.updated
            unchanged += part.unchanged
        }
    }

    private let project: String
    private let kind: Kind
    private let translations: TranslationFile
    private let locales: [String]
    private let missingOnly: Bool
    /// Where the translations come from, for messages.
    private let place: String

    /// Keys that are written together: a transaction of a bearable size.
    private static let part = 2_000

    /// Throws `invalid_name` for what cannot be a project.
    init(_ translations: TranslationFile, from place: String, into project: String, missingOnly: Bool) throws {
        self.translations = translations
        self.place = place
        self.project = project
        self.missingOnly = missingOnly
        locales = translations.locales
        kind = try Kind.translations(of: project)
    }

    /// As one edit, which can be undone as one; none where the first look finds nothing to do.
    func perform(in instance: Instance) async throws -> Outcome {
        let all = translations.entries[...]
        let look = try step(all, await instance.store.bodies(of: items(of: all)))
        guard !look.changes.isEmpty else { return look.outcome }
        let what = "lokalize import \(project) \(place)"
        var outcome = Outcome()
        _ = try await instance.auditing(.import, target: what) {
            try await LocalEdit(instance: instance).perform(what, direction: "import") { writer in
                try write(&writer) { outcome.add($0) }
            }
        }
        return outcome
    }

    private func write(_ writer: inout LocalEdit.Writer, _ note: (Outcome) -> Void) throws {
        var rest = translations.entries[...]
        repeat {
            let part = rest.prefix(Self.part)
            rest = rest.dropFirst(Self.part)
            var outcome = Outcome()
            try writer.write(reading: items(of: part)) { present in
                let step = try step(part, present)
                outcome = step.outcome
                return step.changes
            }
            note(outcome)
        } while !rest.isEmpty
    }

    private func items(of entries: ArraySlice<TranslationFile.Entry>) -> [ItemKey] {
        [ItemKey(.translationProjects, project)] + entries.map { ItemKey(kind, $0.key) }
    }

    /// What some of the keys make of what is here. Throws, naming the file, where one of them can be no item.
    private func step(
        _ entries: ArraySlice<TranslationFile.Entry>, _ present: [ItemKey: JSONDocument]
    ) throws -> (changes: [LocalChange], outcome: Outcome) {
        let old = present[ItemKey(.translationProjects, project)].map { TranslationProject($0) }
        let new = old?.adding(locales) ?? TranslationProject(name: project, locales: locales)
        let known = entries.compactMap { present[ItemKey(kind, $0.key)] }.map { Translation($0) }
        let intake = TranslationIntake(entries, into: known, missingOnly: missingOnly)
        var changes = try intake.items.map { try ItemFile.put($0.item.bytes, kind: kind, at: place) }
        if new != old {
            changes.insert(try ItemFile.put(new.item.bytes, kind: .translationProjects, at: place), at: 0)
        }
        let outcome = Outcome(
            isNew: old == nil, created: intake.created, updated: intake.updated, unchanged: intake.unchanged)
        return (changes, outcome)
    }
}
