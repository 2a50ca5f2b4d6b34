internal import ContentModel
internal import Hummingbird
internal import SyncProtocol

/// An answer before it is packed and signed.
struct Answer: Sendable {
    var status: Int
    var body: [UInt8]
    var type = WireBody.json
    /// How many operations a batch holds.
    var operations: Int?
    /// Further headers; those that travel with every answer give way to them.
    var headers: [(name: String, value: String)] = []

    init(status: Int = 200, body: [UInt8], type: String = WireBody.json, operations: Int? = nil) {
        self.status = status
        self.body = body
        self.type = type
        self.operations = operations
    }

    init(status: Int = 200, _ message: some Encodable) throws {
        self.init(status: status, body: try WireBody.encode(message))
    }

    /// Details go only to those who proved to have a key. The documented checks say `"success": false` as well.
    init(_ error: TidelockError, at endpoint: Endpoint?, isSigned: Bool) {
        let isCheck = endpoint == .reach || endpoint == .checkKey
        let body =
            isCheck
            ? try? WireBody.encode(CheckAnswer(failure: error))
            : try? WireBody.encode(ErrorAnswer(error, withDetails: isSigned))
        self.init(status: error.code.traits.httpStatus, body: body ?? [])
    }

    static let empty = Answer(body: [])
}

extension Answer {
    /// The answer as it travels: packed where that pays and the caller takes it, signed where there is a seal.
    func response(to arrival: Arrival?, seal: AnswerSeal? = nil) -> Response {
        var bytes = body
        var headers = HTTPFields()
        let takesZstd = arrival?.header("accept-encoding")?.contains(WireBody.zstd) ?? false
        if takesZstd, type == WireBody.json, let (packed, coding) = try? WireBody.pack(body), let coding {
            bytes = packed
            headers.set("content-encoding", coding)
        }
        if !bytes.isEmpty { headers.set("content-type", type) }
        if status == 401 { headers.set("www-authenticate", "Bearer") }
        headers.set("cache-control", "no-store")
        headers.set("x-content-type-options", "nosniff")
        headers.set(HeaderName.operations, operations.map { "\($0)" })
        let signed = arrival?.endpoint.signedBytes(ofAnswer: bytes, status: status) ?? bytes
        let facts = AnswerFacts(status: status, body: signed, operations: operations)
        headers.set(HeaderName.signature, seal?.signature(of: facts))
        for header in self.headers { headers.set(header.name, header.value) }
        return Response(
            status: .init(code: status), headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension HTTPFields {
    /// Sets a field; nil leaves it out. The names are from this target or `HeaderName`, or were checked where a script
    /// gave them.
    mutating func set(_ name: String, _ value: String?) {
        guard let name = Element.Name(name) else { return }
        self[name] = value
    }
}
