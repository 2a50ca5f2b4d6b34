import ContentModel
import Hummingbird
import NIOCore
import SyncProtocol
import Testing

@testable import SyncServer

@Suite("Forms while they arrive")
struct ArrivingFormTests {
    private func form(_ content: String) -> [UInt8] {
        let lines = [
            "--edge", "Content-Disposition: form-data; name=\"files[]\"; filename=\"a.txt\"", "", content,
            "--edge--", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    private func arriving(_ bytes: [UInt8], announced: Int) throws -> ArrivingForm {
        let chunks = stride(from: 0, to: bytes.count, by: 7).map { bytes[$0..<min($0 + 7, bytes.count)] }
        let stream = AsyncStream { continuation in
            for chunk in chunks { continuation.yield(ByteBuffer(bytes: chunk)) }
            continuation.finish()
        }
        let body = WholeBody(body: RequestBody(asyncSequence: stream), length: Int64(announced))
        return ArrivingForm(body, try #require(FormParser(boundary: "edge")))
    }

    @Test func aBodyThatBreaksOffIsNoEndOfAForm() async throws {
        let bytes = form("water")
        let whole = try arriving(bytes, announced: bytes.count)
        #expect(try await whole.nextPart() == FormPart(name: "files[]", file: "a.txt"))
        #expect(try await whole.text() == "water")
        #expect(try await whole.nextPart() == nil)
        let cut = try arriving(bytes, announced: bytes.count + 1)
        _ = try await cut.nextPart()
        _ = try await cut.text()
        #expect(await code { try await cut.nextPart() } == .malformedMessage)
    }

    /// Room for a file is room for its copy as well.
    @Test func roomIsAskedForWhatIsStillToComeAndForCopies() async throws {
        let bytes = form(String(repeating: "a", count: 1_000))
        let reader = try arriving(bytes, announced: bytes.count)
        #expect(reader.neededBytes == Int64(bytes.count))
        _ = try await reader.nextPart()
        _ = try await reader.text()
        #expect(try await reader.nextPart() == nil)
        #expect(reader.neededBytes == Int64(bytes.count / 2))
    }
}
