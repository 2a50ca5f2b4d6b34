/// One HTTP request: what to ask, of whom, and how long and how much to put up with.
///
/// A request is a value. The same one may be sent many times; nothing in it changes by being sent.
public struct HTTPRequest: Sendable, Hashable {
    /// The method in capitals, such as `GET`.
    public var method: String

    /// The absolute address, `http://…` or `https://…`, percent-encoded. It is sent as written: `..` is not resolved.
    public var url: String

    /// Header fields in the order they are sent.
    ///
    /// `Content-Length` follows from what there is to send. A request without `Accept-Encoding` asks for every compression the library
    /// knows and its answer arrives unpacked; a request with one gets the bytes as the server sent them.
    public var headers: [HTTPField]

    /// The bytes to send. `nil` sends none.
    public var body: [UInt8]?

    /// More bytes to send behind those of `body`, of which there must be some: a large part of a file need not be copied
    /// to stand behind the words about it.
    public var attachment: [UInt8] = []

    /// How long and how much this request may take.
    public var limits: HTTPLimits

    public init(
        _ method: String, _ url: String, headers: [HTTPField] = [], body: [UInt8]? = nil, limits: HTTPLimits = .init()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.limits = limits
    }
}

/// One header field.
public struct HTTPField: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// Bounds on one request. Passing a bound ends the request with an error that names it.
public struct HTTPLimits: Sendable, Hashable {
    /// Time to find the address, connect, and agree on encryption.
    public var connect: Duration = .seconds(10)

    /// Time for everything, from `send` to the last byte, including the wait for a free connection.
    public var total: Duration = .seconds(60)

    /// Time without a byte moving in either direction once connected.
    public var stall: Duration = .seconds(30)

    /// Bytes of the response's body, counted after decompression.
    public var responseBytes: Int = 8 << 20

    /// Bytes of the response's status line and header fields.
    public var headerBytes: Int = 64 << 10

    public init() {}
}
