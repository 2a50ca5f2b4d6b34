internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take in JSON, NDJSON, a folder made by export, or a Cockpit installation.",
        discussion: """
            tidelock import FILE [--model NAME]   a JSON array, or one JSON object a line
            tidelock import DIR                   a folder made by 'tidelock export DIR'
            tidelock import cockpit DIR           a Cockpit installation, which is only read
            """)

    @Argument(help: "A file or folder; or the word cockpit and a folder.") var source: [String]
    @Option(help: "The model the items of a file belong to.") var model: String?
    @Flag(help: "Cockpit: leave out what cannot be taken instead of refusing.") var skipProblems = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var location: LocationOptions

    func validate() throws {
        let isCockpit = source.count == 2 && source[0] == "cockpit"
        guard isCockpit || source.count == 1 else {
            throw ValidationError("Name one file or folder, or 'cockpit' and a folder.")
        }
    }

    func run() async throws {
        let instance = try await Instance.open(location)
        let reader = try reader(for: instance)
        let what = "import \(source.joined(separator: " "))"
        let report = try await instance.auditing(.import, target: what) {
            try await LocalEdit(instance: instance).perform(what, direction: "import") { writer in
                try reader.read { try writer.add($0) }
            }
        }
        if output.json { return try Output.json(ImportReport(report)) }
        try Output.line("imported: \(report.created) created, \(report.updated) updated, \(report.unchanged) unchanged")
    }

    private func reader(for instance: Instance) throws -> any ImportReader {
        let blobs = instance.store.blobs
        if source.count == 2 {
            _ = try NamedFile.isFolder(source[1], asked: .folder)
            return CockpitReader(folder: source[1], skipsProblems: skipProblems, blobs: blobs)
        }
        if try NamedFile.isFolder(source[0]) {
            return ExportFolder(url: URL(filePath: source[0], directoryHint: .isDirectory), blobs: blobs)
        }
        return ItemFile(path: source[0], kind: try model.map { try Kind.content($0) })
    }
}

private struct ImportReport: Encodable {
    var created: Int
    var updated: Int
    var unchanged: Int

    init(_ report: LocalWriteReport) {
        created = report.created
        updated = report.updated
        unchanged = report.unchanged
    }
}

/// Something that items can be read from.
protocol ImportReader {
    /// Calls `body` for every item; a problem with any of them ends the reading with an error that names the place.
    func read(_ body: (LocalChange) throws -> Void) throws
}

/// A JSON array of items, or one item a line, or what `export` writes to standard output.
struct ItemFile: ImportReader {
    let path: String
    /// What the items are when they do not say it themselves.
    let kind: Kind?

    func read(_ body: (LocalChange) throws -> Void) throws {
        let bytes = try InputFile.bytes(path)
        guard bytes.first(where: { !Self.isSpace($0) }) != UInt8(ascii: "[") else {
            let list = try InputFile.document(bytes, in: path).document
            for (position, item) in list.elements.enumerated() {
                try body(change(item.bytes, at: "\(path), item \(position + 1)"))
            }
            return
        }
        if let whole = try? JSONDocument(validating: bytes) {
            return try body(change(whole.bytes, at: path))
        }
        for (number, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        {
            guard line.contains(where: { !Self.isSpace($0) }) else { continue }
            try body(change(Array(line), at: "\(path):\(number + 1)"))
        }
    }

    private func change(_ bytes: [UInt8], at place: String) throws -> LocalChange {
        let item = try InputFile.document(bytes, in: place)
        if kind == nil, let name = item.document.string("kind"), let inner = item.document.member("item") {
            return try Self.put(inner.bytes, kind: try Kind(name), at: place)
        }
        guard let kind else {
            throw TidelockError(
                .usage, "\(place): the item does not say which kind it is.", hint: "Name its model with --model NAME.")
        }
        return try Self.put(bytes, kind: kind, at: place)
    }

    static func put(_ bytes: [UInt8], kind: Kind, at place: String) throws -> LocalChange {
        let item = try InputFile.document(bytes, in: place)
        do {
            _ = try itemID(of: item.document, kind: kind)
        } catch let error as TidelockError {
            throw TidelockError(error.code, "\(place): \(error.message)", hint: error.hint)
        }
        return .put(kind: kind, body: item.document, hash: item.hash)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}
