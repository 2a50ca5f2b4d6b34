/// Settings shared by all requests of one client.
///
/// Certificates are always checked; there is no option to turn that off. Name a private authority instead.
public struct HTTPClientOptions: Sendable {
    /// Decides whether a connection to `address` may be opened for a request to `host` and `port`.
    public typealias AddressPolicy = @Sendable (_ address: String, _ host: String, _ port: Int) -> Bool

    /// Path of a PEM file with the authorities to trust *instead of* the system's.
    /// To trust both, put both into the file.
    public var certificateAuthorities: String?

    /// Whether `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` count.
    /// They never do when there is an `addressPolicy`.
    public var useProxyFromEnvironment: Bool = true

    /// What to send as `User-Agent` unless a request brings its own.
    public var userAgent: String = "CurlHTTP/1"

    /// Asked for every new connection, after the name was resolved and before a packet is sent; `false` ends the request
    /// with `.addressRefused`. A name that resolves to something else a moment later is therefore caught as well.
    ///
    /// It sees the addresses this process connects to. A proxy would resolve names and connect out of its sight, so a
    /// client with a policy connects directly. It is called on the transfer thread: it must be quick and must not wait
    /// for the client.
    public var addressPolicy: AddressPolicy?

    /// Requests that may be under way to one host and port at once; the rest wait their turn.
    public var maximumConnectionsPerHost: Int = 8

    public init() {}
}
