internal import ContentStore
internal import SyncEngine

/// What the process that drives a run has to do with: its store, and another instance. It may die at each call to them.
struct TestProcess: Sendable {
    let store: any SourceStore & DestinationStore
    let peer: any Peer
    /// The other instance's end of the way that files take.
    let files: any BlobSource & BlobDestination

    /// - Parameter responder: who `peer` leads to
    init(_ store: Store, _ peer: any Peer, _ responder: any Peer, _ point: CrashPoint?) {
        let source = responder as? any BlobSource ?? NoBlobs()
        let destination = responder as? any BlobDestination ?? NoBlobs()
        let point = point ?? CrashPoint()
        self.store = DyingStore(store: store, point: point)
        self.peer = DyingPeer(peer: peer, point: point)
        files = DyingFiles(source: source, destination: destination, point: point)
    }
}
