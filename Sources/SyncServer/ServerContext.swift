internal import Hummingbird

/// What is known of a request's connection.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Address of the other end of the connection, which may be a proxy's.
    let peerAddress: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peerAddress = source.channel.remoteAddress?.ipAddress
    }
}
