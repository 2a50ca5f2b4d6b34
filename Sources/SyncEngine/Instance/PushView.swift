internal import ContentModel
internal import SyncProtocol

/// What somebody sees of this instance who plans a push to it: what a pull would bring, and nothing else.
struct PushView {
    let initiator: String
    let hooks: any RunHooks
    let outputs: LocalOutputs

    init(_ request: OpenTransfer, hooks: any RunHooks, store: any SourceStore) {
        initiator = request.initiator.id
        self.hooks = hooks
        outputs = LocalOutputs(
            store: store, hooks: hooks, scope: request.scope, peer: request.initiator, of: .push)
    }
}
