internal import ContentModel

/// The text of `hooks/` at one moment.
///
/// Files are read once, together; loading, fingerprints and messages all work on this copy, so that a file saved in
/// between cannot make them disagree.
struct HookFolder: Sendable {
    /// In bytewise order of their paths.
    let files: [HookFile]
    /// Changes whenever a path or a text changes.
    let identity: String
    /// Whether the folder itself was there.
    let exists: Bool

    init(files: [HookFile], exists: Bool = true) {
        self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        self.exists = exists
        var text = LabelledText()
        for file in self.files {
            text.add("path", file.path)
            text.add("text", file.hash)
        }
        identity = text.sha256.hex
    }

    /// No folder: an instance without handlers.
    static let absent = HookFolder(files: [], exists: false)

    var entries: [HookFile] { files.filter { $0.module == nil } }
    var modules: [HookFile] { files.filter { $0.module != nil } }

    func file(at path: String) -> HookFile? {
        files.first { $0.path == path }
    }
}

/// One file of `hooks/`.
struct HookFile: Sendable {
    /// With `hooks/` in front and `/` between folders, as people see it in messages.
    let path: String
    let text: [UInt8]
    /// SHA-256 of the text.
    let hash: [UInt8]
    /// What `require` calls it; `nil` for an entry file, which is loaded by itself.
    let module: String?

    init(path: String, text: [UInt8], module: String?) {
        self.path = path
        self.text = text
        self.module = module
        hash = sha256(text)
    }

    /// The file's name without folder and ending: what its handlers are called unless they say so themselves.
    var stem: String {
        let inside = path.dropFirst(HookFile.prefix.count)
        return String(inside.hasSuffix(HookFile.ending) ? inside.dropLast(HookFile.ending.count) : inside)
    }

    /// One line of the text, without the space around it.
    func line(_ number: Int) -> String? {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard number > 0, number <= lines.count else { return nil }
        let line = String(decoding: lines[number - 1].prefix(400), as: UTF8.self)
        return String(line.drop { $0 == " " || $0 == "\t" }).printable
    }

    static let prefix = "hooks/"
    static let ending = ".lua"
}
