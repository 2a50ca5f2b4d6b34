internal import ContentModel
internal import Hummingbird
internal import NIOCore
internal import SyncProtocol

/// The body of a request while it arrives.
struct ArrivingBody {
    private var parts: RequestBody.AsyncIterator
    /// What has arrived and was not asked for yet.
    private var rest = ByteBuffer()
    private var room: Int
    private let limit: Int

    /// - Parameter limit: bytes after which reading throws `too_large`
    init(_ request: Request, upTo limit: Int) {
        parts = request.body.makeAsyncIterator()
        room = limit
        self.limit = limit
    }

    /// Everything that is left.
    mutating func all() async throws -> [UInt8] { try await bytes(most: .max) }

    /// The bytes up to the next line feed, with it. Throws `malformed_message` when it does not come within `most`
    /// bytes.
    mutating func line(most: Int) async throws -> [UInt8] {
        var searched = 0
        while true {
            let view = rest.readableBytesView
            if let end = view.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")), end - view.startIndex < most {
                return rest.readBytes(length: end - view.startIndex + 1) ?? []
            }
            searched = rest.readableBytes
            guard searched < most, try await receive() else {
                throw TidelockError(.malformedMessage, "The request does not say which bytes of which files it brings.")
            }
        }
    }

    /// The next bytes; fewer than asked for only at the end.
    mutating func bytes(most: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < most {
            if rest.readableBytes == 0, try await !receive() { break }
            let count = min(rest.readableBytes, most - bytes.count)
            if bytes.isEmpty, most <= Limits.blobPieceBytes { bytes.reserveCapacity(most) }
            bytes.append(contentsOf: rest.readableBytesView.prefix(count))
            rest.moveReaderIndex(forwardBy: count)
        }
        return bytes
    }

    /// False at the end.
    private mutating func receive() async throws -> Bool {
        guard var part = try await parts.next() else { return false }
        room -= part.readableBytes
        guard room >= 0 else { throw Reception.tooLarge(limit) }
        if rest.readableBytes == 0 { rest = part } else { rest.writeBuffer(&part) }
        return true
    }
}
