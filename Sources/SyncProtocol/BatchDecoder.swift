package import ContentModel
internal import Foundation

/// Reads what a peer sent as a batch, believing none of it.
public struct BatchDecoder {
    private let text: [UInt8]
    private var position = 0
    private var line = 0
    private var kinds: [String: Kind] = [:]

    /// Throws `too_large` or `malformed_message` when the payload does not decompress within the limits.
    public init(payload: [UInt8]) throws {
        text = try Zstandard.decompress(payload, limit: Limits.decompressedBytes)
    }

    /// The next operation, or nil at the end.
    ///
    /// Throws `malformed_message` for anything that is not an operation, and `hash_mismatch` for an item that does
    /// not hash to what its line says.
    public mutating func next() throws -> BatchEntry? {
        try next(reading: { _, _ in })
    }

    /// The same, and lets `look` see the item of a `put`.
    ///
    /// The item is read once, to be checked and for `look`, which sees it while that reading is at hand and before it
    /// is known whether the item is what its line says: where it is not, this throws. Nothing of the reading may leave.
    package mutating func next(reading look: (JSONReading, Kind) -> Void) throws -> BatchEntry? {
        guard let header = nextLine() else { return nil }
        var fields = try headerFields(header)
        let supersedes = takeMark(.supersedes, from: &fields)
        let isUnmerged = takeMark(.unmerged, from: &fields)
        let isContested = takeMark(.contested, from: &fields)
        guard fields.count >= 3 else { throw malformed("an operation names what to do, a kind and an id") }
        let kind = try knownKind(fields[1])
        let id = fields[2]
        guard !id.isEmpty, id.utf8.count <= Kind.longestName else { throw malformed("an id has 1 to 255 bytes") }
        let operation: BatchOperation
        var known: ContentHash?
        switch fields[0] {
        case "put" where fields.count == 4: operation = try put(kind, id, output: fields[3], look)
        case "delete" where fields.count == 3 && !isUnmerged: operation = .delete
        case "delete" where fields.count == 4 && !isUnmerged:
            operation = .delete
            known = try hash(fields[3])
        case "release" where fields.count == 3 && !isContested && !isUnmerged: operation = .release
        case "withdraw" where fields.count == 3 && !isContested && !isUnmerged && supersedes: operation = .withdraw
        default: throw malformed("'\(fields[0].printable)' is not an operation")
        }
        return BatchEntry(
            kind: kind, id: id, operation: operation, isContested: isContested, isUnmerged: isUnmerged,
            supersedes: supersedes, known: known)
    }

    private func hash(_ text: String) throws -> ContentHash {
        guard let hash = ContentHash(hex: text) else { throw malformed("the hash is not 64 hex digits") }
        return hash
    }

    /// Marks follow at least an operation, a kind and an id; what an id says is no mark.
    private func takeMark(_ mark: BatchEntry.Mark, from fields: inout [String]) -> Bool {
        guard fields.count > 3, fields.last == mark.rawValue else { return false }
        fields.removeLast()
        return true
    }

    private mutating func put(
        _ kind: Kind, _ id: String, output: String, _ look: (JSONReading, Kind) -> Void
    ) throws -> BatchOperation {
        let claimed = try hash(output)
        guard let bytes = nextLine() else { throw malformed("the item is missing") }
        guard bytes.count <= Limits.itemBytes else {
            throw TidelockError(.tooLarge, "Item \(kind)/\(id.printable) is larger than \(Limits.itemBytes) bytes.")
        }
        var hasID = false
        let item = try intake(bytes) { reading in
            hasID = reading.holds(id, in: kind.keyMember)
            look(reading, kind)
        }
        guard item.hash == claimed else {
            throw TidelockError(
                .hashMismatch, "Item \(kind)/\(id.printable) of the batch does not hash to what its sender says.")
        }
        guard hasID else {
            throw malformed("item \(kind)/\(id.printable) does not carry its id in '\(kind.keyMember)'")
        }
        return .put(body: item.document, output: item.hash)
    }

    private func intake(
        _ range: Range<Int>, _ look: (JSONReading) -> Void
    ) throws -> (document: JSONDocument, hash: ContentHash) {
        do {
            return try text.withUnsafeBytes { text in
                try JSONDocument.intake(UnsafeRawBufferPointer(rebasing: text[range]), reading: look)
            }
        } catch {
            throw malformed("\(error)")
        }
    }

    private mutating func knownKind(_ name: String) throws -> Kind {
        if let known = kinds[name] { return known }
        let kind = try Kind(name)
        kinds[name] = kind
        return kind
    }

    private func headerFields(_ range: Range<Int>) throws -> [String] {
        let fields = text.withUnsafeBufferPointer {
            JSONDocument.strings(UnsafeBufferPointer(rebasing: $0[range]))
        }
        guard let fields else { throw malformed("the line is not a JSON array of strings") }
        return fields
    }

    private mutating func nextLine() -> Range<Int>? {
        guard position < text.count else { return nil }
        let start = position
        let end = text.withUnsafeBytes { bytes in
            guard let first = bytes.baseAddress,
                let found = memchr(first + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
            else { return bytes.count }
            return UnsafeRawPointer(found) - first
        }
        position = end + 1
        line += 1
        return start..<end
    }

    private func malformed(_ why: String) -> TidelockError {
        TidelockError(.malformedMessage, "Line \(line) of the batch cannot be read: \(why).")
    }
}
