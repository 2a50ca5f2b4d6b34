import ContentModel
import HTTPTypes
import Hummingbird
import NIOCore
import SyncEngine
import SyncProtocol
import Synchronization
import Testing

@testable import SyncServer

/// Bytes of files while they arrive in requests.
@Suite("Files that arrive")
struct BlobIntakeTests {
    private static let first = String(repeating: "aa", count: 32)
    private static let second = String(repeating: "bb", count: 32)

    private func body(of chunks: [[UInt8]], upTo limit: Int = 1 << 20) -> ArrivingBody {
        let stream = AsyncStream { continuation in
            for chunk in chunks { continuation.yield(ByteBuffer(bytes: chunk)) }
            continuation.finish()
        }
        let head = HTTPRequest(method: .patch, scheme: nil, authority: nil, path: "/")
        return ArrivingBody(Request(head: head, body: RequestBody(asyncSequence: stream)), upTo: limit)
    }

    private func part(_ file: String, _ offset: Int64, _ count: Int, of size: Int64) -> BlobPart {
        BlobPart(sha256: file, size: size, offset: offset, count: count)
    }

    private func intake(_ parts: [BlobPart], to destination: FilesInMemory) -> BlobIntake {
        BlobIntake(AppendBlobs(transfer: "t", fence: 1, parts: parts), to: destination)
    }

    @Test(arguments: [1, 2, 3, 7, 100])
    func aBodyIsReadInWhateverPiecesItComes(size: Int) async throws {
        let bytes = Array("the first line\nand what follows it".utf8)
        let chunks = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        var arriving = body(of: chunks)
        #expect(try await arriving.line(most: 15) == Array(bytes[...14]))
        #expect(try await arriving.bytes(most: 8) == Array(bytes[15..<23]))
        #expect(try await arriving.all() == Array(bytes[23...]))
        #expect(try await arriving.bytes(most: 8).isEmpty)
    }

    @Test func aBodyMayBeTooLongAndALineToo() async throws {
        var long = body(of: [[1, 2, 3], [4, 5, 6]], upTo: 5)
        #expect(await code { try await long.all() } == .tooLarge)
        var endless = body(of: [Array("0123456789".utf8), Array("\n".utf8)])
        #expect(await code { try await endless.line(most: 10) } == .malformedMessage)
        var cut = body(of: [Array("0123".utf8)])
        #expect(await code { try await cut.line(most: 10) } == .malformedMessage)
    }

    @Test(arguments: 1...12)
    func partsAreCutWhereTheirBytesAre(size: Int) {
        let parts = [
            part(Self.first, 4, 5, of: 9), part(Self.second, 0, 0, of: 0), part(Self.first, 0, 1, of: 1),
            part(Self.second, 0, 6, of: 6), part(Self.first, 0, 0, of: 0),
        ]
        var pieces = BlobPieces(parts)
        var (left, cut) = (12, [BlobPart]())
        while let piece = pieces.next(min(size, left)) {
            #expect(piece.parts.reduce(0) { $0 + $1.count } == min(size, left))
            #expect(zip(piece.parts, parts[piece.first...]).allSatisfy { $0.sha256 == $1.sha256 })
            left -= min(size, left)
            cut += piece.parts
        }
        #expect(left == 0)
        let whole = cut.reduce(into: [BlobPart]()) { whole, part in
            if let last = whole.last, last.sha256 == part.sha256, part.offset == last.offset + Int64(last.count),
                last.size == part.size, part.offset > 0
            {
                whole[whole.count - 1].count += part.count
            } else {
                whole.append(part)
            }
        }
        #expect(whole == parts)
    }

    @Test func bytesThatDoNotComeEndARequestWithWhatIsThere() async throws {
        let files = FilesInMemory()
        let parts = [part(Self.first, 0, 6, of: 6), part(Self.second, 0, 3, of: 3)]
        #expect(try await intake(parts, to: files).take(body(of: [[1, 2, 3, 4]])) == [4, 0])
    }

    @Test func severalFilesComeInOneRequest() async throws {
        let files = FilesInMemory()
        let bytes = (0..<3 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 5) }
        let size = Int64(bytes.count)
        let parts = [
            part(Self.first, 0, bytes.count - 5, of: size - 5), part(Self.second, 0, 5, of: 5),
        ]
        let chunks = stride(from: 0, to: bytes.count, by: 70_001).map {
            Array(bytes[$0..<min($0 + 70_001, bytes.count)])
        }
        #expect(try await intake(parts, to: files).take(body(of: chunks, upTo: 4 << 20)) == [size - 5, 5])
        #expect(files.bytes(of: Self.first) == Array(bytes.dropLast(5)))
        #expect(files.bytes(of: Self.second) == Array(bytes.suffix(5)))
    }

    @Test func whereAFileDoesNotGoOnTheRestIsNotTaken() async throws {
        let files = FilesInMemory()
        try await files.append(transfer: "t", fence: 1, [1, 2], of: [part(Self.first, 0, 2, of: 6)])
        let bytes = [UInt8](repeating: 7, count: Limits.blobPieceBytes + 10)
        let size = Int64(bytes.count)
        let again = intake([part(Self.first, 0, bytes.count, of: size)], to: files)
        #expect(try await again.take(body(of: [bytes], upTo: 8 << 20)) == [2])
        #expect(files.bytes(of: Self.first) == [1, 2])
    }
}

/// Takes bytes of files where they belong, as a store does.
private final class FilesInMemory: BlobDestination {
    private let files = Mutex<[String: [UInt8]]>([:])

    func bytes(of file: String) -> [UInt8]? { files.withLock { $0[file] } }

    func missing(
        transfer: String, fence: Int64, _ blobs: [PlannedBlob]
    ) async throws -> [MissingBlobs.Missing] { [] }

    @discardableResult
    func append(
        transfer: String, fence: Int64, _ bytes: [UInt8], of parts: [BlobPart]
    ) async throws -> [Int64] {
        files.withLock { files in
            var position = 0
            return parts.map { part in
                defer { position += part.count }
                let present = files[part.sha256] ?? []
                if part.offset == Int64(present.count) {
                    files[part.sha256] = present + bytes[position..<position + part.count]
                }
                return Int64(files[part.sha256]?.count ?? 0)
            }
        }
    }
}
