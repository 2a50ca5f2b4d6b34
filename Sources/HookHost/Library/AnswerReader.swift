internal import ContentModel
internal import LuaRuntime
internal import SyncEngine

/// The functions on `ctx` by which a handler of `app.route` says more about its answer than the body.
enum AnswerMark: String, CaseIterable {
    case status, header
}

extension ScriptedAnswer {
    /// What a handler returned and said on `ctx`.
    ///
    /// The returned value is the body and nothing else, so that a table with a field `status` is data like any other.
    /// Throws `HostError` for what cannot be sent.
    init(_ outcome: LuaOutcome) throws {
        guard outcome.returnedCount <= 1 else {
            throw HostError("it returned more than one value; set the status by ctx.status(number)")
        }
        let (type, body) = try Self.body(outcome.returned)
        self.init(status: outcome.returned == .nil ? 204 : 200, body: body)
        if let type { headers = [Header("content-type", type)] }
        for mark in outcome.marks { try take(mark) }
        try check(hasValue: outcome.returned != .nil)
    }

    private static func body(_ value: LuaValue) throws -> (type: String?, bytes: [UInt8]) {
        switch value {
        case .nil: return (nil, [])
        case .string(let bytes): return ("text/plain; charset=utf-8", bytes)
        default: return ("application/json", try LuaJSON.document(value, documents: [], for: "the answer").bytes)
        }
    }

    private mutating func take(_ mark: LuaMark) throws {
        switch AnswerMark(rawValue: mark.name) {
        case .status:
            guard let number = mark.values.first?.wholeNumber, (200...599).contains(number) else {
                throw HostError("ctx.status needs a whole number from 200 to 599")
            }
            status = number
        case .header:
            guard mark.values.count == 2, let name = mark.values[0].text?.lowercased(), let value = mark.values[1].text
            else { throw HostError("ctx.header needs a name and a value, both strings") }
            try Self.check(name, value)
            headers.removeAll { $0.name == name }
            headers.append(Header(name, value))
        case nil: break
        }
    }

    private func check(hasValue: Bool) throws {
        guard body.count <= HookLimits.answerBytes else {
            throw HostError("the answer has \(body.count) bytes, more than \(HookLimits.answerBytes)")
        }
        guard headers.count <= HookLimits.answerHeaders else {
            throw HostError("the answer has more than \(HookLimits.answerHeaders) headers")
        }
        // RFC 9110, 15.3.5 and 15.4.5: such an answer ends with its head, and what follows would be read as the next.
        guard !hasValue || (status != 204 && status != 304) else {
            throw HostError("an answer with status \(status) has no body, so the handler must return nothing")
        }
    }
}

// MARK: - Headers

extension ScriptedAnswer {
    /// What the connection or the server decides, and what peers trust because only the server can write it.
    private static let reserved: Set<String> = [
        "connection", "content-encoding", "content-length", "date", "keep-alive", "proxy-connection", "server", "te",
        "trailer", "transfer-encoding", "upgrade",
    ]

    private static func check(_ name: String, _ value: String) throws {
        guard isToken(name) else { throw HostError("'\(name.printable)' cannot be the name of a header") }
        guard !reserved.contains(name), !name.hasPrefix("tidelock-") else {
            throw HostError("the header '\(name)' is set by the server alone")
        }
        let isPrintable = value.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
        guard isPrintable, value.utf8.count <= HookLimits.answerHeaderBytes else {
            throw HostError(
                "the value of header '\(name)' must be printable ASCII of up to \(HookLimits.answerHeaderBytes) bytes")
        }
    }

    /// RFC 9110, 5.6.2, in lower case.
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 100
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
