internal import ContentModel
internal import SyncProtocol

/// A request whose token and body hold.
struct SignedCall: Sendable {
    let arrival: Arrival
    let token: VerifiedToken
    /// The body as it travelled.
    let body: [UInt8]

    /// The message in the body. Throws `malformed_message` and `too_large`.
    func message<Message: Decodable>(_ type: Message.Type = Message.self) throws -> Message {
        let plain = try WireBody.unpack(body, coding: arrival.header("content-encoding"))
        return try WireBody.decode(type, from: plain)
    }

    var mayPull: Bool { Need.pull.isMet(by: token.key.rights) }

    /// The transfer that the path names.
    var transfer: String {
        get throws {
            let id = try arrival.parameter("id")
            try checkTransferID(id)
            return id
        }
    }

    /// The transfer that the request is about, as far as that can be told: of the path, or of an open.
    var run: String? {
        guard arrival.endpoint.traits.path.hasPrefix(Endpoint.openTransfer.traits.path) else { return nil }
        guard arrival.endpoint == .openTransfer else { return try? transfer }
        guard let open = try? message(OpenTransfer.self), (try? checkTransferID(open.id)) != nil else { return nil }
        return open.id
    }

    /// What long work is called that the request asks for: the same for its repetitions.
    var workKey: String {
        "\(arrival.endpoint.rawValue) \(arrival.path) \(token.issuer) \(token.bodyDigest)"
    }

    /// What the caller's own open of a transfer is called, whatever else it asks for.
    func opening(of transfer: String) -> String { "\(token.issuer) \(transfer)" }

    /// The number of the batch that the path names.
    var batchNumber: Int {
        get throws {
            guard let number = Int(try arrival.parameter("n")), number > 0 else {
                throw TidelockError(.malformedMessage, "The path names no batch.")
            }
            return number
        }
    }
}

/// Ids go into the store and into messages, so they are plain. Throws `malformed_message`.
func checkTransferID(_ id: String) throws {
    let isPlain = id.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
    guard isPlain, (1...64).contains(id.utf8.count) else {
        throw TidelockError(.malformedMessage, "The id of the transfer is not one.")
    }
}
