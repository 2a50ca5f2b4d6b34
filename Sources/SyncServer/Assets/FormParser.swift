internal import ContentModel
internal import Glibc
internal import NIOCore
internal import SyncProtocol

/// Takes a form apart while it arrives (RFC 7578; RFC 2046, section 5.1).
///
/// Whatever the body holds and wherever it is cut, the same parts come of it. Of what was taken in and is not told yet
/// no more stays than one delimiter or the head of one part.
struct FormParser: Sendable {
    enum Event: Sendable, Equatable {
        case part(FormPart)
        /// Bytes of the part, in their order. Never empty.
        case bytes(ByteBuffer)
        case endOfPart
    }

    private enum State {
        /// In front of the first delimiter, where nothing counts.
        case preamble
        /// Behind a boundary: what follows says whether it is the last one.
        case boundary
        case head
        /// At the empty line behind the head, which may as well be the beginning of the next delimiter.
        case emptyLine
        case content
        case endOfContent
        /// Behind the last part, where nothing counts.
        case epilogue
    }

    private enum Step {
        case event(Event)
        case goesOn
        case needsMore
    }

    private let delimiter: [UInt8]
    private var state = State.preamble
    /// The first delimiter may stand at the very beginning: as if a line had ended there.
    private var pending = ByteBuffer(bytes: FormParser.lineEnd)
    private var lines: [[UInt8]] = []
    /// How many bytes the head may still have.
    private var room = 0
    private var parts = 0

    private static let lineEnd = Array("\r\n".utf8)
    private static let dashes = Array("--".utf8)

    /// Nil for a boundary that no form may have.
    init?(boundary: String) {
        let bytes = Array(boundary.utf8)
        let allowed = { (byte: UInt8) in byte.isTokenByte || "(),/:=? ".utf8.contains(byte) }
        guard (1...70).contains(bytes.count), bytes.last != UInt8(ascii: " "), bytes.allSatisfy(allowed) else {
            return nil
        }
        delimiter = Self.lineEnd + Self.dashes + bytes
    }

    /// Takes in what came next. Call it when `next` has nothing more to tell.
    mutating func take(_ bytes: ByteBuffer) {
        guard pending.readableBytes > 0 else {
            pending = bytes
            return
        }
        // Joined anew: what is behind would stay in a buffer that only grows.
        var (joined, added) = (ByteBuffer(), bytes)
        joined.reserveCapacity(pending.readableBytes + added.readableBytes)
        joined.writeBuffer(&pending)
        joined.writeBuffer(&added)
        pending = joined
    }

    /// What comes next in the form; nil when that takes more bytes. Throws `malformed_message` and `too_large`, after
    /// which nothing more is to be had.
    mutating func next() throws -> Event? {
        while true {
            switch try step() {
            case .event(let event): return event
            case .goesOn: continue
            case .needsMore: return nil
            }
        }
    }

    /// Throws `malformed_message` when the form is not over where its bytes are.
    func finish() throws {
        guard state == .epilogue else {
            throw TidelockError(.malformedMessage, "The form ends before its last part does.")
        }
    }

    static func malformed(_ what: String) -> TidelockError {
        TidelockError(.malformedMessage, "A part of the form \(what).")
    }
}

extension FormParser {
    private mutating func step() throws -> Step {
        switch state {
        case .preamble:
            guard upToDelimiter().isWhole else { return .needsMore }
            state = .boundary
            return .goesOn
        case .boundary: return try afterBoundary()
        case .head: return try head()
        case .emptyLine: return emptyLine()
        case .content: return content()
        case .endOfContent:
            state = .boundary
            return .event(.endOfPart)
        case .epilogue:
            pending = ByteBuffer()
            return .needsMore
        }
    }

    private mutating func afterBoundary() throws -> Step {
        guard pending.readableBytes >= Self.dashes.count else { return .needsMore }
        if begins(with: Self.dashes) {
            state = .epilogue
            return .goesOn
        }
        if room == 0 { room = Limits.formHeadBytes }
        guard let line = try line() else { return .needsMore }
        guard line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else {
            throw Self.malformed("holds a line that begins like its end")
        }
        parts += 1
        guard parts <= Limits.formParts else {
            throw TidelockError(
                .tooLarge, "The form has more than \(Limits.formParts) parts.", hint: "Send several forms.")
        }
        (state, lines) = (.head, [])
        return .goesOn
    }

    private mutating func head() throws -> Step {
        guard pending.readableBytes >= Self.lineEnd.count else { return .needsMore }
        if begins(with: Self.lineEnd) {
            let part = try FormPart(head: lines)
            (state, lines, room) = (.emptyLine, [], 0)
            return .event(.part(part))
        }
        guard let line = try line() else { return .needsMore }
        lines.append(line)
        return .goesOn
    }

    private mutating func emptyLine() -> Step {
        let known = min(delimiter.count, pending.readableBytes)
        guard begins(with: delimiter.prefix(known)) else {
            pending.moveReaderIndex(forwardBy: Self.lineEnd.count)
            state = .content
            return .goesOn
        }
        guard known == delimiter.count else { return .needsMore }
        pending.moveReaderIndex(forwardBy: known)
        state = .endOfContent
        return .goesOn
    }

    private mutating func content() -> Step {
        let (bytes, isWhole) = upToDelimiter()
        if isWhole { state = .endOfContent }
        if bytes.readableBytes > 0 { return .event(.bytes(bytes)) }
        return isWhole ? .goesOn : .needsMore
    }
}

extension FormParser {
    /// Takes what stands in front of the next delimiter, or of what may become one, and the delimiter when it is whole.
    private mutating func upToDelimiter() -> (bytes: ByteBuffer, isWhole: Bool) {
        let delimiter = delimiter
        let found = pending.withUnsafeReadableBytes { Self.offset(of: delimiter, in: $0) }
        let bytes = pending.readSlice(length: found.offset) ?? ByteBuffer()
        if found.isWhole { pending.moveReaderIndex(forwardBy: delimiter.count) }
        return (bytes, found.isWhole)
    }

    /// Where the delimiter begins, or the beginning of it with which the bytes end; their end when there is neither.
    private static func offset(
        of delimiter: [UInt8], in bytes: UnsafeRawBufferPointer
    ) -> (offset: Int, isWhole: Bool) {
        guard let start = bytes.baseAddress else { return (0, false) }
        var offset = 0
        while let hit = memchr(start + offset, Int32(lineEnd[0]), bytes.count - offset) {
            offset = UnsafeRawPointer(hit) - start
            let known = min(delimiter.count, bytes.count - offset)
            if memcmp(delimiter, start + offset, known) == 0 { return (offset, known == delimiter.count) }
            offset += 1
        }
        return (bytes.count, false)
    }

    /// The next line without its end; nil while that has not come.
    private mutating func line() throws -> [UInt8]? {
        let view = pending.readableBytesView
        let end = view.firstIndex(of: UInt8(ascii: "\n"))
        let length = end.map { $0 - view.startIndex + 1 } ?? view.count
        guard length < room else {
            throw TidelockError(
                .tooLarge, "The head of a part of the form is larger than \(Limits.formHeadBytes) bytes.")
        }
        guard end != nil, let line = pending.readBytes(length: length) else { return nil }
        guard line.suffix(Self.lineEnd.count).elementsEqual(Self.lineEnd) else {
            throw Self.malformed("has a line in its head that ends as lines do not")
        }
        room -= length
        return Array(line.dropLast(Self.lineEnd.count))
    }

    private func begins(with bytes: some Sequence<UInt8>) -> Bool {
        pending.readableBytesView.starts(with: bytes)
    }
}
