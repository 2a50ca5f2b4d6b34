internal import Hummingbird
internal import NIOCore

/// What is known of a request's connection.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Address of the other end of the connection, which may be a proxy's.
    let peerAddress: String?
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peerAddress = source.channel.remoteAddress?.ipAddress
        channel = source.channel
    }

    /// Reads more from the connection at once. For those who proved who they are: what is read waits in memory.
    func widenReads() async throws {
        let allocator = AdaptiveRecvByteBufferAllocator(minimum: 1 << 10, initial: 64 << 10, maximum: 128 << 10)
        try await channel.setOption(.recvAllocator, value: allocator).get()
    }
}
