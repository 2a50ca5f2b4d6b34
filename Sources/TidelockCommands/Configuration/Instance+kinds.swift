internal import ArgumentParser
internal import ContentModel
internal import ContentStore

extension Instance {
    /// The kinds by which names of items are read: those of which something is or was here, and the items of models
    /// that are defined here.
    func namedKinds() async throws -> [Kind] {
        let models = try await store.modelNames().compactMap { try? Kind.content($0) }
        return Set(try await store.kinds() + models).sorted()
    }

    /// The kind that an argument names: in full, or by the name of a model that is here, for its items. Throws
    /// `unknown_kind`: what is misspelt must not become a model of its own.
    func kind(_ name: String) async throws -> Kind {
        do {
            return try Kind(name)
        } catch var error as TidelockError where error.code == .unknownKind {
            let models = try await store.modelNames()
            if models.contains(name) { return try Kind.content(name) }
            error.message += didYouMean(name, among: models + (try await namedKinds()).map(\.name))
            throw error
        }
    }

    /// A kind of which all items are meant. Throws `unknown_kind` also for a model and a project of which nothing is or
    /// was here: no items at all would look as if the name were right.
    func knownKind(_ name: String) async throws -> Kind {
        let kind = try await kind(name)
        if let scope = kind.namedScope, let unknown = try await store.unknownSelection(in: scope) { throw unknown }
        return kind
    }

    func knownKind(_ name: String?) async throws -> Kind? {
        guard let name else { return nil }
        return try await self.knownKind(name) as Kind
    }
}

extension Kind {
    /// A selection of the model or the project that its name has in it; nil for a kind with a name of its own.
    fileprivate var namedScope: Scope? {
        if let model { return Scope(models: [model]) }
        return project.map { Scope(jobs: [.lokalize], translations: TranslationSelection(projects: [$0])) }
    }

    /// What the argument of a command is that names a kind.
    static let help: ArgumentHelp = "\(Kind.forms); the name of a model that is here stands for its items."
}
