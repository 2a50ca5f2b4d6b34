internal import Foundation

/// The media type under which a file goes out, and what else keeps a browser from running it.
///
/// Assets come from other people and from other instances. A type that makes a browser run scripts in the name of this
/// site is never named; types that nobody listed here are bytes.
struct ServedType: Sendable, Equatable {
    var mediaType: String
    /// Pictures that may hold scripts are shown, but in a cage (https://www.w3.org/TR/CSP3/#directive-sandbox).
    var isCaged = false

    static let bytes = ServedType(mediaType: "application/octet-stream")

    private init(mediaType: String, isCaged: Bool = false) {
        self.mediaType = mediaType
        self.isCaged = isCaged
    }

    /// - Parameter claimed: what the asset says of itself; parameters such as a character set are left out
    init(_ claimed: String?) {
        let name = (claimed ?? "").prefix { $0 != ";" }.lowercased().trimmingCharacters(in: .whitespaces)
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isToken) else {
            self = .bytes
            return
        }
        if name == "image/svg+xml" {
            self.init(mediaType: name, isCaged: true)
        } else if Self.isPassive(family: parts[0], parts[1]) {
            self.init(mediaType: name)
        } else {
            self = .bytes
        }
    }

    private static let families: Set<Substring> = ["image", "audio", "video", "font"]
    private static let texts: Set<Substring> = ["plain", "csv", "markdown", "vtt", "calendar"]
    private static let documents: Set<Substring> = [
        "pdf", "json", "zip", "gzip", "rtf", "msword", "epub+zip", "geo+json", "ogg",
    ]

    /// XML in any family can carry a script, whatever it is called.
    private static func isPassive(family: Substring, _ type: Substring) -> Bool {
        guard !type.contains("xml") || type.hasPrefix("vnd.openxmlformats-") && !type.hasSuffix("+xml") else {
            return false
        }
        if families.contains(family) { return true }
        if family == "text" { return texts.contains(type) }
        return family == "application" && (documents.contains(type) || type.hasPrefix("vnd."))
    }

    /// RFC 6838, 4.2.
    private static func isToken(_ text: Substring) -> Bool {
        (1...127).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: "!#$&-^_.+".utf8.contains(byte)
                }
            }
    }
}
