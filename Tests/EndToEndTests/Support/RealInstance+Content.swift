import ContentModel
import Foundation

/// A kind as `tidelock kinds --json` shows it: equal roots mean equal items.
struct KindRow: Decodable, Hashable, Sendable {
    var kind: String
    var items: Int
    var root: String
}

extension RealInstance {
    func kinds() async throws -> [KindRow] { try await json([KindRow].self, "kinds") }

    /// Every item, by `<kind>/<id>`.
    func content() async throws -> [String: JSONDocument] {
        var content: [String: JSONDocument] = [:]
        for line in try await run("export").utf8.split(separator: UInt8(ascii: "\n")) {
            let line = try JSONDocument(validating: Array(line))
            guard let kind = line.string("kind"), let item = line.member("item") else {
                throw CocoaError(.coderInvalidValue)
            }
            content["\(kind)/\(item.string(try Kind(kind).keyMember) ?? "?")"] = item
        }
        return content
    }

    func item(_ kind: String, _ id: String) async throws -> JSONDocument {
        try JSONDocument(validating: try await run("get", kind, id, "--raw"))
    }

    func put(_ kind: String, _ items: JSONDocument...) async throws {
        for item in items { try await run("put", kind, "-", input: item.text) }
    }

    /// Sets one field of some items.
    func edit(_ kind: String, _ ids: some Sequence<String>, _ field: String, _ value: String) async throws {
        for id in ids { try await put(kind, try await item(kind, id).setting(field, to: JSONDocument(string: value))) }
    }

    /// Takes in generated articles, or other items of a model.
    func take(_ items: some Sequence<JSONDocument>, model: String = "articles") async throws {
        let file = folder.appending(path: "items-\(UUID().uuidString).ndjson")
        try items.map(\.text).joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        try await run("import", file.path, "--model", model)
        try FileManager.default.removeItem(at: file)
    }
}

extension Dictionary where Key == String, Value == JSONDocument {
    /// Content hashes: two contents whose hashes are equal are canonically equal.
    var hashes: [String: String] { mapValues(\.hash.hex) }

    /// What remains after exactly what the documented handlers do.
    var filtered: Self {
        Dictionary(
            uniqueKeysWithValues: map {
                ($0.key, $0.key.hasPrefix("content/") || $0.key.hasPrefix("singletons/") ? $0.value.filtered : $0.value)
            })
    }
}

extension JSONDocument {
    fileprivate var filtered: JSONDocument {
        let stripped = removing("_internalNotes")
        guard let flag = stripped.member("debugMode"), flag != .null else { return stripped }
        return stripped.setting("debugMode", to: JSONDocument(bool: false))
    }
}
