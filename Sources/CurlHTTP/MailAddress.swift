/// A mailbox, with the name of the person if it is known.
public struct MailAddress: Sendable, Hashable {
    public var name: String?
    /// `local@domain`, in ASCII.
    public var address: String

    public init(_ address: String, name: String? = nil) {
        self.address = address
        self.name = name
    }
}

extension MailAddress {
    /// Reads addresses as people write them: `a@b.example, Maren Holm <maren@b.example>, "Holm, Jan" <jan@b.example>`.
    ///
    /// Nothing at all is an empty list. Throws `.malformedAddress` for what is not an address.
    public static func list(_ text: String) throws(MailError) -> [MailAddress] {
        // By scalars: to Swift a line break after a carriage return, or an accent after a comma, is one character.
        guard text.unicodeScalars.allSatisfy({ !$0.isControl }) else {
            throw .controlCharacter(in: "A list of addresses")
        }
        var addresses: [MailAddress] = []
        for part in parts(of: text) {
            addresses.append(try one(part))
        }
        return addresses
    }

    /// The texts between commas that stand neither in quotes nor in angle brackets.
    private static func parts(of text: String) -> [String] {
        var parts = [""]
        var (isQuoted, isEscaped, isBracketed) = (false, false, false)
        for scalar in text.unicodeScalars {
            if scalar == ",", !isQuoted, !isBracketed {
                parts.append("")
                continue
            }
            parts[parts.count - 1].unicodeScalars.append(scalar)
            if scalar == "\"", !isEscaped { isQuoted.toggle() }
            if !isQuoted, scalar == "<" || scalar == ">" { isBracketed = scalar == "<" }
            isEscaped = isQuoted && scalar == "\\" && !isEscaped
        }
        return parts.map(\.trimmedBlanks).filter { !$0.isEmpty }
    }

    private static func one(_ text: String) throws(MailError) -> MailAddress {
        var scalars = text.unicodeScalars[...]
        guard scalars.last == ">", let start = scalars.lastIndex(of: "<") else {
            let address = MailAddress(text)
            try address.check()
            return address
        }
        scalars.removeLast()
        let name = unquoted(String(scalars[..<start]).trimmedBlanks)
        let address = MailAddress(
            String(scalars[scalars.index(after: start)...]).trimmedBlanks, name: name.isEmpty ? nil : name)
        try address.check()
        return address
    }

    /// `"Holm, \"Jan\""` without its quotes; other names are what they are.
    private static func unquoted(_ name: String) -> String {
        let scalars = Array(name.unicodeScalars)
        guard scalars.count > 1, scalars.first == "\"", scalars.last == "\"" else { return name }
        var result = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in scalars.dropFirst().dropLast() {
            isEscaped = scalar == "\\" && !isEscaped
            if !isEscaped { result.append(scalar) }
        }
        return String(result)
    }
}

// MARK: - What an address may be

extension MailAddress {
    /// Refuses what a mail server could read as more than one address, or as a command.
    func check() throws(MailError) {
        if let name, !name.unicodeScalars.allSatisfy({ !$0.isControl }) {
            throw .controlCharacter(in: "The name of an address")
        }
        guard address.unicodeScalars.allSatisfy({ !$0.isControl }) else { throw .controlCharacter(in: "An address") }
        guard address.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw MailError(
                .malformedAddress, "The address \(address) has other characters than ASCII.",
                hint: "Write its domain in the form that begins with xn--.")
        }
        guard isWellFormed else {
            throw MailError(
                .malformedAddress, "\(address.isEmpty ? "An empty text" : "'\(address)'") is not an address.",
                hint: "Write name@example.com or Name <name@example.com>.")
        }
    }

    /// The part after the `@`.
    var domain: Substring { address[(address.lastIndex(of: "@").map(address.index(after:)) ?? address.startIndex)...] }

    /// `dot-atom@domain` of RFC 5322, 3.4.1, within the lengths of RFC 5321, 4.5.3.1. Quoted local parts are not taken:
    /// hardly anybody has one, and programs disagree on what they mean.
    private var isWellFormed: Bool {
        guard let at = address.lastIndex(of: "@"), address.utf8.count <= 254 else { return false }
        let local = address[..<at]
        return local.utf8.count <= 64 && local.isDotted(of: \.isAtomText) && isDomain
    }

    private var isDomain: Bool {
        if domain.hasPrefix("["), domain.hasSuffix("]") {
            return domain.utf8.count > 2
                && domain.dropFirst().dropLast().utf8.allSatisfy { $0.isLetterOrDigit || $0 == 0x2E || $0 == 0x3A }
        }
        return domain.isDotted { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }
    }
}

extension Substring {
    /// Whether this is parts of such bytes with single dots between them.
    fileprivate func isDotted(of isPermitted: (UInt8) -> Bool) -> Bool {
        split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy(isPermitted)
        }
    }
}

extension UInt8 {
    var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// `atext` of RFC 5322, 3.2.3.
    var isAtomText: Bool { isLetterOrDigit || "!#$%&'*+-/=?^_`{|}~".utf8.contains(self) }
}

extension Unicode.Scalar {
    /// Line breaks and the like, which would begin another header or end the mail.
    var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029 }
}

extension String {
    /// Without spaces at either end.
    fileprivate var trimmedBlanks: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
