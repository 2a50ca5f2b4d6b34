extension FileType {
    /// Refuses a file that a browser or a server might run, whatever it is called. Throws `invalid_asset`.
    ///
    /// Only how it begins counts: a text that shows an example of PHP further down is a text. Of its name only what
    /// follows the last dot counts, because a file that is taken in here is stored under a name of ours without the
    /// dots before; a path that comes with its asset is judged as it is, by `AssetFile`.
    public static func requireHarmless(name: String, head: [UInt8]) throws {
        if AssetFile.isForbidden(name: lastPart(of: name)) {
            throw TidelockError(
                .invalidAsset, "\(name.printable) is of a kind that a server might run.",
                hint: "Pages and programs cannot be assets; pack it into a .zip file.")
        }
        if let what = harm(in: head) {
            throw TidelockError(
                .invalidAsset, "\(name.printable) is \(what), whatever its name says.",
                hint: "Pages and programs cannot be assets; pack it into a .zip file.")
        }
    }

    /// The part of a name that decides: `.php` of `a.jpg.php`, and `.htaccess` of itself.
    private static func lastPart(of name: String) -> String {
        name.lastIndex(of: ".").map { $0 == name.startIndex ? name : "x" + name[$0...] } ?? name
    }

    /// What is harmful about a file that begins like this, as the end of a sentence; nil when nothing is.
    static func harm(in head: [UInt8]) -> String? {
        let text = head.plainText
        if text.holds("#!", at: 0) || isBatch(text) { return "a script" }
        if head.holds([0x7F] + Array("ELF".utf8), at: 0) || (head.holds("MZ", at: 0) && !head.isText) {
            return "a program"
        }
        let markup = MarkupHead(head)
        if markup.isProgram { return "a PHP program" }
        guard let root = markup.root else { return nil }
        return root == "html" || (!markup.isXML && pageElements.contains(root)) ? "an HTML page" : nil
    }

    /// Elements that begin pages. Others begin texts as well, such as Markdown.
    private static let pageElements: Set = [
        "html", "head", "body", "script", "iframe", "style", "title", "frameset", "meta", "base", "embed", "applet",
    ]

    private static func isBatch(_ text: [UInt8]) -> Bool {
        let start = text.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }.prefix(9)
        return String(decoding: start, as: UTF8.self).lowercased() == "@echo off"
    }
}
