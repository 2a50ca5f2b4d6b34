extension MailMessage {
    /// Refuses what would become another header, another recipient or another mail on the wire.
    func check() throws(MailError) {
        try from.check()
        for address in to + cc + bcc + replyTo { try address.check() }
        guard !recipients.isEmpty else { throw MailError(.noRecipient, "The mail has no recipient.") }
        guard subject.isOneLine else { throw .controlCharacter(in: "The subject") }
        for attachment in attachments { try attachment.check() }
    }
}

extension MailStamp {
    func check() throws(MailError) {
        guard !id.isEmpty, id.utf8.allSatisfy(\.isLetterOrDigit) else {
            throw MailError(.malformedMessage, "The id of the mail has other characters than letters and digits.")
        }
    }
}

extension MailAttachment {
    fileprivate func check() throws(MailError) {
        guard !name.isEmpty else { throw MailError(.malformedMessage, "An attachment has no name.") }
        guard name.isOneLine else { throw .controlCharacter(in: "The name of an attachment") }
        guard isMediaType else {
            throw MailError(
                .malformedMessage, "The type of the attachment \(name) is not a media type that can be attached.",
                hint: "Write one such as text/csv or image/png.")
        }
    }

    /// `type/subtype`, then parameters. Types that hold parts or mails would be read as part of this one.
    private var isMediaType: Bool {
        let parts = type.split(separator: ";", omittingEmptySubsequences: false)
        let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard type.utf8.count <= 120, names.count == 2, names.allSatisfy(\.isMediaToken) else { return false }
        guard !["multipart", "message"].contains(names[0].lowercased()) else { return false }
        return parts.dropFirst().allSatisfy { parameter in
            let sides = parameter.drop { $0 == " " }.split(separator: "=", omittingEmptySubsequences: false)
            return sides.count == 2 && sides.allSatisfy(\.isMediaToken)
        }
    }
}

extension String {
    fileprivate var isOneLine: Bool { unicodeScalars.allSatisfy { !$0.isControl } }
}

extension Substring {
    /// `token` of RFC 2045, 5.1, without the characters that mean something to programs that unpack mails.
    fileprivate var isMediaToken: Bool {
        !isEmpty && utf8.allSatisfy { $0.isLetterOrDigit || "!#$&^_.+-".utf8.contains($0) }
    }
}
