/// How bytes travel through mail servers that pass on nothing but short lines of ASCII (RFC 2045, 6). Pure.
enum MailEncoding: String {
    case sevenBit = "7bit"
    case quotedPrintable = "quoted-printable"
    case base64

    /// The longest line, without its line break.
    fileprivate static let width = 76

    /// The one to choose for a text: as it stands if that is possible, or else what takes less room.
    static func best(for text: [UInt8]) -> MailEncoding {
        if text.isPlainText { return .sevenBit }
        let special = text.count { !$0.isPlain }
        return special > text.count / 6 ? .base64 : .quotedPrintable
    }

    /// The bytes on the wire. For the first two, `bytes` is a text whose line breaks are CRLF.
    func encode(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sevenBit: bytes
        case .quotedPrintable: CurlHTTP.quotedPrintable(bytes)
        case .base64: base64Lines(bytes)
        }
    }
}

/// The text with CRLF for every line break, however it was written.
func canonicalLines(_ text: String) -> [UInt8] {
    var lines: [UInt8] = []
    lines.reserveCapacity(text.utf8.count)
    var previous: UInt8 = 0
    for byte in text.utf8 {
        switch byte {
        case 0x0D: lines += [0x0D, 0x0A]
        case 0x0A: if previous != 0x0D { lines += [0x0D, 0x0A] }
        default: lines.append(byte)
        }
        previous = byte
    }
    return lines
}

/// RFC 2045, 6.7. Line breaks stay line breaks; a space before one is written out, because servers drop it.
func quotedPrintable(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count + text.count / 4)
    var column = 0
    var index = 0
    while index < text.count {
        let byte = text[index]
        if byte == 0x0D, index + 1 < text.count, text[index + 1] == 0x0A {
            result += [0x0D, 0x0A]
            column = 0
            index += 2
            continue
        }
        let isAtEnd = index + 1 == text.count || text[index + 1] == 0x0D
        let isPlain = byte.isPlain && byte != UInt8(ascii: "=") && !(isAtEnd && (byte == 0x20 || byte == 0x09))
        let length = isPlain ? 1 : 3
        // One place is for the sign that the line goes on.
        if column + length > MailEncoding.width - 1 {
            result += Array("=\r\n".utf8)
            column = 0
        }
        if isPlain { result.append(byte) } else { result += Array("=\(byte.hexDigits)".utf8) }
        column += length
        index += 1
    }
    return result
}

/// RFC 4648, 4, in one line.
func base64(_ bytes: [UInt8]) -> [UInt8] {
    base64(bytes, groupsInALine: .max)
}

/// The same in lines of 76 characters.
func base64Lines(_ bytes: [UInt8]) -> [UInt8] {
    base64(bytes, groupsInALine: MailEncoding.width / 4)
}

/// Writes straight into memory: attachments are large.
private func base64(_ bytes: [UInt8], groupsInALine: Int) -> [UInt8] {
    let groups = (bytes.count + 2) / 3
    let breaks = groups == 0 ? 0 : (groups - 1) / groupsInALine
    let capacity = groups * 4 + breaks * 2
    return [UInt8](unsafeUninitializedCapacity: capacity) { room, count in
        bytes.withUnsafeBufferPointer { source in
            for group in 0..<groups {
                if group > 0, group % groupsInALine == 0 {
                    (room[count], room[count + 1]) = (0x0D, 0x0A)
                    count += 2
                }
                writeGroup(source, group * 3, room, count)
                count += 4
            }
        }
    }
}

private let base64Digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/// Four characters for the up to three bytes at `start`.
private func writeGroup(
    _ source: UnsafeBufferPointer<UInt8>, _ start: Int, _ room: UnsafeMutableBufferPointer<UInt8>, _ position: Int
) {
    let left = source.count - start
    let second = left > 1 ? source[start + 1] : 0
    let third = left > 2 ? source[start + 2] : 0
    let bits = Int(source[start]) << 16 | Int(second) << 8 | Int(third)
    let digits = base64Digits.utf8Start
    room[position] = digits[bits >> 18]
    room[position + 1] = digits[bits >> 12 & 63]
    room[position + 2] = left > 1 ? digits[bits >> 6 & 63] : UInt8(ascii: "=")
    room[position + 3] = left > 2 ? digits[bits & 63] : UInt8(ascii: "=")
}

extension UInt8 {
    /// Whether it may stand for itself in a text, apart from what the encoding uses.
    fileprivate var isPlain: Bool { (0x20..<0x7F).contains(self) || self == 0x09 || self == 0x0D || self == 0x0A }
}

extension [UInt8] {
    /// Whether servers pass this on as it is: ASCII in short lines, without blanks before line breaks, and without lines
    /// that look like the beginning of the next mail in a mailbox file.
    fileprivate var isPlainText: Bool {
        guard allSatisfy(\.isPlain) else { return false }
        return split(separator: 0x0A, omittingEmptySubsequences: false).allSatisfy { line in
            let line = line.last == 0x0D ? line.dropLast() : line
            return line.count <= MailEncoding.width && line.last != 0x20 && line.last != 0x09
                && !line.contains(0x0D) && !line.starts(with: "From ".utf8)
        }
    }
}
