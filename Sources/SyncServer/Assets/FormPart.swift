internal import ContentModel

/// What the head of one part of a form says (RFC 7578, section 4).
struct FormPart: Sendable, Equatable {
    /// The field of the form.
    var name: String
    /// What the file is called where it comes from, without its folders: empty where nobody chose one. Nil for a field
    /// that is no file.
    var file: String?

    init(name: String, file: String? = nil) {
        self.name = name
        self.file = file
    }

    /// Throws `malformed_message` for lines that are no header fields, or that say it in two ways.
    init(head lines: [[UInt8]]) throws {
        var disposition: String?
        for line in lines {
            let field = try Self.field(line)
            switch field.name {
            case "content-disposition":
                guard disposition == nil else { throw FormParser.malformed("says twice which field it is") }
                disposition = field.value
            case "content-transfer-encoding":
                guard ["7bit", "8bit", "binary"].contains(field.value.lowercased()) else {
                    throw FormParser.malformed("is encoded in a way that forms are not")
                }
            // Whatever else there is, the standard says to ignore.
            default: break
            }
        }
        guard let list = disposition.flatMap(ParameterList.init), list.value == "form-data", let name = list["name"],
            name.utf8.count <= Kind.longestName
        else { throw FormParser.malformed("does not say which field it is") }
        self.init(name: name, file: try Self.file(list))
    }

    private static func field(_ line: [UInt8]) throws -> (name: String, value: String) {
        let name = line.prefix { $0.isTokenByte }
        let value = line.dropFirst(name.count + 1)
        guard !name.isEmpty, name.count < line.count, line[name.count] == UInt8(ascii: ":"),
            value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }),
            let text = String(validating: value, as: UTF8.self)
        else { throw FormParser.malformed("has a head that cannot be read") }
        return (String(decoding: name, as: UTF8.self).lowercased(), text.trimmingBlanks)
    }

    private static func file(_ list: ParameterList) throws -> String? {
        guard let name = list["filename"] else {
            guard list["filename*"] == nil else { throw FormParser.malformed("names its file as forms do not") }
            return nil
        }
        let bytes = Array(name.utf8)
        let folders = bytes.lastIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
        let own = String(decoding: bytes[(folders.map { $0 + 1 } ?? 0)...], as: UTF8.self)
        // So browsers write a quote (https://html.spec.whatwg.org/#multipart-form-data).
        return own.replacing("%22", with: "\"")
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let rest = drop(while: isBlank)
        return rest.lastIndex { !isBlank($0) }.map { String(rest[...$0]) } ?? ""
    }
}
