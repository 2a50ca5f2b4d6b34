/// A complete answer. Every status counts: 404 and 500 are answers too, not errors.
public struct HTTPResponse: Sendable, Hashable {
    public var status: Int

    /// Header fields in the order they arrived. They describe `body`: when the body was unpacked here, the fields that
    /// described its packed form (`Content-Encoding`, `Content-Length`) are left out.
    public var headers: [HTTPField]

    public var body: [UInt8]

    /// Bytes of the request as sent, header and body, without what TLS adds.
    public var bytesSent: Int

    /// Bytes of the answer as received, header and packed body, without what TLS and chunking add.
    public var bytesReceived: Int

    /// The address the answer came from; the proxy's when there was one.
    public var remoteAddress: String

    public init(
        status: Int, headers: [HTTPField] = [], body: [UInt8] = [], bytesSent: Int = 0, bytesReceived: Int = 0,
        remoteAddress: String = ""
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.remoteAddress = remoteAddress
    }

    /// The value of the first field called `name`, whatever the case of its letters.
    public func header(_ name: String) -> String? {
        headers.first { $0.isNamed(name) }?.value
    }

    /// When the answer was made by the clock of the server, in Unix seconds. `nil` if it does not say.
    public var date: Int64? { header("date").flatMap(unixSeconds) }
}

extension HTTPField {
    /// Whether this is the field called `name`. Names of fields ignore case.
    func isNamed(_ name: String) -> Bool {
        self.name.utf8.count == name.utf8.count && self.name.lowercased() == name.lowercased()
    }
}
