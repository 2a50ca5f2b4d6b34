import ContentModel
import Foundation
import SyncProtocol

/// A request as it was seen on the wire.
struct RecordedRequest: Sendable {
    var method: String
    var target: String
    var headers: [String: String]
    var body: [UInt8]
    /// Every byte of it.
    var raw: [UInt8]

    /// The requests in what one connection sent; one that broke off is left out.
    static func all(in bytes: [UInt8]) -> [RecordedRequest] {
        var requests: [RecordedRequest] = []
        var rest = bytes[...]
        while let head = HTTPHead(rest), head.length + head.contentLength <= rest.count {
            let words = head.first.split(separator: " ")
            guard words.count == 3 else { break }
            let raw = rest.prefix(head.length + head.contentLength)
            requests.append(
                RecordedRequest(
                    method: String(words[0]), target: String(words[1]), headers: head.headers,
                    body: Array(raw.dropFirst(head.length)), raw: Array(raw)))
            rest = rest.dropFirst(raw.count)
        }
        return requests
    }

    /// The body before it was packed: control messages say so in a header, batches are always packed.
    var unpackedBody: [UInt8] {
        get throws {
            let isBatch = headers["content-type"] == WireBody.batch
            return try WireBody.unpack(body, coding: isBatch ? WireBody.zstd : headers["content-encoding"])
        }
    }
}

/// An answer to a request of a test's own.
struct HTTPAnswer: Sendable {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]

    /// Sends these very bytes, and reads one answer.
    static func of(_ request: some Sequence<UInt8> & Sendable, at port: Int) async throws -> HTTPAnswer {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try exchange(Array(request), port: port) })
            }
        }
    }

    static func of(_ request: String, at port: Int) async throws -> HTTPAnswer {
        try await of(request.utf8, at: port)
    }

    private static func exchange(_ request: [UInt8], port: Int) throws -> HTTPAnswer {
        let connection = try Connection(to: port)
        try connection.write(request)
        var bytes: [UInt8] = []
        while let part = connection.read() {
            bytes += part
            guard let head = HTTPHead(bytes[...]), bytes.count >= head.length + head.contentLength else { continue }
            let status = head.first.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            return HTTPAnswer(
                status: status, headers: head.headers,
                body: Array(bytes[head.length..<head.length + head.contentLength]))
        }
        throw CocoaError(.fileReadCorruptFile)
    }

    var json: JSONValue? {
        guard let body = try? WireBody.unpack(body, coding: headers["content-encoding"]) else { return nil }
        return (try? JSONDocument(validating: body)).map { JSONValue($0) }
    }

    /// The code of an error answer.
    var code: String? {
        if case .string(let code)? = json?["error"]?["code"] { code } else { nil }
    }
}

/// The lines before the body of a request or an answer.
struct HTTPHead {
    var first: String
    var headers: [String: String] = [:]
    /// Bytes up to where the body begins.
    var length: Int

    init?(_ bytes: ArraySlice<UInt8>) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        length = end.upperBound - bytes.startIndex
        var lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        first = lines.removeFirst()
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
    }

    var contentLength: Int { headers["content-length"].flatMap { Int($0) } ?? 0 }
}
