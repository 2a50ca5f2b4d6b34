/// Collects the header lines of a response, as they arrive, into fields.
///
/// Pure: no I/O, no clock. Several heads may arrive for one request (`100 Continue`, then the answer); each status line
/// starts anew. Fields after the body (trailers) are counted but not taken: nothing may claim afterwards what the body
/// was.
struct ResponseHead: Sendable {
    private(set) var fields: [HTTPField] = []
    private(set) var byteCount = 0
    private let limit: Int
    /// Whether the empty line that ends a head has arrived.
    private(set) var isComplete = false

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether anything of a response was seen.
    var hasBegun: Bool { byteCount > 0 }

    /// Takes one line with its line break. Returns `false` when the limit is passed.
    mutating func take(_ line: some Collection<UInt8>) -> Bool {
        byteCount += line.count
        guard byteCount <= limit else { return false }
        let text = line.trimmed
        if line.starts(with: "HTTP/".utf8) {
            fields = []
            isComplete = false
        } else if text.isEmpty {
            isComplete = true
        } else if !isComplete {
            add(text, isContinuation: line.first.map(isBlank) ?? false)
        }
        return true
    }

    /// The fields as they describe the body handed over.
    func fields(describingUnpackedBody isUnpacked: Bool) -> [HTTPField] {
        guard isUnpacked, fields.contains(where: { $0.isNamed("content-encoding") }) else { return fields }
        return fields.filter { !$0.isNamed("content-encoding") && !$0.isNamed("content-length") }
    }

    private mutating func add(_ text: some Collection<UInt8>, isContinuation: Bool) {
        if isContinuation, !fields.isEmpty {
            fields[fields.count - 1].value += " " + String(decoding: text, as: UTF8.self)
        } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
            let value = text[text.index(after: colon)...].trimmed
            fields.append(
                HTTPField(String(decoding: text[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
    }
}

private func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
}

extension Collection<UInt8> {
    fileprivate var trimmed: [UInt8] {
        let start = drop(while: isBlank)
        return Array(start.reversed().drop(while: isBlank).reversed())
    }
}
