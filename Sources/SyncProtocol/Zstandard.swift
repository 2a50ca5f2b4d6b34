internal import CZstd
internal import ContentModel

/// zstd (RFC 8878) over whole buffers.
public enum Zstandard {
    /// Level 1 compresses item JSON three to one at several hundred megabytes a second.
    private static let level: Int32 = 1

    public static func compress(_ bytes: [UInt8]) throws -> [UInt8] {
        let bound = ZSTD_compressBound(bytes.count)
        return try [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            let written = bytes.withUnsafeBytes {
                ZSTD_compress(buffer.baseAddress, bound, $0.baseAddress, $0.count, level)
            }
            guard ZSTD_isError(written) == 0 else {
                throw TidelockError(.internalFailure, "Compressing \(bytes.count) bytes failed: \(reason(written)).")
            }
            count = written
        }
    }

    /// Throws `too_large` when the result would exceed `limit` bytes, `malformed_message` when it is not zstd.
    public static func decompress(_ bytes: [UInt8], limit: Int) throws -> [UInt8] {
        let declared = bytes.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
        guard declared != UInt64.max - 1, declared != UInt64.max else {
            throw TidelockError(.malformedMessage, "The body is not a zstd frame that states its size.")
        }
        guard declared <= UInt64(limit) else {
            throw TidelockError(.tooLarge, "The body would decompress to \(declared) bytes; \(limit) are allowed.")
        }
        return try [UInt8](unsafeUninitializedCapacity: Int(declared)) { buffer, count in
            let written = bytes.withUnsafeBytes {
                ZSTD_decompress(buffer.baseAddress, Int(declared), $0.baseAddress, $0.count)
            }
            guard ZSTD_isError(written) == 0 else {
                throw TidelockError(.malformedMessage, "The body is damaged: \(reason(written)).")
            }
            count = written
        }
    }

    private static func reason(_ code: Int) -> String {
        String(cString: ZSTD_getErrorName(code))
    }
}
