internal import ContentModel
internal import Foundation

/// Control messages in JSON, compressed with zstd where it pays.
public enum WireBody {
    public static let zstd = "zstd"
    public static let json = "application/json"
    /// A batch is compressed already; calling that its type and not its coding keeps proxies and clients from
    /// unpacking what was signed packed.
    public static let batch = "application/zstd"
    /// Bytes of files travel as they are: most are compressed already.
    public static let blob = "application/octet-stream"

    /// Keys are sorted, so that the same message is always the same bytes.
    public static func encode(_ message: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(message))
        } catch {
            throw TidelockError(
                .internalFailure, "A \(type(of: message)) message could not be written.", underlying: error)
        }
    }

    /// Throws `malformed_message`, saying which member is wrong but never what it holds.
    public static func decode<Message: Decodable>(_ type: Message.Type, from bytes: [UInt8]) throws -> Message {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            let path = (error as? DecodingError)?.place ?? ""
            let place = path.isEmpty ? "" : " at '\(path)'"
            throw TidelockError(.malformedMessage, "This is not a \(type) message\(place).")
        }
    }

    /// The bytes that travel, and their `Content-Encoding`.
    public static func pack(_ bytes: [UInt8]) throws -> (bytes: [UInt8], coding: String?) {
        guard bytes.count > Limits.uncompressedBytes else { return (bytes, nil) }
        return (try Zstandard.compress(bytes), zstd)
    }

    /// The bytes before they were packed. Throws `too_large` and `malformed_message`.
    public static func unpack(_ bytes: [UInt8], coding: String?) throws -> [UInt8] {
        switch coding?.lowercased() {
        case nil, "", "identity": bytes
        case zstd: try Zstandard.decompress(bytes, limit: Limits.decompressedBytes)
        case let other?:
            throw TidelockError(
                .malformedMessage, "The body is encoded with '\(other.printable)', which is not known here.")
        }
    }
}

extension DecodingError {
    fileprivate var place: String {
        switch self {
        case .keyNotFound(let key, let context): path(context.codingPath + [key])
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            path(context.codingPath)
        @unknown default: ""
        }
    }

    private func path(_ keys: [any CodingKey]) -> String {
        keys.map(\.stringValue).joined(separator: ".").printable
    }
}
