internal import ContentModel
internal import ContentStore

extension Instance {
    /// The kinds by which names of items are read: those of which something is or was here, and the items of models
    /// that are defined here.
    func namedKinds() async throws -> [Kind] {
        let models = try await store.modelNames().compactMap { try? Kind.content($0) }
        return Set(try await store.kinds() + models).sorted()
    }
}
